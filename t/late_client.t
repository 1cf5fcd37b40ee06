# A request that a worker had begun to read when it was told to shut down
# becomes a client, and is told to come back like all others.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(workers => 1, config => <<'CONF');
    location = /ws {
        outbound_ws projects;
        outbound_ws_shutdown_delay 0;
    }
CONF

my $late = $t->connect;
my $request = OutboundWS::WebSocket::upgrade_request(port => $late->{port});

$late->send_raw(substr($request, 0, 30));
ok(wait_for { $late->all_read }, 'half of the request was read');

$t->nginx->reload;

$late->send_raw(substr($request, 30));
my $answer;
ok(wait_for { $answer = $late->take_answer }, 'the other half is answered');
like($answer->{line}, qr/ 101 /, 'with 101');

$late->{upgraded} = 1;
$late->take_bytes;
is($late->wait_close, 1001, 'and then it is told to come back');

done_testing;
