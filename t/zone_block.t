# outbound_ws_zone as a block: what it must hold, and who may name it.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS::Blocks;

run_tests();

__DATA__

=== TEST 1: a zone without a PBX
--- http_config
outbound_ws_zone other 1m {
    max_projects 10;
}
--- must_die
--- culprit: }
--- error_log
[emerg]
outbound_ws_zone "other" has no "pbx"


=== TEST 2: two zones of one name
--- http_config
outbound_ws_zone projects 1m {
    pbx https://pbx.example.com;
}
--- must_die
--- culprit: outbound_ws_zone projects 1m {
--- error_log
[emerg]
outbound_ws_zone "projects" is duplicate


=== TEST 3: a zone that nobody has described
--- config
location = /ws {
    outbound_ws nowhere;
}
--- must_die
--- culprit: outbound_ws nowhere;
--- error_log
[emerg]
"nowhere"


=== TEST 4: a zone's name is not a shared memory zone of another module
--- http_config
limit_conn_zone $binary_remote_addr zone=projects:1m;
--- must_die
--- error_log
[emerg]
"projects"


=== TEST 5: two zones, and one that is named before it is described
--- config
location = /ws { outbound_ws later; }
location = /other { outbound_ws projects; }
--- http_config
server {
    listen 127.0.0.1:$TEST_NGINX_SERVER_PORT;
    server_name other.example.com;
    location = /ws { outbound_ws later; }
}
outbound_ws_zone later 1m {
    pbx http://127.0.0.1:9;
}
--- ws
< projectsUpdate
