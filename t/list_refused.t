# The PBX refuses the list of callers once: it is asked again, and what events
# said meanwhile is not lost.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my $client = $t->client;

$client->start_project('p1');
ok($client->wait_project('p1', action => 'active'), 'active');

# the GET of the call fails, so the list is read, and that is refused
my $asked = $t->pbx->asked(900, 'callers');

$t->pbx->faults(participants => { status => 500, times => 1 },
                callers => { status => 403, times => 1 });
$t->pbx->place_call(900, 150);

ok(wait_for { $t->pbx->asked(900, 'callers') > $asked }, 'it was refused');
ok(wait_for { $t->pbx->asked(900, 'callers') > $asked + 1 },
   'and asked for again');
ok(wait_for { grep { @{ $_->{participants} // [] } }
              @{ $client->project('p1')->{caller} } },
   'the call is seen');

done_testing;
