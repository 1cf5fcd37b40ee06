# What is wrong with a message goes to its sender alone; what goes wrong with a
# project goes to everybody.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my ($sender, @others) = map { $t->clients_everywhere } 1 .. 2;

$sender->send_text($_) for 'x', '{}', '{"event":"x","payload":{}}';
$sender->stop_project('p1');
$sender->start_project('p1', client_id => '');

ok(wait_for { $sender->errors == 5 }, 'five mistakes');
is_deeply([ $sender->errors ], [ qw(invalidJson invalidEnvelope unknownEvent
          projectNotFound invalidPayload) ], 'five errors, in their order');

$sender->start_project('p1', client_secret => 'not-the-secret');

for my $client ($sender, @others) {
    ok($client->wait_error('pbxAuthFailed'), "$client->{name} is told");
}

is_deeply([ $_->errors ], [ 'pbxAuthFailed' ], 'and of nothing else')
    for @others;

done_testing;
