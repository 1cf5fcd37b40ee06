# A PBX that can't be reached is tried again without limit, and clients are
# told once for each time that it goes away.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @all = $t->clients_everywhere;

$t->pbx->faults(token => { status => 503 });
$all[0]->start_project('p1');

for my $client (@all) {
    ok($client->wait_error('pbxUnreachable'), "$client->{name} is told");
    like(($client->payloads('error'))[0]{message}, qr/p1/,
         'which project it is');
}

ok(wait_for { $t->pbx->asked(900, 'token') >= 4 }, 'it is tried again');
is($_->project('p1')->{action}, 'init', 'the project waits in init') for @all;
is(scalar($_->errors), 1, 'and nobody is told again') for @all;

$t->pbx->clear_faults;
ok($_->wait_project('p1', action => 'active'), 'active in the end') for @all;

# away for a second time, as a whole
$t->pbx->listener(op => 'refuse', cut => JSON::PP::true);

for my $client (@all) {
    ok($client->wait_error('pbxUnreachable', 2), "$client->{name} is told");
    ok($client->wait_project('p1', action => 'active', ws_connected => 0),
       'the project stays active, not connected');
}

$t->pbx->listener(op => 'open');
ok($_->wait_project('p1', action => 'active', ws_connected => 1),
   'connected again') for @all;
is(scalar($_->errors), 2, 'two errors for two times') for @all;

# a stop while it can't be reached; another project's tries are the clock
$t->pbx->client($_, secret => "secret-of-$_") for 901, 902;
$t->pbx->faults(token => { status => 503 });

for my $id (901, 902) {
    $all[0]->start_project("p$id", client_id => $id,
                           client_secret => "secret-of-$id");
}

ok($_->wait_error('pbxUnreachable', 4), 'neither can be reached') for @all;

$all[1]->stop_project('p901');
ok($_->wait_gone('p901'), 'a stop ends that') for @all;
ok(wait_for { $t->pbx->state(901)->{pending} == 0 }, 'its last try is over');

my $then = $t->pbx->asked(901, 'token');
my $clock = $t->pbx->asked(902, 'token');

ok(wait_for { $t->pbx->asked(902, 'token') > $clock + 3 },
   'the other is tried again and again');
is($t->pbx->asked(901, 'token'), $then, 'the one that was stopped is not');

done_testing;
