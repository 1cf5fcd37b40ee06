# A worker dies the hard way: the projects stay, another worker takes over the
# link, and the clients of the others hear of all that happens.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 3);
my @all = $t->clients_everywhere;

$all[0]->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @all;

# one of them owns the link, so all die in turn
for my $victim (@all) {
    my @others = grep { !$_->{eof} && $_ != $victim } @all;
    my $opened = $t->pbx->state(900)->{ws}{opened};

    $t->nginx->kill_worker($victim->{worker});
    ok($victim->wait_eof, "$victim->{name} is gone");

    my ($new) = $t->clients_everywhere(
        workers => [ grep { my $w = $_; !grep { $_->{worker} == $w } @all }
                     $t->nginx->workers ]);

    for my $client (@others, $new) {
        ok($client->wait_project('p1', action => 'active', ws_connected => 1),
           "$client->{name}: it is active and connected");
    }

    # the link works, whoever has it now
    my $call = $t->pbx->place_call(900, 150);

    for my $client (@others, $new) {
        ok(wait_for { grep { @{ $_->{participants} // [] } }
                      @{ $client->project('p1')->{caller} } },
           "$client->{name}: it sees a call");
    }

    $t->pbx->end_call(900, 150, $call->{id});

    for my $client (@others, $new) {
        ok(wait_for { !grep { @{ $_->{participants} // [] } }
                      @{ $client->project('p1')->{caller} } },
           "$client->{name}: and its end");
    }

    push @all, $new;
    last if @all == 6;
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one WebSocket is open');

my @alive = grep { !$_->{eof} } @all;
$alive[0]->stop_project('p1');
ok($_->wait_gone('p1'), 'it can be stopped') for @alive;
ok(wait_for { $t->pbx->state(900)->{ws}{open} == 0 }, 'and then none is');

done_testing;
