# The PBX WebSocket is lost: ws_connected says so, action doesn't change, and
# the link is made again.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @all = $t->clients_everywhere;

$all[0]->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @all;

my @ways = ([ op => 'terminate' ], [ op => 'close', code => 1001 ],
            [ op => 'close', code => 1011 ]);
my $opened = 1;

for my $way (@ways) {
    # the next one waits until everybody has seen that this one is gone
    $t->pbx->faults(ws => { hang => JSON::PP::true, times => 1 });
    $t->pbx->faults(token => { delay_ms => 100, times => 1 });
    $t->pbx->ws(900, @$way);
    $opened++;

    ok($_->wait_project('p1', ws_connected => 0, action => 'active'),
       "@$way: $_->{name} is told") for @all;

    $t->pbx->clear_faults;
    $t->pbx->listener(op => 'cut');

    ok($_->wait_project('p1', ws_connected => 1), 'and that it is back')
        for @all;
}

is(scalar(grep { / to / } $_->story), 1, 'action has changed once') for @all;
ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one is open');

done_testing;
