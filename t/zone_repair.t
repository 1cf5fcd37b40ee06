# A worker dies while it holds the zone's lock: the next one to take it builds
# the zone anew, and nothing is lost.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

use File::Temp qw(tempdir);

# the worker must be able to remove the file that says "now"
my $dir = tempdir(CLEANUP => 1);
chmod(0777, $dir);

my $t;

{
    local $ENV{LD_PRELOAD} = OutboundWS::Preload::with('die_in_lock');
    local $ENV{DIE_IN_LOCK} = "$dir/now";

    $t = OutboundWS->new(pbx => 1, workers => 3, start => 0);
    $t->nginx->start;
}

my @all = $t->clients_everywhere;

$all[0]->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @all;

my %before = %{ $all[1]->project('p1') };

# the same credentials again: they are compared under the lock
open(my $now, '>', "$dir/now") or die "$dir/now: $!";
close($now);
chmod(0666, "$dir/now");

$t->nginx->expect_log(qr/worker process \d+ exited on signal 9/,
                      qr/shared memory zone "projects" was locked by/);
$all[0]->start_project('p2');
ok($all[0]->wait_eof, 'the worker that was asked for more is gone');

my @others = @all[1, 2];

# all links begin anew, and each client sees that through to the end
for my $client (@others) {
    ok($client->wait_project('p1', action => 'active', ws_connected => 1),
       "$client->{name}: it is active and connected");
}

ok(wait_for { $t->nginx->error_log =~ /"projects" was left by a worker/ },
   'the zone was repaired');

$others[0]->start_project('p2');

for my $client (@others) {
    ok($client->wait_project('p2', action => 'active', ws_connected => 1),
       "$client->{name}: another project can be started");

    my $p1 = $client->project('p1');
    is($p1->{$_}, $before{$_}, "$client->{name}: the first has its $_")
        for qw(callFlowId client_id createdAt agentQuantity);
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one WebSocket is open');

for my $id (qw(p1 p2)) {
    $others[1]->stop_project($id);
    ok($_->wait_gone($id), "$id can be stopped") for @others;
}

# neither the records of before nor those of after hold a secret still
is(in_zone($others[0]->{worker}, 'secret-of-900'), 0,
   'and then the zone has forgotten the secret');

done_testing;


# How often a text is in the shared memory of a process.
sub in_zone {
    my ($pid, $text) = @_;
    my $n = 0;

    no warnings 'portable';     # addresses have 64 bits

    open(my $maps, '<', "/proc/$pid/maps") or die "/proc/$pid/maps: $!";
    open(my $memory, '<:raw', "/proc/$pid/mem") or die "/proc/$pid/mem: $!";

    while (<$maps>) {
        my ($from, $to) = m{^(\w+)-(\w+) rw-s .* /dev/zero} or next;
        my $size = hex($to) - hex($from);

        sysseek($memory, hex($from), 0);
        sysread($memory, my $bytes, $size);
        $n += () = $bytes =~ /\Q$text\E/g;
    }

    return $n;
}
