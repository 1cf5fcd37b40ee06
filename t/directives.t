# Each directive refuses what is wrong with it: nginx -t names the file, the
# line, the value and the reason.

use FindBin;
use lib "$FindBin::Bin/lib";
use OutboundWS;

# context, the directive, and what the message must say
my @mistakes = (
    [ http => 'outbound_ws_zone a 1m;' => 'has no opening "{"' ],
    [ http => 'outbound_ws_zone a { pbx http://a; }' => 'number of arg' ],
    [ http => 'outbound_ws_zone a 1x { pbx http://a; }'
           => 'invalid size "1x"' ],
    [ http => 'outbound_ws_zone a 8k { pbx http://a; }' => 'size "8k"' ],

    [ zone => 'pbx ftp://a;' => 'invalid pbx "ftp://a"' ],
    [ zone => 'pbx a;' => 'invalid pbx "a"' ],
    [ zone => 'pbx https://;' => 'invalid pbx "https://"' ],
    [ zone => 'pbx https://a/path;' => 'invalid pbx "https://a/path"' ],
    [ zone => 'pbx https://a:99999;' => 'invalid pbx "https://a:99999"' ],
    [ zone => 'pbx https://u:p@a;' => 'invalid pbx "https://u:p@a"' ],
    [ zone => 'pbx https://a https://b;' => 'number of arguments in "pbx"' ],
    [ more => 'pbx https://b;' => '"pbx" directive is duplicate' ],

    [ more => 'pbx_ssl_verify maybe;' => 'invalid value "maybe"' ],
    [ more => 'pbx_ssl_trusted_certificate /no/such/file;'
           => '/no/such/file' ],
    [ more => 'pbx_caller_types Wivr;' => 'invalid caller type "Wivr"' ],
    [ more => 'pbx_caller_types;' => 'number of arguments' ],
    [ more => 'pbx_retry 1s;' => 'number of arguments' ],
    [ more => 'pbx_retry x 1s;' => 'invalid time "x"' ],
    [ more => 'pbx_retry 0 1s;' => 'invalid time "0"' ],
    [ more => 'pbx_retry 2s 1s;' => '"2s" is longer than "1s"' ],
    [ more => 'max_projects 0;' => 'must be between 1 and' ],
    [ more => 'max_projects many;' => 'invalid number' ],
    [ more => 'broadcast_interval soon;' => 'invalid value' ],
    [ more => 'listen 80;' => 'not allowed here' ],
    [ more => 'outbound_ws projects;' => 'not allowed here' ],

    map({ [ more => "$_ 0;" => 'must be longer than 0' ],
          [ more => "$_ soon;" => 'invalid value' ],
          [ more => "$_ 1s; $_ 1s;" => 'is duplicate' ] }
        qw(pbx_connect_timeout pbx_read_timeout pbx_ping_interval)),

    [ server => 'pbx http://a;' => 'not allowed here' ],
    [ server => 'outbound_ws projects;' => 'not allowed here' ],

    [ location => 'outbound_ws;' => 'number of arguments' ],
    [ location => 'outbound_ws projects; outbound_ws projects;'
               => 'is duplicate' ],
    [ location => 'outbound_ws_commands maybe;' => 'invalid value "maybe"' ],

    [ location => 'outbound_ws_origin;' => 'number of arguments' ],
    [ location => 'outbound_ws_origin a.example;'
               => 'invalid origin "a.example"' ],
    [ location => 'outbound_ws_origin https://;'
               => 'invalid origin "https://"' ],
    [ location => 'outbound_ws_origin https://a/path;'
               => 'invalid origin "https://a/path"' ],
    [ location => 'outbound_ws_origin https://a:99999;'
               => 'invalid origin "https://a:99999"' ],
    [ location => 'outbound_ws_origin *.;' => 'invalid origin "*."' ],
    [ location => 'outbound_ws_origin *.a.example:80;'
               => 'invalid origin "*.a.example:80"' ],
    [ location => 'outbound_ws_origin https://*.a;'
               => 'invalid origin "https://*.a"' ],
    [ location => 'outbound_ws_origin any https://a;'
               => 'invalid origin "any"' ],
    [ location => 'outbound_ws_origin https://a same;'
               => 'invalid origin "same"' ],

    map({ [ location => "outbound_ws_command_rate $_;" => 'invalid rate' ] }
        qw(often 10 0r/s 10r/h -1r/s r/s 1000001r/s)),
    map({ [ location => "outbound_ws_command_rate 1r/s $_;"
            => 'invalid parameter' ] }
        qw(burst burst= burst=x rate=1 burst=1000001)),
    [ location => 'outbound_ws_command_rate off burst=1;'
      => 'must stand alone' ],
    [ location => join(' ', ('outbound_ws_command_rate 1r/s;') x 2)
      => 'is duplicate' ],

    map({ [ location => "$_ 0;" => 'must be greater than 0' ],
          [ location => "$_ big;" => 'invalid value' ] }
        qw(outbound_ws_max_message_size outbound_ws_queue_size)),

    map({ [ location => "$_ 0;" => 'must be longer than 0' ],
          [ location => "$_ soon;" => 'invalid value' ],
          [ location => "$_ 1s; $_ 1s;" => 'is duplicate' ] }
        qw(outbound_ws_ping_interval outbound_ws_timeout
           outbound_ws_send_timeout)),

    [ location => 'outbound_ws_shutdown_delay soon;' => 'invalid value' ],
);

my $pbx = 'pbx http://127.0.0.1:9;';

# where a directive of each context stands in the configuration
my %place = (
    http     => sub { (http_config => $_[0]) },
    zone     => sub { (zone => $_[0]) },
    more     => sub { (zone => "$pbx\n$_[0]") },
    server   => sub { (config => $_[0]) },
    location => sub { (config => "location = /ws {\n$_[0]\n}") },
);

my $t = OutboundWS->new(start => 0);
my $nginx = $t->nginx;

is(($nginx->test_config)[0], 0, 'the configuration of all tests is good');

for my $mistake (@mistakes) {
    my ($context, $text, $reason) = @$mistake;

    $nginx->configure(config => undef, http_config => undef, zone => undef,
                      $place{$context}->($text));

    my ($status, $out) = $nginx->test_config;
    my ($message, $line) = $out =~ /\[emerg\] (.*):(\d+)$/m;

    subtest "$context: $text" => sub {
        isnt($status, 0, 'is refused');
        like($message // $out, qr/\Q$reason\E/, 'for that reason');
        like($message // $out, qr/ in \Q${\ $nginx->conf_file }\E$/,
             'naming the file');
        is($nginx->conf_line($line // 0), $text, 'and the line');
    };
}

$nginx->expect_log(qr/\[emerg\]/);
done_testing;
