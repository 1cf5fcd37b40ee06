package OutboundWS::Http;

# A connection to a server on the loopback, plain or TLS, and HTTP/1.1 on it.
#
# Nothing blocks: pump() reads what is there, and whoever waits does so in
# wait_for(), which pumps every connection of the test.  While $self->{paused}
# is set nothing is read.  OutboundWS::WebSocket makes more of it.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Scalar::Util qw(weaken);
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_RCVBUF);

use OutboundWS::Wait;

my %open;       # fileno => connection (weak) whose socket is open
my $count = 0;

$SIG{PIPE} = 'IGNORE';
$OutboundWS::Wait::Idle = \&pump_all;


# Connects to port of the loopback.  tls => 1; receive_buffer => bytes; name,
# for messages.
sub new {
    my ($class, %o) = @_;

    my @small = $o{receive_buffer}
                ? ([ SOL_SOCKET, SO_RCVBUF, $o{receive_buffer} ]) : ();
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $o{port},
                                       Sockopts => \@small,
                                       Timeout => $OutboundWS::Wait::Limit)
        or die "connect to port $o{port}: $@";

    $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);

    if ($o{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($socket, SSL_verify_mode => 0,
                                   SSL_hostname => 'localhost',
                                   Timeout => $OutboundWS::Wait::Limit)
            or die 'TLS: ' . IO::Socket::SSL::errstr();
    }

    $socket->blocking(0);

    my $self = bless {
        name   => 'client ' . ++$count,
        %o,
        socket => $socket,
        in     => '',           # bytes not looked at yet
        eof    => 0,
    }, $class;

    weaken($open{ fileno($socket) } = $self);

    return $self;
}


sub DESTROY {
    my ($self) = @_;

    $self->disconnect if $self->{socket};
}


# Ends the connection without a word.
sub disconnect {
    my ($self) = @_;

    delete $open{ fileno($self->{socket}) };
    close(delete $self->{socket});
    $self->{eof} = 1;
}


# ---- sending ------------------------------------------------------------

# Sends bytes as they are; slice => n: so many at a time, each time waiting
# until the peer has read them.  False when the peer has closed.
sub send_raw {
    my ($self, $bytes, %o) = @_;

    return $self->write_out($bytes) if !$o{slice};

    while (length($bytes)) {
        $self->write_out(substr($bytes, 0, $o{slice}, '')) or return 0;
        wait_for { $self->{eof} || $self->all_read };
    }

    return 1;
}


sub write_out {
    my ($self, $bytes) = @_;

    my $done = wait_for {
        return 1 if $self->{eof};

        my $n = syswrite($self->{socket}, $bytes);

        if (defined $n) {
            substr($bytes, 0, $n, '');

        } elsif (!$!{EAGAIN} && !$!{EINTR}) {
            $self->{eof} = 1;
        }

        return $bytes eq '';
    };

    die "$self->{name}: the server takes nothing" if !$done;
    return !$self->{eof};
}


# True when the server's kernel holds nothing of ours that nginx has not
# read: the receive queue of the server's end, in /proc/net/tcp.
sub all_read {
    my ($self) = @_;
    my $ends = sprintf(':%04X 0100007F:%04X ', $self->{socket}->peerport,
                       $self->{socket}->sockport);

    open(my $in, '<', '/proc/net/tcp') or die "/proc/net/tcp: $!";

    while (<$in>) {
        next if index($_, $ends) < 0;
        return / [0-9A-F]{2} [0-9A-F]{8}:00000000 /;
    }

    return 1;
}


# Sends a request and returns its answer: {status, line, headers, body}, the
# headers' names in lower case.  Dies when none comes.
sub ask {
    my ($self, $request, %o) = @_;
    my $answer;

    $self->send_raw($request, %o);
    wait_for { $answer = $self->take_answer } or die 'no answer';

    return $self->{answer} = $answer;
}


sub get {
    my ($self, $path, @lines) = @_;

    return $self->ask(join("\r\n", "GET $path HTTP/1.1",
                           "Host: 127.0.0.1:$self->{port}", @lines, '', ''));
}


# Takes one whole answer off what was read.  A body has a Content-Length, or
# lasts until the connection ends.
sub take_answer {
    my ($self) = @_;

    return undef if $self->{in} !~ /\A(.*?\r\n)\r\n/s;

    my $size = length($1) + 2;
    my ($line, @lines) = split /\r\n/, $1;
    my ($status) = $line =~ m{^HTTP/1\.1 (\d{3})} or die "answer \"$line\"";
    my %headers;

    for (@lines) {
        my ($name, $value) = /^([^:\s]+):\s*(.*?)\s*$/ or die "header \"$_\"";
        push @{ $headers{ lc $name } }, $value;
    }

    %headers = map { $_ => join(', ', @{ $headers{$_} }) } keys %headers;

    my $length = $status == 101 ? 0 : $headers{'content-length'};
    my $rest = length($self->{in}) - $size;

    return undef if defined $length ? $rest < $length : !$self->{eof};

    substr($self->{in}, 0, $size, '');

    return {
        status  => $status,
        line    => $line,
        headers => \%headers,
        body    => substr($self->{in}, 0, $length // $rest, ''),
    };
}


# ---- receiving ----------------------------------------------------------

# Reads for every open connection; waits that long when there is nothing.
sub pump_all {
    my ($seconds) = @_;
    my @readers = grep { $_ && !$_->{paused} && !$_->{eof} } values %open;

    if (!@readers) {
        select(undef, undef, undef, $seconds);
        return;
    }

    my $select = IO::Select->new(map { $_->{socket} } @readers);

    for my $socket ($select->can_read($seconds)) {
        $open{ fileno($socket) }->pump;
    }
}


# Reads what is there.
sub pump {
    my ($self) = @_;

    # until it runs dry: TLS may hold bytes that select() doesn't see
    while (!$self->{eof}) {
        my $n = sysread($self->{socket}, $self->{in}, 65536,
                        length($self->{in}));
        next if $n;
        last if !defined $n && ($!{EAGAIN} || $!{EINTR});

        $self->{eof} = 1;
    }

    $self->take_bytes;
}


# For whoever does not wait for answers only.
sub take_bytes { }


# Waits until the server has ended the connection.
sub wait_eof {
    my ($self) = @_;

    return wait_for { $self->{eof} };
}


1;
