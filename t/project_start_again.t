# startOutbound of a project that exists: its fields and credentials change,
# make before break, and clients see no interruption.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 4);
my @all = $t->clients_everywhere;

$all[0]->start_project('p1', callFlowId => 'old');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @all;

my $before = $all[0]->project('p1');

$all[1]->start_project('p1', callFlowId => 'new', action => 'active');

ok($_->wait_project('p1', callFlowId => 'new'), "$_->{name}: the new field")
    for @all;
ok(wait_for { $t->pbx->state(900)->{ws}{opened} == 2 },
   'the credentials are tried with another WebSocket');
ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 },
   'the first one is closed');
is($t->pbx->state(900)->{grants}, 2, 'with another token');

my $after = $all[0]->project('p1');
is($after->{createdAt}, $before->{createdAt}, 'it was created when it was');
cmp_ok($after->{updatedAt}, 'ge', $before->{updatedAt}, 'and updated since');
is($after->{action}, 'active', 'it is active');

for my $client (@all) {
    ok($client->sync, "$client->{name} has heard all");

    my ($seen, @states) = (0);
    for my $update ($client->updates) {
        my ($project) = @{ $update->{data} };
        $seen ||= $project && $project->{ws_connected};
        push @states, $project->{ws_connected} if $seen;
    }

    ok(!grep({ !$_ } @states), 'ws_connected did not flap');
    is_deeply([ $client->story ],
              [ 'p1 init', 'p1: init to active', 'p1 active' ],
              'nor did action');
}

done_testing;
