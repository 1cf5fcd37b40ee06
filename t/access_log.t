# What access_log says of a client once it is gone.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(workers => 1);

# the line of one connection as a hash, waited for
sub logged {
    my ($path) = @_;
    my $line = wait_for { $t->nginx->access_log =~ /^(GET \Q$path\E .*)$/m
                          && $1 };
    note($line);

    return { $line =~ /outbound_ws_(\w+)=(\S+)/g };
}

$t->nginx->reload(config => <<'CONF');
    location /ws/ { outbound_ws projects; }
    location = /plain { return 200 "plain\n"; }
CONF

my $client = $t->client(path => '/ws/normal');
$client->send_text('x');
ok($client->wait_error('invalidJson'), 'a message each way, and a greeting');
$client->send_close(1000);
ok($client->wait_eof, 'a normal end');

my $log = logged('/ws/normal');
is($log->{zone}, 'projects', 'zone');
is($log->{messages_received}, 1, 'messages_received');
is($log->{messages_sent}, 2, 'messages_sent');
is($log->{close_code}, 1000, 'close_code');
is($log->{compression}, '-', 'compression');

# 7 bytes: the text's frame, 8: the Close
is($log->{bytes_received}, 15, 'bytes_received');
my $sent = 4;
$sent += length($_->{payload}) + ($_->{payload} =~ /^.{126}/s ? 4 : 2)
    for grep { $_->{json} } @{ $client->{events} };
is($log->{bytes_sent}, $sent, 'bytes_sent');

$client = $t->client(path => '/ws/wrong');
$client->send_frame(type => 'binary', payload => 'x');
is($client->wait_close, 1003, 'a protocol error');
$client->disconnect;
is(logged('/ws/wrong')->{close_code}, 1003, 'is logged with its code');

$client = $t->client(path => '/ws/gone');
ok($client->sync, 'a client that is there');
$client->disconnect;
is(logged('/ws/gone')->{close_code}, 0, 'and then is not, without a code');

is($t->connect->get('/ws/426')->{status}, 426, 'no upgrade');
$log = logged('/ws/426');
is($log->{messages_sent}, '-', 'has nothing to count');
is($log->{close_code}, '-', 'nor a code');

$t->connect->get('/plain');
is(logged('/plain')->{zone}, '-', 'another location has no zone');

done_testing;
