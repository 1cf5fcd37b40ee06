# outbound_ws_echo sends every message back, whole and as it was.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

run_tests();

__DATA__

=== TEST 1: text and binary
--- config
location = /ws { outbound_ws_echo; }
--- ws_echo
--- ws_slice: 0 1
--- ws
> text "one"
< text "one"
> binary hex: 00 ff 80
< binary hex: 00 ff 80
> text ""
< text ""
> close code=1000
< close 1000
eof


=== TEST 2: fragments come back as one message, with a ping between them
--- config
location = /ws { outbound_ws_echo; }
--- ws_echo
--- ws
> text nofin "on"
> ping "?"
< pong "?"
> cont "e"
< text "one"


=== TEST 3: what is over the size closes
--- config
location = /ws {
    outbound_ws_echo;
    outbound_ws_max_message_size 10;
}
--- ws_echo
--- ws
> text "0123456789"
< text "0123456789"
> text "0123456789a"
< close 1009
eof


=== TEST 4: it stands alone
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_echo;
}
--- must_die
--- culprit: outbound_ws_echo;
