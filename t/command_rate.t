# A client that sends commands too fast is told so, and goes when it does not
# stop; slower ones, and other clients, notice nothing.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(workers => 2, config => <<'CONF');
    location = /ws {
        outbound_ws projects;
        outbound_ws_command_rate 1r/m burst=2;
    }

    location = /ws/free {
        outbound_ws projects;
    }
CONF

my $stop = '{"event":"stopOutbound",'
           . '"payload":{"project":{"projectId":"nobody"}}}';

my $fast = $t->client;
my $slow = $t->client;
my $free = $t->client(path => '/ws/free');

$fast->send_text($stop) for 1 .. 5;
ok(wait_for { $fast->errors == 5 }, 'each command has an answer');
is_deeply([ $fast->errors ],
          [ ('projectNotFound') x 3, ('rateLimited') x 2 ],
          'the burst is carried out, what comes after it is not');

$slow->send_text($stop);
ok(wait_for { $slow->errors == 1 }, 'another client of the same location');
is(($slow->errors)[0], 'projectNotFound', 'has a rate of its own');

$free->send_text($stop) for 1 .. 200;
ok(wait_for { $free->errors == 200 }, 'without a rate all are carried out');
is(scalar(grep { $_ eq 'rateLimited' } $free->errors), 0, 'each of them');

$fast->sync;
ok(!$fast->{eof}, 'the fast one is still there');

$fast->send_text($stop) for 1 .. 150;
is($fast->wait_close, 1008, 'and when it does not stop it is closed');

$_->sync for $slow, $free;
ok(!$_->{eof}, 'the others are not') for $slow, $free;

done_testing;
