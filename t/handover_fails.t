# After a reload the PBX does not let the new worker in: the old one keeps its
# WebSocket for a while, and when it goes the clients know.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

use JSON::PP;

my $t = OutboundWS->new(pbx => 1, workers => 1);
my $old = $t->client;

$old->start_project('p1');
ok($old->wait_project('p1', action => 'active', ws_connected => 1), 'active');

$t->pbx->faults(ws => { hang => JSON::PP::true });
$t->nginx->reload;

my $new = $t->client;
ok($new->wait_project('p1', ws_connected => 1), 'still connected');
ok(wait_for { $t->pbx->state(900)->{ws}{open} == 0 },
   'the old WebSocket is closed');
ok($new->wait_project('p1', ws_connected => 0), 'and that is told');

done_testing;
