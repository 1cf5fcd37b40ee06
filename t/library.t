# The library looks where it should: what a test relies on without naming it.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

use OutboundWS::Frame;
use OutboundWS::Log;
use OutboundWS::Process;
use OutboundWS::Protocol;
use OutboundWS::Secrets;

my $time = '"2025-08-28T03:45:44.716Z"';
my $project = '{"projectId":"p1","callFlowId":"f","action":"active",'
    . '"client_id":"900","agentQuantity":2,"caller":[{"dn":"150"}],'
    . '"access_token":"***","ws_connected":true,'
    . "\"createdAt\":$time,\"updatedAt\":$time}";
my $update = '{"event":"projectsUpdate","payload":{"type":"allProjects",'
    . "\"data\":[$project],\"stats\":{\"totalProjects\":1,"
    . '"activeProjects":1,"connectedProjects":1},'
    . "\"timestamp\":$time,\"triggeredBy\":\"p1\"}}";
my $error = '{"event":"error","payload":{"error":"invalidJson",'
    . "\"message\":\"no\",\"timestamp\":$time}}";
my $change = '{"event":"projectStatusChange","payload":{"data":{'
    . '"projectId":"p1","oldAction":"init","newAction":"active",'
    . "\"changedAt\":$time},\"timestamp\":$time}}";

sub faults_of {
    my ($text) = @_;
    my (undef, @faults) = OutboundWS::Protocol::read_message($text);

    return join("\n", @faults);
}

# one change makes a good message a bad one
sub spoilt {
    my ($text, $from, $to, $what) = @_;

    die "nothing to spoil: $from" if $text !~ s/\Q$from\E/$to/;
    isnt(faults_of($text), '', $what);
}

is(faults_of($_), '', 'a good message: ' . substr($_, 0, 40))
    for $update, $error, $change;

spoilt($update, '"type":"allProjects",', '', 'a field is missing');
spoilt($update, '"callFlowId":"f","action":"active"',
       '"action":"active","callFlowId":"f"', 'fields in another order');
spoilt($update, '"ws_connected":true', '"ws_connected":true,"more":1',
       'a field too many');
spoilt($update, '"***"', '"abc"', 'a token that is not masked');
spoilt($update, '"***"', '"***","client_secret":"x"', 'a secret');
spoilt($update, '"active"', '"stopped"', 'an action that is none');
spoilt($update, '.716Z', 'Z', 'a time without milliseconds');
spoilt($update, 'totalProjects":1', 'totalProjects":2', 'wrong stats');
spoilt($update, '"data":[', '"data": [', 'white space');
spoilt($update, "$project]", "$project,$project]", 'a project twice');
spoilt($error, 'invalidJson', 'invalidXml', 'an unknown error');
spoilt($error, '"no"', '"eyJhbGciOiJIUzI1NiJ9.eyJ"', 'a token');
spoilt($change, '"active"', '"init"', 'a change that is none');
spoilt($change, 'projectStatusChange', 'projectStatus', 'an unknown event');

OutboundWS::Secrets::add('very-secret');
OutboundWS::Secrets::learn('{"client_secret": "another-one"}');

is(OutboundWS::Secrets::found('nothing here'), undef, 'no secret');
ok(OutboundWS::Secrets::found('x very-secret x'), 'a secret');
ok(OutboundWS::Secrets::found('another-one'), 'a secret that was sent');

my @bad_lines = ('[alert] 1#1: x', '[emerg] x', '[crit] x',
                 '==1==ERROR: AddressSanitizer: x', 'a.c:1: runtime error: x',
                 'worker process 1 exited on signal 11',
                 'worker process 1 exited with code 99', 'very-secret');

is(OutboundWS::Log::faults('log', "$_\n"), 1, "a fault: $_") for @bad_lines;
is(OutboundWS::Log::faults('log', "[error] x\n[notice] worker process 1 exited"
                                  . " with code 0\n"), 0, 'no fault');
is(OutboundWS::Log::faults('log', "[alert] x\n", qr/alert. x/), 0,
   'a line that was announced');
is(OutboundWS::Log::faults('log', "x\n", qr/alert/), 1,
   'announced, but not there');

for my $size (0, 1, 125, 126, 65535, 65536) {
    my $frame = OutboundWS::Frame::encode(type => 'text',
                                          payload => 'x' x $size);
    my $bytes = $frame . 'rest';
    my $back = OutboundWS::Frame::decode(\$bytes);

    is(length($back->{payload}), $size, "a frame of $size bytes");
    is($bytes, 'rest', 'and no byte more');

    chop($frame);
    is(OutboundWS::Frame::decode(\$frame), undef, 'one byte less is no frame');
}

is(unpack('H*', OutboundWS::Frame::encode(
       type => 'text', payload => 'Hello', key => "\x37\xfa\x21\x3d")),
   '818537fa213d7f9f4d5158', 'the masked frame of RFC 6455, section 5.7');


# Tests that must fail: each is run as a process of its own.
my %must_fail = (
    'an [alert] that nobody announced' => <<'TEST',
        my ($worker) = $t->nginx->workers;
        kill('KILL', $worker);
        wait_for { $t->nginx->error_log =~ /exited on signal/ };
TEST
    'a secret in a log' => <<'TEST',
        OutboundWS::Secrets::add('not-for-logs');
        $t->connect->get('/not-for-logs');
TEST
    'a test that dies' => 'die "oops";',
    'a line that was announced and does not come' => <<'TEST',
        $t->nginx->expect_log(qr/never/);
TEST
);

for my $what (sort keys %must_fail) {
    my ($status, $out) = OutboundWS::Process::run($^X, '-e', <<"TEST");
        use lib '$FindBin::Bin/lib';
        use OutboundWS;
        my \$t = OutboundWS->new(workers => 1);
        pass('so far');
        diag('prefix ' . \$t->nginx->{prefix} . ' pid ' . \$t->nginx->pid);
        $must_fail{$what}
        done_testing;
TEST

    my ($prefix, $pid) = $out =~ /prefix (\S+) pid (\d+)/;

    isnt($status, 0, "$what: fails");
    ok($prefix && !-e $prefix, 'and leaves no directory')
        if !$ENV{TEST_NGINX_LEAVE};
    ok($pid && !OutboundWS::Process::group($pid), 'and no process');
}

done_testing;
