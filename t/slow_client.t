# A client that takes nothing costs the others nothing, gets only the newest
# state, and is dropped when too much else is waiting for it.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(
    pbx => 1, workers => 1, listen => 'sndbuf=8k', config => <<'CONF');
    location = /ws { outbound_ws projects; }
    location = /small {
        outbound_ws projects;
        outbound_ws_queue_size 1k;
    }
    location = /impatient {
        outbound_ws projects;
        outbound_ws_send_timeout 200ms;
    }
CONF

# for a state of 12 kB
$t->pbx->client(900, secret => 'secret-of-900', dns => [ 1000 .. 1099 ]);

my $quick = $t->client;
$quick->start_project('p1');
ok($quick->wait_project('p1', agentQuantity => 100), 'active');

my ($slow, $small, $impatient) =
    map { $t->client(path => $_, receive_buffer => 4096) }
        qw(/ws /small /impatient);

for my $client ($slow, $small, $impatient) {
    ok($client->wait_project('p1'), "$client->{path} is greeted");
    $client->{paused} = 1;
}

# more than their sockets take
for my $n (1 .. 15) {
    $quick->start_project('p1', callFlowId => "flow $n");
    ok($quick->wait_project('p1', callFlowId => "flow $n"),
       "state $n for who reads");
}

# and what may not be left out
for my $n (1 .. 15) {
    $quick->start_project("q$n");
    $quick->wait_project("q$n");
    $quick->stop_project("q$n");
    ok($quick->wait_gone("q$n"), "q$n has come and gone for who reads");
}

ok(wait_for { $t->nginx->error_log =~ /client is too slow/ },
   'the queue of one is too long');
$small->{paused} = 0;
is($small->wait_close, 1013, 'and that is why it is dropped');

$_->{paused} = 0 for $slow, $impatient;

# single bytes trickle into the kernel's buffers, which is progress
ok($impatient->wait_eof, 'one is dropped by its send_timeout')
    if !$ENV{TEST_NGINX_SHORT_IO};

ok($slow->wait_project('p1', callFlowId => 'flow 15'),
   'the slow one has the newest state');
ok($slow->sync, 'and all that was waiting');
is_deeply([ $slow->projects ], [ $quick->projects ], 'as the quick one has');
cmp_ok(scalar($slow->updates), '<', $quick->updates / 2,
       'but not every state before it');
is_deeply([ grep { /^q\d+: / } $slow->story ],
          [ grep { /^q\d+: / } $quick->story ], 'and every change, in order');
is($slow->{closed}, undef, 'it was not dropped');

done_testing;
