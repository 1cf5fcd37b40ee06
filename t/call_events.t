# What happens on the PBX is in the callers of every project that uses it.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @all = $t->clients_everywhere;

# the participants of one extension, as this client knows them
sub calls_of {
    my ($client, $dn) = @_;
    my ($caller) = grep { $_->{dn} eq $dn }
                   @{ $client->project('p1')->{caller} };

    return @{ $caller->{participants} // [] };
}

$all[0]->start_project('p1');
$all[1]->start_project('p2');

for my $client (@all) {
    ok($client->wait_project($_, action => 'active'), "$_ is active")
        for qw(p1 p2);
}

my $call = $t->pbx->place_call(900, 150, status => 'Dialing');

for my $client (@all) {
    ok(wait_for { grep { $_->{status} eq 'Dialing' } calls_of($client, 150) },
       "$client->{name} sees the call");
    is(scalar(calls_of($client, 151)), 0, 'of that extension only');
    is_deeply($client->project('p2')->{caller},
              $client->project('p1')->{caller}, 'in both projects');
}

$t->pbx->change_call(900, 150, $call->{id}, status => 'Connected');

for my $client (@all) {
    ok(wait_for { grep { $_->{status} eq 'Connected' }
                  calls_of($client, 150) }, 'it is connected');
}

$t->pbx->end_call(900, 150, $call->{id});

for my $client (@all) {
    ok(wait_for { !calls_of($client, 150) }, 'it is over');
}

$t->pbx->put_dn(900, 170);
ok($_->wait_project('p1', agentQuantity => 3), 'a new extension') for @all;

$t->pbx->delete_dn(900, 150);
ok($_->wait_project('p1', agentQuantity => 2), 'one is gone') for @all;

# many at once: the last state is right whatever was merged
my @calls = map { $t->pbx->place_call(900, 170, status => 'Dialing') } 1 .. 50;
$t->pbx->end_call(900, 170, $_->{id}) for @calls[0 .. 48];

for my $client (@all) {
    ok(wait_for {
        join(' ', map { $_->{id} } calls_of($client, 170)) eq $calls[49]{id};
    }, "$client->{name}: fifty calls, and one is left");
}

is(scalar(grep { / to / } $_->story), 2, 'nothing but two projects started')
    for @all;

done_testing;
