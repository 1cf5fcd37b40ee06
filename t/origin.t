# Which Origins may connect: outbound_ws_origin.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

run_tests();

__DATA__

=== TEST 1: by default the Origin must be the Host
--- more_headers
Host: calls.example.com
Origin: http://calls.example.com
--- ws
< projectsUpdate


=== TEST 2: another host
--- upgrade
Host: calls.example.com
Origin: http://evil.example.com
--- error_code: 403


=== TEST 3: a host that only begins as this one
--- upgrade
Host: calls.example.com
Origin: http://calls.example.com.evil.example
--- error_code: 403


=== TEST 4: a host that only ends as this one
--- upgrade
Host: example.com
Origin: http://badexample.com
--- error_code: 403


=== TEST 5: another port
--- upgrade
Host: calls.example.com:8080
Origin: http://calls.example.com:8081
--- error_code: 403


=== TEST 6: the same port
--- more_headers
Host: calls.example.com:8080
Origin: http://calls.example.com:8080
--- ws
< projectsUpdate


=== TEST 7: a scheme's default port equals none, and case does not matter
--- more_headers
Host: Calls.Example.com
Origin: http://calls.example.COM:80
--- ws
< projectsUpdate


=== TEST 8: a request without Origin is not from a browser
--- more_headers
Host: calls.example.com
--- ws
< projectsUpdate


=== TEST 9: an opaque Origin
--- upgrade
Host: null
Origin: null
--- error_code: 403


=== TEST 10: an empty Origin
--- upgrade
Origin:
--- error_code: 403


=== TEST 11: two Origins
--- upgrade
Host: calls.example.com
Origin: http://calls.example.com
Origin: http://calls.example.com
--- error_code: 403


=== TEST 12: a user in front of the host
--- upgrade
Host: calls.example.com
Origin: http://calls.example.com@evil.example
--- error_code: 403


=== TEST 13: any admits every Origin
--- config
location = /ws {
    outbound_ws projects;
    outbound_ws_origin any;
}
--- more_headers
Origin: null
--- ws
< projectsUpdate


=== TEST 14: a list of origins
--- config
outbound_ws_origin https://a.example https://b.example:8443;
location = /ws { outbound_ws projects; }
--- more_headers
Origin: https://b.example:8443
--- ws
< projectsUpdate


=== TEST 15: a list of origins does not admit the Host
--- config
outbound_ws_origin https://a.example https://b.example:8443;
location = /ws { outbound_ws projects; }
--- upgrade
Host: calls.example.com
Origin: http://calls.example.com
--- error_code: 403


=== TEST 16: an exact origin has a scheme
--- config
outbound_ws_origin https://a.example;
location = /ws { outbound_ws projects; }
--- upgrade
Origin: http://a.example
--- error_code: 403


=== TEST 17: a host pattern
--- config
outbound_ws_origin https://a.example *.example.com;
location = /ws { outbound_ws projects; }
--- more_headers
Origin: http://x.y.example.com:81
--- ws
< projectsUpdate


=== TEST 18: a host pattern does not admit the host itself
--- config
outbound_ws_origin *.example.com;
location = /ws { outbound_ws projects; }
--- upgrade
Origin: http://example.com
--- error_code: 403


=== TEST 19: a host pattern begins at a dot
--- config
outbound_ws_origin *.example.com;
location = /ws { outbound_ws projects; }
--- upgrade
Origin: http://badexample.com
--- error_code: 403


=== TEST 20: a location's own origins take the place of the server's
--- config
outbound_ws_origin any;
location = /ws {
    outbound_ws projects;
    outbound_ws_origin https://a.example;
}
--- upgrade
Origin: https://b.example
--- error_code: 403
