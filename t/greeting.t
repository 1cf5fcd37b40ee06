# A client that connects is told the state at once, and nobody else is.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my @early = $t->clients_everywhere;

$early[0]->start_project('p1');
ok($_->wait_project('p1', action => 'active', ws_connected => 1), 'active')
    for @early;
ok($_->sync, 'all is heard') for @early;

my @heard = map { $_->received } @early;

for my $late ($t->clients_everywhere) {
    ok(wait_for { $late->updates }, "$late->{name} is greeted");
    is(($late->updates)[0]{triggeredBy}, 'system', 'by the system');
    is_deeply($late->project('p1'), $early[0]->project('p1'),
              'and knows the project');
    ok($late->sync, 'all is heard');
    is(scalar($late->updates), 1, 'once');
}

ok($_->sync, 'all is heard') for @early;
is_deeply([ map { $_->received } @early ], \@heard, 'nobody else was told');

done_testing;
