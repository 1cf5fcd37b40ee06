# A client that says nothing is pinged, and dropped when that is of no use.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(workers => 1, config => <<'CONF');
    location = /ws {
        outbound_ws projects;
        outbound_ws_ping_interval 50ms;
        outbound_ws_timeout 600ms;
    }
    location = /talk {
        outbound_ws projects;
        outbound_ws_ping_interval 1h;
        outbound_ws_timeout 300ms;
    }
CONF

sub pings { return scalar grep { $_->{type} eq 'ping' } @{ $_[0]{events} } }

my $alive = $t->client;
my $deaf = $t->client(deaf => 1);

ok(wait_for { pings($deaf) }, 'who is silent is pinged');
ok($deaf->wait_eof, 'and dropped when there is no answer');
isnt($deaf->{closed}, 1000, 'which is no normal end')
    if defined $deaf->{closed};

# pings are what time is counted in: nginx's timers may be late, not early
ok(wait_for { pings($alive) > 12 }, 'who answers is not dropped');
is($alive->{closed}, undef, 'and stays');
ok($alive->sync, 'and can talk');

# nobody is pinged here: what a client says keeps it
my $talker = $t->client(path => '/talk');
my $pings = pings($alive);
ok(wait_for { $talker->sync; pings($alive) > $pings + 8 },
   'who talks is not dropped');
is($talker->{closed}, undef, 'and stays');
ok($talker->wait_eof, 'until it stops');

done_testing;
