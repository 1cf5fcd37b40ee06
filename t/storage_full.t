# The zone's memory is used up: whoever asked is told, nothing was changed, and
# with room again all goes on.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2, zone_size => '256k');
my ($one, $two) = $t->clients_everywhere;
my $asked = 0;

for my $n (1 .. 5000) {
    $one->start_project("p$n", callFlowId => 'f' x 128);
    $asked++;

    last if $n % 20 == 0 && $one->sync && $one->errors;
}

ok($one->wait_error('storageFull'), "full after $asked projects");
is_deeply([ grep { $_ ne 'storageFull' } $one->errors ], [], 'no other error');

# those told to everyone are of links, not of commands
my $refused = grep { $_->{message} =~ /nothing was changed/ }
              $one->payloads('error');
my $started = $asked - $refused;

cmp_ok($started, '>', 20, "$started of them were started");

my ($third) = $t->clients_everywhere;
ok(wait_for { $third->projects == $started },
   'another client can come, and sees them');

my @there = map { $_->{projectId} } $third->projects;

# half of them go, and the rest has what it needs
my @stopped = splice(@there, 0, @there / 2);
$third->stop_project($_) for @stopped;
ok($third->wait_gone($stopped[-1]), 'half of them are stopped');

my $newest;
ok(wait_for {
    $newest = join(' ', map { "$_->{projectId} $_->{action}" }
                            $third->projects);
    $newest eq join(' ', map { "$_ active" } @there);
}, 'the others become active') or diag($newest);

$third->start_project('one-more');
ok($third->wait_project('one-more', action => 'active'),
   'and there is room for one more');

# whoever was not closed on the way knows all that
for my $client (grep { !defined $_->{closed} && !$_->{eof} } $one, $two) {
    ok($client->wait_project('one-more', action => 'active'),
       "$client->{name} has kept up");
    is(scalar($client->projects), @there + 1, 'and knows them all');
}

done_testing;
