# A reload that would lose the projects is refused, and what was goes on.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

my $t = OutboundWS->new(pbx => 1, workers => 2);
my ($client) = $t->clients_everywhere;

$client->start_project('p1');
ok($client->wait_project('p1', action => 'active'), 'active');

my $line = $t->nginx->reload_refused(zone_size => '2m');

like($line, qr/"projects"/, 'it names the zone');
like($line, qr/1048576/, 'the old size');
like($line, qr/2097152/, 'and the new one');

ok($client->sync, 'the client is still there');
$client->stop_project('p1');
ok($client->wait_gone('p1'), 'and can do what it could before');

$t->nginx->reload(zone_size => undef);
my ($new) = $t->clients_everywhere;
ok(wait_for { $new->updates }, 'with the old size it reloads');

done_testing;
