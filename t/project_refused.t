# The PBX refuses the credentials: a project that was never active is removed,
# one that was stays.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @all = $t->clients_everywhere;

$all[0]->start_project('p1', client_secret => 'a-wrong-secret');

for my $client (@all) {
    ok($client->wait_error('pbxAuthFailed'), "$client->{name} is told");
    ok($client->wait_gone('p1'), 'the project is gone');
    is(scalar($client->errors), 1, 'one error');
    like(($client->payloads('error'))[0]{message}, qr/p1/,
         'which names the project');
    is_deeply([ sort grep { /stopped/ } $client->story ],
              [ 'p1: init to stopped' ], 'it was stopped');
}

$all[1]->start_project('p2', client_id => 'nobody');
ok($_->wait_error('pbxAuthFailed', 2), 'a client that the PBX does not know')
    for @all;

$all[0]->start_project('p3');
ok($_->wait_project('p3', action => 'active'), 'p3 is active') for @all;

$all[0]->start_project('p3', client_secret => 'another-wrong-one');

for my $client (@all) {
    ok($client->wait_error('pbxAuthFailed', 3), "$client->{name} is told");
    ok($client->wait_project('p3', action => 'active', access_token => undef,
                             ws_connected => 0),
       'a project that was active stays, without a token');
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 0 },
   'and without a WebSocket');

$all[1]->start_project('p3');
ok($_->wait_project('p3', action => 'active', access_token => '***',
                    ws_connected => 1), 'until the right secret comes')
    for @all;

# a refusal counts whatever went wrong before it
$t->pbx->faults(token => { status => 503, times => 2 });
$all[0]->start_project('p4', client_secret => 'a-third-wrong-one');
ok($_->wait_error('pbxAuthFailed', 4) && $_->wait_gone('p4'),
   'refused after failures: gone') for @all;

done_testing;
