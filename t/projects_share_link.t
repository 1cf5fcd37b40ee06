# Projects of one PBX client share its token and its WebSocket, on whichever
# workers they were started.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 4);
$t->pbx->client(901, secret => 'secret-of-901', dns => [ 160 ]);

my @all = $t->clients_everywhere;

$all[$_]->start_project("p$_") for 0 .. 3;
$all[0]->start_project('q', client_id => 901,
                       client_secret => 'secret-of-901');

for my $client (@all) {
    ok($client->wait_project($_, action => 'active', ws_connected => 1),
       "$client->{name}: $_ is active") for qw(p0 p1 p2 p3 q);
    is($client->project('q')->{agentQuantity}, 1, 'each its own callers');
    is($client->project('p2')->{agentQuantity}, 2, 'each its own callers');
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one WebSocket');
is($t->pbx->state(901)->{ws}{open}, 1, 'and one of the other client');

$all[3]->stop_project("p$_") for 0 .. 2;
ok($_->wait_gone('p2'), 'three are stopped') for @all;

is($t->pbx->state(900)->{ws}{open}, 1, 'the WebSocket is still needed');
ok($_->project('p3')->{ws_connected}, 'by the fourth') for @all;

$all[0]->stop_project('p3');
ok($_->wait_gone('p3'), 'the last one is stopped') for @all;
ok(wait_for { $t->pbx->state(900)->{ws}{open} == 0 }, 'it is not needed now');
is($t->pbx->state(901)->{ws}{open}, 1, 'the other is');

done_testing;
