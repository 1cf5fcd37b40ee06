package Test::Nginx::Socket;

# A stand-in for Test::Nginx::Socket where the genuine one can't be had: just
# what the tests of this module use, in core Perl.  What it lacks, it refuses
# (and OutboundWS::Blocks, sections that it doesn't know): a test must not pass
# because nobody looked.
#
# Not here: starting nginx, which OutboundWS::Nginx does for both.

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Test::More ();

use Test::Nginx::Block;
use Test::Nginx::Util;

our $VERSION = 'stand-in';

our @EXPORT = qw(plan run_tests no_shuffle no_nginx_manager timeout
                 add_block_preprocessor add_cleanup_handler);

my $timeout = 3;
my (@preprocessors, @cleanups);

$Test::Nginx::Util::RunTestHelper = \&run_block;
$Test::Nginx::Util::CheckErrorLog = \&check_error_log;


sub plan { Test::More::plan(@_) }

# These ask for what is so anyway.
sub no_shuffle { }
sub no_nginx_manager { }

sub timeout                { $timeout = shift if @_; return $timeout }
sub add_block_preprocessor { unshift @preprocessors, shift }
sub add_cleanup_handler    { unshift @cleanups, shift }


sub run_tests {
    for my $block (Test::Nginx::Block::all()) {
        $_->($block) for @preprocessors;

        $block->set_value(name => "$0 " . $block->name);
        $Test::Nginx::Util::ErrLogFilePos = 0;
        $Test::Nginx::Util::RunTestHelper->($block, 0, 0);
    }

    $_->() for @cleanups;
}


# The stock helper: one request and what is expected of its answer.
sub run_block {
    my ($block) = @_;
    my $answer = ask(request_of($block));

    my $name = $block->name;
    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($code) = ($head // '') =~ m{^HTTP/1\.[01] (\d{3})};

    Test::More::is($code // '', $block->error_code // 200,
                   "$name - status code ok");
    check_headers($block, $head // '');

    Test::More::like("$head\r\n",
                     qr/${\ $block->raw_response_headers_like }/s,
                     "$name - raw_response_headers_like")
        if defined $block->raw_response_headers_like;
    Test::More::is($body, $block->response_body, "$name - response_body")
        if defined $block->response_body;
    Test::More::like($body, qr/${\ $block->response_body_like }/s,
                     "$name - response_body_like")
        if defined $block->response_body_like;

    check_error_log($block, undef, 0, 0, 0);
}


sub request_of {
    my ($block) = @_;

    return $block->raw_request if defined $block->raw_request;

    my $name = $block->name;
    my $request = $block->request // die "$name - no request";
    my ($line, $body) = split /\n/, $request, 2;
    my @headers = split /\n/, $block->more_headers // '';

    $line .= ' HTTP/1.1' if $line !~ m{ HTTP/\S+$};
    push @headers, 'Host: localhost' if !grep { /^Host:/i } @headers;
    push @headers, 'Connection: close' if !grep { /^Connection/i } @headers;

    if (defined $body && $body =~ /\S/) {
        $body =~ s/^\s+|\s+$//g;
        push @headers, 'Content-Length: ' . length($body);
    }

    return join("\r\n", $line, @headers, '', $body // '');
}


# Sends a request and reads until the server closes.
sub ask {
    my ($request) = @_;
    my $port = $Test::Nginx::Util::ServerPortForClient;
    my $answer = '';

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $port,
                                       Timeout => $timeout)
        or die "connect to port $port: $@";

    print $socket $request;

    while (IO::Select->new($socket)->can_read($timeout)) {
        sysread($socket, $answer, 65536, length($answer)) or return $answer;
    }

    Test::More::fail('the server closes the connection in time');
    return $answer;
}


# Lines "Name: value", exact, and "!Name" for one that must not be there.
sub check_headers {
    my ($block, $head) = @_;
    my $name = $block->name;
    my %got;

    for (split /\r\n/, $head) {
        push @{ $got{ lc $1 } }, $2 if /^([^:\s]+):\s*(.*?)\s*$/;
    }

    for (split /\n/, $block->response_headers // '') {
        if (/^\s*!\s*(\S+)\s*$/) {
            Test::More::ok(!$got{ lc $1 }, "$name - header $1 not present");

        } elsif (/^\s*([^:\s]+)\s*:\s*(.*?)\s*$/) {
            Test::More::is(join(', ', @{ $got{ lc $1 } // [] }), $2,
                           "$name - header $1 ok");
        }
    }
}


sub check_error_log {
    my ($block) = @_;
    my $name = $block->name;
    my @wanted = patterns($block->error_log);
    my @unwanted = patterns($block->no_error_log);
    my @lines;

    # the log may come after the answer
    for (1 .. 20 * $timeout) {
        @lines = log_lines();
        last if !grep { !found($_, @lines) } @wanted;
        select(undef, undef, undef, 0.05);
    }

    Test::More::ok(found($_, @lines), "$name - \"$_\" is in error.log")
        for @wanted;
    Test::More::ok(!found($_, @lines), "$name - \"$_\" is not in error.log")
        for @unwanted;
}


sub log_lines {
    open(my $in, '<', $Test::Nginx::Util::ErrLogFile)
        or die "$Test::Nginx::Util::ErrLogFile: $!";
    seek($in, $Test::Nginx::Util::ErrLogFilePos, 0);

    return <$in>;
}


# A list of strings and patterns, one of them, or lines.
sub patterns {
    my ($section) = @_;

    return () if !defined $section;
    return @$section if ref $section eq 'ARRAY';
    return $section if ref $section;
    return grep { $_ ne '' } split /\n/, $section;
}


sub found {
    my ($pattern, @lines) = @_;

    return scalar grep {
        ref $pattern ? $_ =~ $pattern : index($_, $pattern) >= 0;
    } @lines;
}


1;
