# A worker that was told to shut down dies before it gave its links up, and
# nobody takes its place: another one finds out, and runs them.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my ($owner, $other) = $t->clients_everywhere;

$owner->start_project('p1');
ok($owner->wait_project('p1', action => 'active', ws_connected => 1),
   'active');

my $opened = $t->pbx->state(900)->{ws}{opened};
my %old = map { $_->{worker} => 1 } $owner, $other;

# stopped, it can't do what it is told
kill(STOP => $owner->{worker});
kill(HUP => $t->nginx->pid);

my @new;
ok(wait_for { @new = grep { !$old{$_} } $t->nginx->workers; @new == 2 },
   'there are new workers');
ok(wait_for { OutboundWS::Process::title_of($other->{worker})
              =~ /shutting down/ }, 'and the old ones were told to go');

# the new ones look away, so that the one who finds out is leaving, too
kill(STOP => @new);
$t->nginx->expect_log(qr/worker process $owner->{worker} exited on signal 9/);
kill(KILL => $owner->{worker});

ok(wait_for { !OutboundWS::Process::title_of($owner->{worker}) },
   'the owner is dead');
ok($other->wait_project('p1'), 'the other old one goes on');
kill(CONT => @new);

ok(wait_for { $t->pbx->state(900)->{ws}{opened} > $opened },
   'somebody took the link over');

my ($client) = $t->clients_everywhere(workers => [ $new[0] ]);
ok($client->wait_project('p1', action => 'active', ws_connected => 1),
   'and it is connected');

done_testing;
