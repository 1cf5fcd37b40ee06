package OutboundWS::WebSocket;

# A WebSocket client, made to misbehave as a test likes, and strict about all
# that it is sent (RFC 6455, RFC 7692).
#
# All that was received stays, in $self->{events}: frames of a message put
# together, pings and pongs, the Close.  A frame that breaks the RFC fails the
# test where it is read.  What the messages mean is for OutboundWS::Client,
# above.

use strict;
use warnings;

use parent 'OutboundWS::Http';

use Compress::Raw::Zlib qw(MAX_WBITS Z_OK Z_BUF_ERROR Z_SYNC_FLUSH);
use Digest::SHA qw(sha1_base64);
use Encode ();
use MIME::Base64 qw(encode_base64);
use Test::Builder;

use OutboundWS::Frame;
use OutboundWS::Wait;

use constant GUID => '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';


# As OutboundWS::Http, and path and headers of the upgrade to come (see
# upgrade_request); deflate => what to offer of RFC 7692; deaf => 1 answers no
# ping.
sub new {
    my ($class, %o) = @_;

    my $self = $class->SUPER::new(path => '/ws', headers => [], %o);

    $self->{events} = [];
    $self->{taken} = 0;         # events that next_event() has returned
    $self->{upgraded} = 0;

    return $self;
}


# ---- sending ------------------------------------------------------------

# A frame as OutboundWS::Frame::encode() makes it.
sub send_frame {
    my ($self, %f) = @_;

    return $self->send_raw(OutboundWS::Frame::encode(%f), slice => $f{slice});
}


# A text message; characters are sent as UTF-8.
sub send_text {
    my ($self, $text, %f) = @_;

    utf8::encode($text) if utf8::is_utf8($text);

    return $self->send_frame(%f, type => 'text', payload => $text);
}


sub send_close {
    my ($self, $code, $reason) = @_;

    return $self->send_frame(type => 'close', payload =>
        OutboundWS::Frame::close_payload($code, $reason));
}


# ---- the opening handshake ----------------------------------------------

# The text of a good upgrade request to port.  headers: [name => value, ...];
# a name of the request takes its place, value undef leaves it out, a name
# given twice stands there twice.  key; method, path, version: of the request
# line.
sub upgrade_request {
    my (%o) = @_;
    my @changes = @{ $o{headers} // [] };
    my (%changed, @added);

    while (my ($name, $value) = splice(@changes, 0, 2)) {
        $changed{ lc $name } = 1;
        push @added, "$name: $value" if defined $value;
    }

    my @lines = (
        grep({ /^([^:]+)/; !$changed{ lc $1 } }
             "Host: 127.0.0.1:$o{port}",
             'Upgrade: websocket',
             'Connection: Upgrade',
             'Sec-WebSocket-Key: ' . ($o{key} // 'dGhlIHNhbXBsZSBub25jZQ=='),
             'Sec-WebSocket-Version: 13'),
        @added);

    return join("\r\n", join(' ', $o{method} // 'GET', $o{path} // '/ws',
                             $o{version} // 'HTTP/1.1'),
                        @lines, '', '');
}


# Asks for the upgrade; frames => bytes to send together with the request;
# the rest as above.  True when it was granted; $self->{answer} is the answer.
sub upgrade {
    my ($self, %o) = @_;
    my $key = encode_base64(pack('N4', map { int(rand(2 ** 32)) } 1 .. 4), '');
    my @headers = (@{ $self->{headers} }, @{ $o{headers} // [] });

    push @headers, 'Sec-WebSocket-Extensions' => $self->{deflate}
        if $self->{deflate};

    my $request = upgrade_request(port => $self->{port},
                                  path => $self->{path}, key => $key,
                                  %o, headers => \@headers);
    my $answer = $self->ask($request . ($o{frames} // ''),
                            slice => $o{slice});

    return 0 if $answer->{status} != 101;

    my $accept = sha1_base64($key . GUID) . '=';
    my $extension = $answer->{headers}{'sec-websocket-extensions'} // '';

    $self->fault("Sec-WebSocket-Accept is not $accept")
        if ($answer->{headers}{'sec-websocket-accept'} // '') ne $accept;
    $self->fault("negotiated but not offered: $extension")
        if $extension && !$self->{deflate};

    $self->{deflated} = $extension =~ /^permessage-deflate/;
    $self->{upgraded} = 1;
    $self->take_bytes;

    return 1;
}


# ---- receiving ----------------------------------------------------------

sub take_bytes {
    my ($self) = @_;

    return if !$self->{upgraded};

    while (my $frame = OutboundWS::Frame::decode(\$self->{in})) {
        $self->fault('a masked frame') if $frame->{masked};
        $self->fault("a $frame->{type} frame after Close")
            if defined $self->{closed};

        if ($frame->{type} =~ /^(?:cont|text|binary)$/) {
            $self->take_data($frame);

        } else {
            $self->take_control($frame);
        }
    }
}


# A frame of a message: its first, one more, or all of it.
sub take_data {
    my ($self, $frame) = @_;
    my $begun = $self->{begun};

    if ($begun) {
        $self->fault('a message inside a message') if $frame->{type} ne 'cont';
        $self->fault('RSV on a continuation') if $frame->{rsv};
        $begun->{payload} .= $frame->{payload};

    } else {
        $self->fault('nothing to continue') if $frame->{type} eq 'cont';
        $begun = $self->{begun} = $frame;
    }

    return if !$frame->{fin};

    delete $self->{begun};

    $self->fault("RSV is $begun->{rsv}")
        if $begun->{rsv} && !($self->{deflated} && $begun->{rsv} == 4);

    $begun->{payload} = inflate($begun->{payload}) if $begun->{rsv};

    $self->fault('text that is not UTF-8')
        if $begun->{type} eq 'text' && !is_utf8($begun->{payload});

    push @{ $self->{events} }, $begun;
    $self->take_message($begun);
}


# For whoever knows what the messages mean.
sub take_message { }


sub take_control {
    my ($self, $frame) = @_;
    my ($type, $payload) = @$frame{qw(type payload)};

    $self->fault("an unknown $type") if $type !~ /^(?:close|ping|pong)$/;
    $self->fault("a $type of " . length($payload) . ' bytes')
        if length($payload) > 125;
    $self->fault("a $type with fin $frame->{fin} rsv $frame->{rsv}")
        if !$frame->{fin} || $frame->{rsv};

    push @{ $self->{events} }, $frame;

    if ($type eq 'close') {
        $self->take_close($frame);

    } elsif ($type eq 'ping' && !$self->{deaf}) {
        $self->send_frame(type => 'pong', payload => $payload);
    }
}


sub take_close {
    my ($self, $frame) = @_;
    my $payload = $frame->{payload};

    $self->fault('a Close of one byte') if length($payload) == 1;

    my ($code, $reason) = length($payload) >= 2 ? unpack('na*', $payload)
                                                : (0, '');

    # section 7.4: these may be sent
    $self->fault("Close with code $code")
        if $code && $code !~ /^(?:100[0-37-9]|101[0-4]|[34]\d\d\d)$/;
    $self->fault('a reason that is not UTF-8') if !is_utf8($reason);

    $self->{closed} = $frame->{code} = $code;
}


sub is_utf8 {
    my ($bytes) = @_;

    return defined eval { Encode::decode('UTF-8', $bytes, Encode::FB_CROAK) };
}


# RFC 7692, section 7.2.2, without context takeover.
sub inflate {
    my ($data) = @_;
    my $z = Compress::Raw::Zlib::Inflate->new(-WindowBits => -MAX_WBITS);
    my $status = $z->inflate($data . "\x00\x00\xff\xff", my $text);

    die "inflate: $status" if $status != Z_OK && $status != Z_BUF_ERROR;

    return $text;
}


# Section 7.2.1; the frame that carries it has rsv => 4.
sub deflate {
    my ($text) = @_;
    my $z = Compress::Raw::Zlib::Deflate->new(-WindowBits => -MAX_WBITS);

    $z->deflate($text, my $data);
    $z->flush(my $rest, Z_SYNC_FLUSH);

    return substr($data . $rest, 0, -4);
}


# What the server did is wrong: the test fails, and goes on.
sub fault {
    my ($self, $what) = @_;
    my $builder = Test::Builder->new;
    my $i = 0;

    # the line of the test that was waiting
    $i++ while caller($i + 1) && (caller($i))[0] =~ /^(?:OutboundWS|Test::)/;

    $builder->ok(0, "$self->{name} is sent what it may be sent");
    $builder->diag("  $what\n  read at " . join(' line ', (caller($i))[1, 2]));
}


# ---- looking at what was received ---------------------------------------

# The next event that no call has returned yet: {type, payload, ...}; undef
# when the connection ends, or nothing comes.
sub next_event {
    my ($self) = @_;

    wait_for { $self->{taken} < @{ $self->{events} } || $self->{eof} };
    return undef if $self->{taken} >= @{ $self->{events} };

    return $self->{events}[ $self->{taken}++ ];
}


# Waits for the server's Close; its code, 0 when it has none, else undef.
sub wait_close {
    my ($self) = @_;

    wait_for { defined $self->{closed} || $self->{eof} };
    return $self->{closed};
}


# Sends a ping and waits for its pong: after it, all that the server had to
# say about what was sent before has been received.
sub sync {
    my ($self) = @_;
    my $mark = 'sync ' . ++$self->{syncs};

    $self->send_frame(type => 'ping', payload => $mark);

    return wait_for {
        $self->{eof} || grep { $_->{type} eq 'pong' && $_->{payload} eq $mark }
                        @{ $self->{events} };
    };
}


1;
