# A zone holds so many projects and no more.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2, zone => 'max_projects 3;');
my ($one, $two) = $t->clients_everywhere;

$one->start_project("p$_") for 1 .. 3;
ok($two->wait_project("p$_"), "p$_ is there") for 1 .. 3;

$two->start_project('p4');
ok($two->wait_error('projectLimitReached'), 'a fourth is refused');
ok(!$two->project('p4'), 'and not there');

$two->start_project('p3', callFlowId => 'changed');
ok($one->wait_project('p3', callFlowId => 'changed'),
   'one that exists can still be changed');

$one->stop_project('p1');
ok($two->wait_gone('p1'), 'one less');
$two->start_project('p4');
ok($one->wait_project('p4', action => 'active'), 'makes room for another');

is_deeply([ map { $_->{projectId} } $one->projects ], [ qw(p2 p3 p4) ],
          'in order of creation');
is(scalar($one->errors), 0, 'the error went to its sender alone');

done_testing;
