# A project from startOutbound to stopOutbound, as clients of every worker see
# it and as its PBX does.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 4);
my ($one, @others) = $t->clients_everywhere;
my @all = ($one, @others);

for my $client (@all) {
    ok(wait_for { $client->updates == 1 }, "$client->{name} is greeted");
    is(($client->updates)[0]{triggeredBy}, 'system', 'by the system');
}

$one->start_project('p1', callFlowId => 'flow 1');

for my $client (@all) {
    ok($client->wait_project('p1', action => 'active', ws_connected => 1),
       "$client->{name}: active");

    my $project = $client->project('p1');
    is($project->{callFlowId}, 'flow 1', 'its callFlowId');
    is($project->{client_id}, '900', 'its client_id');
    is($project->{agentQuantity}, 2, 'its agents');
    is($project->{access_token}, '***', 'its token, masked');
    is_deeply([ map { $_->{dn} } @{ $project->{caller} } ], [ 150, 151 ],
              'its callers');
    is(($client->updates)[1]{triggeredBy}, 'p1', 'what triggered the update');
}

my $state = $t->pbx->state(900);
is($state->{grants}, 1, 'one token');
is($state->{ws}{opened}, 1, 'one WebSocket');

$others[0]->stop_project('p1');

for my $client (@all) {
    ok($client->wait_gone('p1'), "$client->{name}: gone");
    is_deeply([ $client->story ],
              [ 'p1 init', 'p1: init to active', 'p1 active',
                'p1: active to stopped', '' ], 'and that was its life');
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 0 },
   'its WebSocket is closed');
is($t->pbx->state(900)->{ws}{opened}, 1, 'and was the only one');

my ($first, @rest) = map { $_->received } @all;
is($_, $first, 'every client has received the same bytes') for @rest;

done_testing;
