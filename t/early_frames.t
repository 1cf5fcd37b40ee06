# Frames that come together with the request, or in pieces across its end, are
# read as any others; over TLS too.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

use OutboundWS::Frame;

my $t = OutboundWS->new(workers => 1);
my $text = OutboundWS::Frame::encode(type => 'text', payload => 'x');
my $ping = OutboundWS::Frame::encode(type => 'ping', payload => 'y');

for my $tls (0, 1) {
    my $how = $tls ? 'TLS' : 'plain';

    my $client = $t->connect(tls => $tls);
    ok($client->upgrade(frames => $text . $ping . $text), "$how: upgraded");
    ok(wait_for { $client->errors == 2 }, 'both messages were read');
    is(scalar(grep { $_->{type} eq 'pong' } @{ $client->{events} }), 1,
       'and the ping between them');

    $client = $t->connect(tls => $tls);
    ok($client->upgrade(frames => substr($text, 0, 3)),
       "$how: upgraded, with half a frame");
    $client->send_raw(substr($text, 3));
    ok(wait_for { $client->errors == 1 }, 'the whole is read');

    $client = $t->connect(tls => $tls);
    ok($client->upgrade(frames => $text, slice => 1),
       "$how: upgraded, byte by byte");
    ok(wait_for { $client->errors == 1 }, 'and the frame is read');

    $client = $t->connect(tls => $tls);
    ok($client->upgrade(frames => $text x 2000), "$how: two thousand at once");
    ok(wait_for { $client->errors == 2000 }, 'all are read');

    my ($first) = map { $_->{json} // () } @{ $client->{events} };
    is($first->{event}, 'projectsUpdate', 'the greeting came first');
}

done_testing;
