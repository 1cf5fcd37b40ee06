# Who connects between a change of action and the projectsUpdate that has it
# is told of the change like everyone else.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 1,
                        zone => "broadcast_interval 2s;\n");
my $first = $t->client;

$first->start_project('p1');
ok(wait_for { $first->payloads('projectStatusChange') }, 'p1 got active');
is(scalar(grep { /active$/ } $first->story), 1, 'no update has it so far');

my $second = $t->client;

for my $client ($first, $second) {
    ok($client->wait_project('p1', action => 'active'),
       "$client->{name}: then one has");
    is(scalar($client->payloads('projectStatusChange')), 1,
       "$client->{name}: was told of the change");
}

done_testing;
