# What is wrong with a message goes to its sender as an `error` that names the
# field, and the connection lives on.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

# startOutbound with one field changed
sub start {
    my ($field, $value) = @_;
    my %project = (callFlowId => '"f"', projectId => '"p"',
                   client_id => '"900"', client_secret => '"secret-of-900"',
                   action => '"init"', error => 'null');

    $project{$field} = $value;
    delete $project{$field} if !defined $value;

    return '> {"event":"startOutbound","payload":{"project":{'
           . join(',', map { "\"$_\":$project{$_}" } sort keys %project)
           . "}}}\n";
}

# that each of these values is refused, the message naming the field
sub refused {
    my ($field, @values) = @_;

    return "< projectsUpdate\n" . join('', map {
        start($field, $_)
        . "< error invalidPayload"
        . " /\"message\":\"[^\"]*payload\\.project\\.$field\\b/\n"
    } @values);
}

our @not_strings = ('null', '1', 'true', '[]', '{}');
our @not_ids = (undef, @not_strings, '""', '"' . 'x' x 129 . '"',
                '"' . "\xc3\xa9" x 65 . '"', '"a\u0000b"', '"\n"',
                '"\u007f"', '"\u0085"');

run_tests();

__DATA__

=== TEST 1: not JSON
--- ws
< projectsUpdate
> hello
< error invalidJson
> {"event":"startOutbound",}
< error invalidJson
> {"event":"startOutbound"
< error invalidJson
> {} {}
< error invalidJson
> text
< error invalidJson
> text "   "
< error invalidJson


=== TEST 2: no envelope
--- ws
< projectsUpdate
> []
< error invalidEnvelope
> {}
< error invalidEnvelope /"message":"[^"]*\bevent\b/
> {"payload":{}}
< error invalidEnvelope /"message":"[^"]*\bevent\b/
> {"event":1,"payload":{}}
< error invalidEnvelope /"message":"[^"]*\bevent\b/
> {"event":null,"payload":{}}
< error invalidEnvelope /"message":"[^"]*\bevent\b/
> {"event":"stopOutbound"}
< error invalidEnvelope /"message":"[^"]*\bpayload\b/
> {"event":"stopOutbound","payload":null}
< error invalidEnvelope /"message":"[^"]*\bpayload\b/
> {"event":"stopOutbound","payload":[]}
< error invalidEnvelope /"message":"[^"]*\bpayload\b/


=== TEST 3: unknown events
--- ws
< projectsUpdate
> {"event":"","payload":{}}
< error unknownEvent
> {"event":"startoutbound","payload":{}}
< error unknownEvent
> {"event":"startOutboundX","payload":{}}
< error unknownEvent
> {"event":"projectsUpdate","payload":{}}
< error unknownEvent


=== TEST 4: no project
--- ws
< projectsUpdate
> {"event":"startOutbound","payload":{}}
< error invalidPayload /"message":"[^"]*payload\.project\b/
> {"event":"startOutbound","payload":{"project":null}}
< error invalidPayload /"message":"[^"]*payload\.project\b/
> {"event":"stopOutbound","payload":{"project":"p"}}
< error invalidPayload /"message":"[^"]*payload\.project\b/


=== TEST 5: projectId
--- ws eval: main::refused(projectId => @main::not_ids)


=== TEST 6: callFlowId
--- ws eval: main::refused(callFlowId => @main::not_ids)


=== TEST 7: client_id
--- ws eval: main::refused(client_id => @main::not_ids)


=== TEST 8: client_secret
--- ws eval
main::refused(client_secret => undef, @main::not_strings, '""',
              '"' . 'x' x 1025 . '"', '"a\u0000b"')


=== TEST 9: action
--- ws eval
main::refused(action => undef, @main::not_strings, '""', '"stopped"',
              '"Init"', '"initial"')


=== TEST 10: error
--- ws eval: main::refused(error => undef, '1', 'true', '[]', '{}')


=== TEST 11: projectId of a stop
--- ws
< projectsUpdate
> {"event":"stopOutbound","payload":{"project":{}}}
< error invalidPayload /"message":"[^"]*payload\.project\.projectId\b/
> {"event":"stopOutbound","payload":{"project":{"projectId":7}}}
< error invalidPayload /"message":"[^"]*payload\.project\.projectId\b/
> {"event":"stopOutbound","payload":{"project":{"projectId":""}}}
< error invalidPayload /"message":"[^"]*payload\.project\.projectId\b/


=== TEST 12: a stop of a project that is not there
--- ws
< projectsUpdate
> {"event":"stopOutbound","payload":{"project":{"projectId":"p1"}}}
< error projectNotFound


=== TEST 13: the longest names there may be, and unknown fields
--- ws eval
"< projectsUpdate\n"
. '> {"x":[1,{"y":null}],"event":"stopOutbound","payload":{"z":1,"project":'
. '{"zz":"","projectId":"' . "\xc3\xa9" x 64 . "\"}}}\n"
. "< error projectNotFound\n"


=== TEST 14: a location that only watches
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_commands off;
}
--- ws eval
"< projectsUpdate\n" . main::start(action => '"init"')
. "< error commandsDisabled\n"
. '> {"event":"stopOutbound","payload":{"project":{"projectId":"p1"}}}' . "\n"
. "< error commandsDisabled\n"


=== TEST 15: nothing of a message is sent back or logged
--- ws
< projectsUpdate
> {"event":"startOutbound","payload":{"project":{"client_secret":"not-again"
< error invalidJson
> {"event":"startOutbound","payload":{"project":{"client_secret":"not-again"}}}
< error invalidPayload


=== TEST 16: a message that is deeper than any that means something
--- ws eval
"< projectsUpdate\n"
. '> {"event":"stopOutbound","payload":{"x":' . '[' x 20000 . ']' x 20000
. "}}\n"
. "< error invalidPayload\n"
