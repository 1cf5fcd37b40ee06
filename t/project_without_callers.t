# A PBX that offers no extension to call from: the project waits in init, and
# goes on by itself once there is one.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @all = $t->clients_everywhere;

$t->pbx->delete_dn(900, $_) for 150, 151;
$all[0]->start_project('p1');

for my $client (@all) {
    ok($client->wait_error('callersNotFound'), "$client->{name} is told");
    ok($client->wait_project('p1', action => 'init', agentQuantity => 0),
       'the project waits');
}

# nor does a queue call anybody, nor a link that is made again help
$t->pbx->put_dn(900, 800, type => 'Wqueue');
$t->pbx->ws(900, op => 'terminate');

ok(wait_for { $t->pbx->asked(900, 'callers') >= 2 }, 'it is asked again');
ok($_->wait_project('p1', action => 'init', ws_connected => 1),
   "$_->{name}: the project still waits") for @all;

$t->pbx->put_dn(900, 152);

for my $client (@all) {
    ok($client->wait_project('p1', action => 'active', agentQuantity => 1),
       "$client->{name}: active once there is one");
    is(scalar($client->errors), 1, 'one error');
}

done_testing;
