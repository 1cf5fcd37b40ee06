# RFC 6455 through a socket: each conversation is held twice, with whole
# messages and byte by byte.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

add_block_preprocessor(sub {
    $_[0]->set_value(ws_slice => '0 1') if !defined $_[0]->ws_slice;
});

run_tests();

__DATA__

=== TEST 1: a text in one frame
--- ws
< projectsUpdate
> text "{\"event\":\"one\",\"payload\":{}}"
< error unknownEvent


=== TEST 2: fragments are put together
--- ws
< projectsUpdate
> text nofin "{\"event\":\"o"
> cont nofin "ne\",\"pay"
> cont nofin
> cont "load\":{}}"
< error unknownEvent


=== TEST 3: an empty first fragment, an empty last one
--- ws
< projectsUpdate
> text nofin
> cont nofin "{\"event\":\"one\",\"payload\":{}}"
> cont
< error unknownEvent


=== TEST 4: an empty message
--- ws
< projectsUpdate
> text
< error invalidJson


=== TEST 5: a character over two fragments
--- ws
< projectsUpdate
> text nofin hex: 22 e2 82
> cont hex: ac 22
< error invalidEnvelope


=== TEST 6: pings are answered with what they held
--- ws
< projectsUpdate
> ping "Hello"
< pong "Hello"
> ping
< pong
> ping "x" x 125
< pong "x" x 125
> ping hex: 00 ff 80
< pong hex: 00 ff 80


=== TEST 7: control frames between fragments
--- ws
< projectsUpdate
> text nofin "{\"event\":\"one\","
> ping "between"
< pong "between"
> pong "nobody asked"
> cont "\"payload\":{}}"
< error unknownEvent


=== TEST 8: a pong that nobody asked for
--- ws
< projectsUpdate
> pong "x"
> ping "y"
< pong "y"


=== TEST 9: Close is answered with its own code
--- ws
< projectsUpdate
> close code=1000 "bye"
< close 1000
eof


=== TEST 10: Close without a code
--- ws
< projectsUpdate
> close
< close
eof


=== TEST 11: codes that an application may choose
--- ws
< projectsUpdate
> close code=4999
< close 4999
eof


=== TEST 12: what comes after Close is not read
--- ws
< projectsUpdate
> close code=1001
> raw ff ff ff ff
< close 1001
eof


=== TEST 13: Close between fragments
--- ws
< projectsUpdate
> text nofin "{"
> close code=1000
< close 1000
eof


=== TEST 14: Close of one byte
--- ws
< projectsUpdate
> close hex: 03
< close 1002
eof


=== TEST 15: Close with a code that may not be sent
--- ws
< projectsUpdate
> close code=1005
< close 1002
eof


=== TEST 16: Close with a code that nobody has defined
--- ws
< projectsUpdate
> close code=999
< close 1002
eof


=== TEST 17: a reason that is not UTF-8
--- ws
< projectsUpdate
> close hex: 03 e8 c3 28
< close 1007
eof


=== TEST 18: a frame that is not masked
--- ws
< projectsUpdate
> text unmasked "{}"
< close 1002
eof


=== TEST 19: a ping that is not masked
--- ws
< projectsUpdate
> ping unmasked "x"
< close 1002
eof


=== TEST 20: RSV1 without an extension
--- ws
< projectsUpdate
> text rsv1 "{}"
< close 1002
eof


=== TEST 21: RSV2
--- ws
< projectsUpdate
> text rsv2 "{}"
< close 1002
eof


=== TEST 22: RSV3 on a control frame
--- ws
< projectsUpdate
> ping rsv3 "x"
< close 1002
eof


=== TEST 23: a reserved opcode
--- ws
< projectsUpdate
> opcode=3 "x"
< close 1002
eof


=== TEST 24: a reserved control opcode
--- ws
< projectsUpdate
> opcode=11 "x"
< close 1002
eof


=== TEST 25: nothing to continue
--- ws
< projectsUpdate
> cont "x"
< close 1002
eof


=== TEST 26: a message inside a message
--- ws
< projectsUpdate
> text nofin "a"
> text "b"
< close 1002
eof


=== TEST 27: a ping in fragments
--- ws
< projectsUpdate
> ping nofin "x"
< close 1002
eof


=== TEST 28: a ping of 126 bytes, refused before they come
--- ws
< projectsUpdate
> ping announce=126
< close 1002
eof


=== TEST 29: a length in 16 bits that needs 7
--- ws
< projectsUpdate
> text long16 "{}"
< close 1002
eof


=== TEST 30: a length in 64 bits that needs 16
--- ws
< projectsUpdate
> text long64 "x" x 300
< close 1002
eof


=== TEST 31: a length over 63 bits
--- ws
< projectsUpdate
> raw 81 ff 80 00 00 00 00 00 00 00 00 00 00 00
< close 1002
eof


=== TEST 32: a binary message
--- ws
< projectsUpdate
> binary "{}"
< close 1003
eof


=== TEST 33: a binary message in fragments
--- ws
< projectsUpdate
> binary nofin "{"
> cont "}"
< close 1003
eof


=== TEST 34: text that is not UTF-8
--- ws
< projectsUpdate
> text hex: 22 ff 22
< close 1007
eof


=== TEST 35: half a surrogate pair
--- ws
< projectsUpdate
> text hex: 22 ed a0 80 22
< close 1007
eof


=== TEST 36: text that ends within a character
--- ws
< projectsUpdate
> text hex: 22 e2 82
< close 1007
eof


=== TEST 37: what is not UTF-8 is refused before the message ends
--- ws
< projectsUpdate
> text nofin hex: f4 90
< close 1007
eof


=== TEST 38: a message just as long as it may be
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_max_message_size 300;
}
--- ws
< projectsUpdate
> text "x" x 300
< error invalidJson


=== TEST 39: one byte more, refused before it comes
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_max_message_size 300;
}
--- ws
< projectsUpdate
> text announce=301
< close 1009
eof


=== TEST 40: fragments that are too long together
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_max_message_size 300;
}
--- ws
< projectsUpdate
> text nofin "x" x 200
> cont nofin "x" x 100
> cont announce=1
< close 1009
eof


=== TEST 41: a frame that announces more than there is memory for
--- ws
< projectsUpdate
> text announce=9223372036854775807
< close 1009
eof


=== TEST 42: 64k, the default
--- ws_slice: 0 997
--- ws
< projectsUpdate
> text "x" x 65536
< error invalidJson
> text announce=65537
< close 1009
eof


=== TEST 43: many messages in one write
--- ws
< projectsUpdate
> raw 81 82 00 00 00 00 7b 7d 89 80 00 00 00 00 81 82 00 00 00 00 5b 5d
< error invalidEnvelope
< pong
< error invalidEnvelope


=== TEST 44: the client goes without a word
--- ws
< projectsUpdate
> text nofin "{"
end
