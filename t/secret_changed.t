# Newer credentials of a client that the PBX accepts win over all older ones,
# those that are still being checked included.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my ($one, $other) = $t->clients_everywhere;

$one->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for $one, $other;

# p1 shows the first secret's link, and waits for the second's
$t->pbx->faults(token => { delay_ms => 2000, times => 1 });
$one->start_project('p1', client_secret => 'second-secret-of-900');
ok(wait_for { $t->pbx->state(900)->{pending} }, 'the second is being checked');

$t->pbx->client(900, secret => 'third-secret-of-900', dns => [ 150, 151 ]);
$other->start_project('p2', client_secret => 'third-secret-of-900');

for my $client ($one, $other) {
    ok($client->wait_project($_, action => 'active', ws_connected => 1),
       "$client->{name}: $_ is connected with the third") for qw(p1 p2);
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one WebSocket is open');

done_testing;
