package OutboundWS::Blocks;

# Test::Nginx for this module: its blocks as anyone knows them, and three
# sections more.
#
#     use OutboundWS::Blocks;
#     run_tests();
#     __DATA__
#
#     === TEST 1: a name
#     --- zone             what the block of outbound_ws_zone "projects" holds
#     --- config           what the server holds; default: location = /ws
#     --- ws               a conversation (OutboundWS::Conversation, where the
#                          sections ws_slice, ws_echo, ws_deflate stand too)
#     --- upgrade          a good upgrade request to /ws, changed line by line
#                          (see upgrade_request below), and then as any other
#                          request: error_code, response_headers ...
#     --- must_die         nginx -t refuses the configuration
#     --- culprit          with must_die: the line that nginx must name
#
# It wraps the stock run helper: Test::Nginx reads the blocks, sends requests
# and checks answers, and nginx is started as everywhere in this suite, by
# OutboundWS::Nginx.  Blocks of the same configuration that follow each other
# share one, unless TEST_NGINX_FORCE_RESTART_ON_TEST is set; with
# TEST_NGINX_USE_HUP all share one, and it is reloaded between them.  When the
# genuine Test::Nginx isn't installed, or with TEST_NGINX_COMPAT, the stand-in
# in t/compat takes its place.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename qw(dirname);
use Test::More ();

use OutboundWS;
use OutboundWS::Conversation;
use OutboundWS::Nginx;
use OutboundWS::WebSocket;

# A section that isn't here is a mistake, and so the block fails; the stand-in
# understands no more than these.
my @nginx_sections = qw(config zone http_config main_config);
my @own_sections = qw(ws ws_slice ws_echo ws_deflate upgrade culprit);
my @stock_sections = qw(request more_headers raw_request error_code
                        response_headers raw_response_headers_like
                        response_body response_body_like error_log
                        no_error_log must_die ONLY LAST SKIP);
my %known = map { $_ => 1 } @nginx_sections, @own_sections, @stock_sections;

my %wanted;         # block => its sections that Test::Nginx must not see
my $running;        # the nginx of the last block, an OutboundWS


sub import {
    my $compat = dirname(__FILE__) . '/../../compat';

    # a genuine one that can't be loaded is as good as none
    if ($ENV{TEST_NGINX_COMPAT} || !eval { require Test::Nginx::Socket; 1 }) {
        delete @INC{grep { m{^Test/Nginx/} } keys %INC};
        unshift @INC, $compat;
        require Test::Nginx::Socket;
    }

    { package main; Test::Nginx::Socket->import; }

    Test::More::diag("Test::Nginx $Test::Nginx::Socket::VERSION of ",
                     realpath($INC{'Test/Nginx/Socket.pm'}));

    main::plan('no_plan');
    main::no_shuffle();
    main::no_nginx_manager();
    main::timeout($OutboundWS::Wait::Limit);
    main::add_block_preprocessor(\&prepare);
    main::add_cleanup_handler(\&finish);

    my $stock = $Test::Nginx::Util::RunTestHelper;

    no warnings 'once';
    $Test::Nginx::Util::RunTestHelper = sub { run($stock, @_) };
}


# Takes what belongs into the configuration out of the block: Test::Nginx
# would warn that it ignores it.
sub prepare {
    my ($block) = @_;
    my @unknown = grep { !$known{$_} } @{ $block->_section_order };

    die $block->name . ": unknown section @unknown\n" if @unknown;

    for my $section (@nginx_sections) {
        $wanted{$block}{$section} = $block->$section;
        $block->set_value($section, undef) if defined $block->$section;
    }
}


sub run {
    my ($stock, $block, $dry_run, @rest) = @_;

    my $done = eval {
        my $nginx = nginx_for($block);

        if (defined $block->must_die) {
            must_die($block, $nginx);

        } elsif (defined $block->ws) {
            OutboundWS::Conversation::run($nginx, $block);
            check_error_log($block);

        } else {
            $block->set_value('raw_request',
                              upgrade_request($nginx, $block->upgrade))
                if defined $block->upgrade;
            $stock->($block, $dry_run, @rest);
        }

        1;
    };

    Test::More::fail($block->name . " - $@") if !$done;
}


# The nginx for a block; where Test::Nginx looks for ports and logs, it finds
# this one's.
sub nginx_for {
    my ($block) = @_;
    my %conf = map { $_ => $wanted{$block}{$_} } @nginx_sections;
    my $start = !defined $block->must_die;
    my $same = join("\0", map { $_ // '' } $start, @conf{@nginx_sections});

    if (!$running || !keep($start, $same, \%conf)) {
        finish();
        $running = OutboundWS->new(%conf, workers => 2, start => $start);
    }

    $running->{same} = $same;
    $running->{started} = $start;

    my $nginx = $running->nginx;

    no warnings 'once';
    $Test::Nginx::Util::ServerPort = $nginx->{port};
    $Test::Nginx::Util::ServerPortForClient = $nginx->{port};
    $Test::Nginx::Util::ErrLogFile = "$nginx->{prefix}/logs/error.log";
    $Test::Nginx::Util::AccLogFile = "$nginx->{prefix}/logs/access.log";
    $Test::Nginx::Util::ErrLogFilePos = -s $Test::Nginx::Util::ErrLogFile || 0;

    return $running;
}


# True when the nginx of the last block serves the next one too.
sub keep {
    my ($start, $same, $conf) = @_;

    return 0 if !$start || !$running->{started};

    if ($ENV{TEST_NGINX_USE_HUP}) {
        $running->nginx->reload(%$conf);
        return 1;
    }

    return $same eq $running->{same}
           && !$ENV{TEST_NGINX_FORCE_RESTART_ON_TEST};
}


sub finish {
    return if !$running;

    my $ended = $running;
    undef $running;

    $ended->nginx->expect_log(qr/\[emerg\]/) if !$ended->{started};
    $ended->finish;
}


# nginx -t must fail, and name the file and the line of the culprit.
sub must_die {
    my ($block, $t) = @_;
    my $name = $block->name;
    my $nginx = $t->nginx;
    my ($status, $output) = $nginx->test_config;

    Test::More::isnt($status, 0, "$name - nginx -t refuses it");

    my $file = $nginx->conf_file;
    my ($line) = $output =~ /\[emerg\].* in \Q$file\E:(\d+)$/m;
    my $at = defined $line ? $nginx->conf_line($line) : $output;

    if (defined $block->culprit) {
        Test::More::like($at, qr/^\s*\Q${\ trim($block->culprit) }\E\s*$/,
                         "$name - it names the line");
    }

    check_error_log($block);
}


# The stock check of --- error_log and --- no_error_log.
sub check_error_log {
    my ($block) = @_;

    $Test::Nginx::Util::CheckErrorLog->($block, undef, 0, 0, 0)
        if defined $block->error_log || defined $block->no_error_log;
}


# Lines of --- upgrade: "POST /ws HTTP/1.1", at most once, for the request
# line; "Name: value" for a header that takes the place of the request's own;
# "!Name" for one left out.
sub upgrade_request {
    my ($t, $lines) = @_;
    my (%request, @headers);

    for my $line (grep { /\S/ } split /\n/, $lines) {
        if ($line =~ m{^([A-Z]+) (\S+)(?: (HTTP/\S+))?\s*$}) {
            @request{qw(method path version)} = ($1, $2, $3);

        } elsif ($line =~ /^!\s*(\S+)\s*$/) {
            push @headers, $1 => undef;

        } elsif ($line =~ /^([^:\s]+):\s*(.*?)\s*$/) {
            push @headers, $1 => $2;

        } else {
            die "--- upgrade: \"$line\"";
        }
    }

    # stock requests end with the connection
    push @headers, Connection => 'Upgrade, close'
        if $lines !~ /^[!\s]*Connection\b/mi;

    return OutboundWS::WebSocket::upgrade_request(
        port => $t->nginx->{port}, headers => \@headers, %request);
}


sub trim {
    my ($text) = @_;

    $text =~ s/^\s+|\s+$//g;
    return $text;
}


1;
