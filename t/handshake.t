# An HTTP request becomes a client, or gets an answer that says why not.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

run_tests();

__DATA__

=== TEST 1: a good upgrade
--- ws
< projectsUpdate triggeredBy=system stats.totalProjects=0
> close code=1000
< close 1000
eof


=== TEST 2: header values in any case, and among others
--- more_headers
Upgrade: h2c, WebSocket
Connection: keep-alive, upGRADE
--- ws
< projectsUpdate


=== TEST 3: GET without an upgrade
--- request
GET /ws
--- error_code: 426
--- response_headers
Upgrade: websocket
!Sec-WebSocket-Version
--- raw_response_headers_like: Connection: Upgrade\r\n


=== TEST 4: no Upgrade header
--- upgrade
!Upgrade
--- error_code: 426
--- response_headers
Upgrade: websocket


=== TEST 5: an upgrade to something else
--- upgrade
Upgrade: websocket2, h2c
--- error_code: 426


=== TEST 6: Connection does not ask for the upgrade
--- upgrade
Connection: close
--- error_code: 426


=== TEST 7: HTTP/1.0 has no upgrade
--- upgrade
GET /ws HTTP/1.0
--- error_code: 426


=== TEST 8: an older version
--- upgrade
Sec-WebSocket-Version: 8
--- error_code: 426
--- response_headers
Sec-WebSocket-Version: 13
Upgrade: websocket
--- raw_response_headers_like: Connection: Upgrade\r\n


=== TEST 9: no version
--- upgrade
!Sec-WebSocket-Version
--- error_code: 426
--- response_headers
Sec-WebSocket-Version: 13


=== TEST 10: a version that only begins as the right one
--- upgrade
Sec-WebSocket-Version: 130
--- error_code: 426
--- response_headers
Sec-WebSocket-Version: 13


=== TEST 11: no key
--- upgrade
!Sec-WebSocket-Key
--- error_code: 400


=== TEST 12: an empty key
--- upgrade
Sec-WebSocket-Key:
--- error_code: 400


=== TEST 13: a key of 15 bytes
--- upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j
--- error_code: 400


=== TEST 14: a key of 17 bytes
--- upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=
--- error_code: 400


=== TEST 15: a key that is not base64
--- upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==
--- error_code: 400


=== TEST 16: two keys
--- upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
--- error_code: 400


=== TEST 17: POST, even with all that an upgrade needs
--- upgrade
POST /ws
Content-Length: 0
--- error_code: 405
--- response_headers
Allow: GET


=== TEST 18: HEAD
--- upgrade
HEAD /ws
--- error_code: 405
--- response_headers
Allow: GET


=== TEST 19: what stands in front of a content handler goes first
--- config
location = /ws {
    deny all;
    outbound_ws projects;
}
--- upgrade
GET /ws
--- error_code: 403


=== TEST 20: an authentication request is asked, and refuses
--- config
location = /ws {
    auth_request /auth;
    outbound_ws projects;
}
location = /auth { internal; return 401; }
--- upgrade
GET /ws
--- error_code: 401


=== TEST 21: an authentication request is asked, and lets pass
--- config
location = /ws {
    auth_request /auth;
    outbound_ws projects;
}
location = /auth { internal; return 204; }
--- ws
< projectsUpdate


=== TEST 22: only the location given is taken over
--- config
location = /ws { outbound_ws projects; }
location = /other { return 200 "not a WebSocket\n"; }
--- upgrade
GET /other
--- error_code: 200
--- response_body
not a WebSocket


=== TEST 23: a client whose worker goes is told to come back
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_shutdown_delay 0;
}
--- ws
< projectsUpdate
reload
< close 1001
> close code=1001
eof


=== TEST 24: a body that comes with an upgrade would be taken for frames
--- upgrade
Content-Length: 10
--- error_code: 400


=== TEST 25: the same in chunks
--- upgrade
Transfer-Encoding: chunked
--- error_code: 400


=== TEST 26: an "if" in the location is still the location
--- config
location = /ws {
    outbound_ws projects;
    if ($http_user_agent = "") {
        set $nobody 1;
    }
}
--- ws
< projectsUpdate


=== TEST 27: so is "limit_except"
--- config
location = /ws {
    outbound_ws projects;
    limit_except POST {
        allow all;
    }
}
--- ws
< projectsUpdate


=== TEST 28: an error_page that leads here does not change the 101
--- config
location = /ws { error_page 404 /real; return 404; }
location = /real { outbound_ws projects; }
--- ws
< projectsUpdate
