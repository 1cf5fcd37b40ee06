# A reload: projects stay, their link moves without anybody seeing it, clients
# are told to come back, and those still there hear of all that happens.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2, config => <<'CONF');
    location = /ws {
        outbound_ws projects;
        outbound_ws_shutdown_delay 60s;     # longer than this test
    }
CONF

my @old = map { $t->clients_everywhere } 1 .. 10;

$old[0]->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @old;
my $created = $old[0]->project('p1')->{createdAt};

$t->nginx->reload;

my @new = $t->clients_everywhere;

for my $client (@new) {
    ok($client->wait_project('p1', action => 'active', ws_connected => 1),
       "$client->{name}: the project is still there");
    is($client->project('p1')->{createdAt}, $created, 'the very same');
}

$new[0]->start_project('p2');
ok($_->wait_project('p2', action => 'active'), 'p2 is active') for @new;

my @left = grep { !defined $_->{closed} } @old;
note(scalar(@left), ' of ', scalar(@old), ' clients are on old workers');
ok($_->wait_project('p2', action => 'active') || defined $_->{closed},
   'which also see p2') for @left;

for my $client (@old, @new) {
    my ($seen, $gaps) = (0, 0);

    for my $update ($client->updates) {
        my ($p1) = grep { $_->{projectId} eq 'p1' } @{ $update->{data} };
        $seen ||= $p1 && $p1->{ws_connected};
        $gaps++ if $seen && !($p1 && $p1->{ws_connected});
    }

    is($gaps, 0, "$client->{name}: connected all the time");
}

ok(wait_for { $t->pbx->state(900)->{ws}{open} == 1 }, 'one WebSocket');

# without a delay clients are told at once, with the code for that
$t->nginx->reload(config => <<'CONF');
    location = /ws {
        outbound_ws projects;
        outbound_ws_shutdown_delay 0;
    }
CONF

my @third = map { $t->clients_everywhere } 1 .. 5;
ok($_->wait_project('p2', action => 'active'), 'a third generation')
    for @third;
$t->nginx->reload;

for my $client (@third) {
    is($client->wait_close, 1001, "$client->{name} is told to come back");
    $client->send_close(1001);
    ok($client->wait_eof, 'and let go');
}

is($_, 1001, 'no other code') for grep { defined } map { $_->{closed} } @old;

my ($last) = $t->clients_everywhere;
ok($last->wait_project('p2', action => 'active', ws_connected => 1),
   'after three reloads all is there');

done_testing;
