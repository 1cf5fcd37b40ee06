package OutboundWS::Frame;

# RFC 6455 frames as bytes, right ones and wrong ones.

use strict;
use warnings;

our %Opcode = (cont => 0, text => 1, binary => 2,
               close => 8, ping => 9, pong => 10);
my %name = reverse %Opcode;


# A client's frame.  type: a name of %Opcode, or a number; payload.  Then what
# a test may want otherwise: fin => 0, rsv => 1 .. 7, masked => 0, key => 4
# bytes, length => what is announced, form => 7, 16 or 64 (bits that hold the
# length).
sub encode {
    my (%f) = @_;
    my $payload = $f{payload} // '';
    my $length = $f{length} // length($payload);
    my $masked = $f{masked} // 1;
    my $form = $f{form} // ($length < 126 ? 7 : $length < 65536 ? 16 : 64);
    my $opcode = $Opcode{ $f{type} } // $f{type};
    my $bit = $masked ? 0x80 : 0;

    my $bytes = pack('C', ($f{fin} // 1) << 7 | ($f{rsv} // 0) << 4 | $opcode);

    if ($form == 7) {
        $bytes .= pack('C', $bit | $length);

    } elsif ($form == 16) {
        $bytes .= pack('Cn', $bit | 126, $length);

    } else {
        $bytes .= pack('CQ>', $bit | 127, $length);
    }

    if ($masked) {
        my $key = $f{key} // pack('N', int(rand(2 ** 32)));
        $bytes .= $key;
        $payload = mask($payload, $key);
    }

    return $bytes . $payload;
}


sub mask {
    my ($payload, $key) = @_;
    my $length = length($payload);

    return $payload ^ substr($key x ($length / 4 + 1), 0, $length);
}


# The payload of a Close frame.
sub close_payload {
    my ($code, $reason) = @_;

    return '' if !$code;
    return pack('n', $code) . ($reason // '');
}


# Takes one whole frame off the front of $$buf: {type, fin, rsv, masked,
# payload}; undef when there is none yet.
sub decode {
    my ($buf) = @_;

    return undef if length($$buf) < 2;

    my ($first, $second) = unpack('CC', $$buf);
    my $length = $second & 0x7f;
    my $head = 2;

    if ($length == 126) {
        return undef if length($$buf) < 4;
        $length = unpack('x2n', $$buf);
        $head = 4;

    } elsif ($length == 127) {
        return undef if length($$buf) < 10;
        $length = unpack('x2Q>', $$buf);
        $head = 10;
    }

    my $masked = $second >> 7;
    my $key = '';

    if ($masked) {
        return undef if length($$buf) < $head + 4;
        $key = substr($$buf, $head, 4);
        $head += 4;
    }

    return undef if length($$buf) < $head + $length;

    my $payload = substr($$buf, $head, $length);
    substr($$buf, 0, $head + $length, '');

    return {
        type    => $name{$first & 0x0f} // 'opcode' . ($first & 0x0f),
        fin     => $first >> 7,
        rsv     => $first >> 4 & 7,
        masked  => $masked,
        payload => $masked ? mask($payload, $key) : $payload,
    };
}


1;
