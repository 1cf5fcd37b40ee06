package OutboundWS::Conversation;

# The language of --- ws: one client's conversation, a line at a time.
#
# What the client does:
#
#     > TEXT                   a text message, as it stands
#     > TYPE [FLAG ...] [DATA] one frame: text, binary, cont, ping, pong, close
#                              or opcode=N; flags: nofin, rsv1 .. rsv3,
#                              unmasked, long16, long64 (a longer form of the
#                              length than need be), announce=N (bytes that
#                              don't follow); DATA: "in \"quotes\"", or such
#                              "text" x N, hex: 01 ff, code=1000 "why"
#     > raw HEX                bytes
#     end                      ends the connection without a word
#     reload                   nginx reloads; go on when it has
#
# What it must receive, in this order and with nothing in between:
#
#     < EVENT [PATH=VALUE ...] [/pattern/]
#                              a server message; a path leads from the payload
#                              (stats.totalProjects=0), the pattern must match
#                              the whole text
#     < error CODE [/pattern/] the same as < error error=CODE
#     < TYPE DATA              a frame or message with just this content
#     < close [CODE]           the Close; without a code: an empty one
#     < http CODE              in place of 101, so only as the first line
#     eof                      the server ends the connection, without anything
#                              more
#
# A line that starts with # is a comment.  The connection is opened, to /ws or
# to the path of --- request and with the headers of --- more_headers, before
# the first line.  --- ws_slice: 0 1 holds the conversation once with whole
# frames and once byte by byte; with --- ws_echo its messages are not the
# protocol's; --- ws_deflate is what it offers as Sec-WebSocket-Extensions.

use strict;
use warnings;

use Test::More ();

use OutboundWS::Frame;

my $frame_type = qr/text|binary|cont|ping|pong|close|opcode=\d+/;

# a line of the client's, what to do with the rest of it
my @does = (
    [ qr/^> raw (.*)$/                      => \&send_bytes ],
    [ qr/^> ($frame_type)(?: (.*))?$/       => \&send_frame ],
    [ qr/^> (.*)$/                          => \&send_text ],
    [ qr/^end$/                             => \&end ],
    [ qr/^reload$/                          => \&reload ],
    [ qr/^eof$/                             => \&expect_eof ],
    [ qr/^< http (\d+)$/                    => \&expect_http ],
    [ qr/^< close(?: (\d+))?$/              => \&expect_close ],
    [ qr/^< error (\w+)(?: (.*))?$/         => \&expect_error ],
    [ qr/^< (text|binary|ping|pong)(?: (.*))?$/ => \&expect_data ],
    [ qr/^< (\w+)(?: (.*))?$/               => \&expect_event ],
);


sub run {
    my ($t, $block) = @_;
    my @lines = grep { /\S/ && !/^\s*#/ } split /\n/, $block->ws;

    for my $slice (split ' ', $block->ws_slice // 0) {
        hold($t, $block, $slice, @lines);
    }
}


sub hold {
    my ($t, $block, $slice, @lines) = @_;
    my %talk = (t => $t, slice => $slice,
                name => $block->name . ($slice ? ", by $slice" : ''));
    my $class = defined $block->ws_echo ? 'WebSocket' : 'Client';

    $talk{client} = $t->connect(name => 'the client', class => $class,
                                options_of($block));
    my $upgraded = $talk{client}->upgrade;

    if ($lines[0] !~ /^< http/) {
        Test::More::is($talk{client}{answer}{status}, 101,
                       "$talk{name} - upgraded");
        @lines = () if !$upgraded;
    }

    # after the first line that isn't as it should be, nothing would be
    for my $line (@lines) {
        next if say_line(\%talk, $line);

        Test::More::diag("  the rest was not run; the server sent:\n",
                         map { "    $_\n" } heard($talk{client}));
        last;
    }

    $talk{client}->disconnect if $talk{client}{socket};
}


sub options_of {
    my ($block) = @_;
    my @options;

    push @options, path => $1
        if ($block->request // '') =~ /^GET (\S+)/;
    push @options, headers => [ map { /^([^:]+):\s*(.*)$/ ? ($1, $2) : () }
                                split /\n/, $block->more_headers ]
        if defined $block->more_headers;
    push @options, deflate => $block->ws_deflate
        if defined $block->ws_deflate;

    return @options;
}


# Does what one line says; false when it did not go well.
sub say_line {
    my ($talk, $line) = @_;

    for my $rule (@does) {
        my ($pattern, $do) = @$rule;
        my @parts = $line =~ $pattern or next;

        return $do->($talk, $line, @parts);
    }

    die "--- ws: \"$line\"";
}


sub heard {
    my ($client) = @_;

    return ((map { "$_->{type} " . printable($_->{payload}) }
             @{ $client->{events} }), $client->{eof} ? 'eof' : ());
}


sub printable {
    my ($bytes) = @_;

    $bytes =~ s/([^\x20-\x7e])/sprintf('\\x%02x', ord $1)/ge;
    return $bytes;
}


# ---- the client's lines -------------------------------------------------

sub send_text {
    my ($talk, undef, $text) = @_;

    $talk->{client}->send_text($text, slice => $talk->{slice});
    return 1;
}


sub send_bytes {
    my ($talk, undef, $hex) = @_;

    $hex =~ s/\s+//g;
    $talk->{client}->send_raw(pack('H*', $hex), slice => $talk->{slice});
    return 1;
}


sub send_frame {
    my ($talk, $line, $type, $rest) = @_;
    my %f = (type => $type =~ s/^opcode=//r, rsv => 0,
             slice => $talk->{slice});

    $rest //= '';

    while ($rest =~ s/^(nofin|rsv[123]|unmasked|long16|long64
                       |announce=\d+)(?:\s+|$)//x) {
        my $flag = $1;

        $f{fin} = 0                 if $flag eq 'nofin';
        $f{rsv} |= 8 >> $1          if $flag =~ /^rsv(\d)/;
        $f{masked} = 0              if $flag eq 'unmasked';
        $f{form} = $1               if $flag =~ /^long(\d+)/;
        $f{length} = $1             if $flag =~ /^announce=(\d+)/;
    }

    $f{payload} = data_of($rest) // die "--- ws: \"$line\"";
    $talk->{client}->send_frame(%f);
    return 1;
}


# The bytes that a piece of a line stands for, undef when it is none.
sub data_of {
    my ($text) = @_;

    return '' if $text eq '';
    return unquoted($1) if $text =~ /^"(.*)"$/;
    return unquoted($1) x $2 if $text =~ /^"(.*)" x (\d+)$/;
    return pack('n', $1) . unquoted($2 // '')
        if $text =~ /^code=(\d+)(?: "(.*)")?$/;
    return pack('H*', $1 =~ s/\s+//gr) if $text =~ /^hex: ([0-9a-f\s]+)$/i;

    return undef;
}


sub unquoted {
    my ($text) = @_;

    return $text =~ s/\\(.)/$1/gr;
}


sub end {
    my ($talk) = @_;

    $talk->{client}->disconnect;
    return 1;
}


sub reload {
    my ($talk) = @_;

    $talk->{t}->nginx->reload;
    return 1;
}


# ---- the server's lines -------------------------------------------------

sub expect_event {
    my ($talk, $line, $event, $rest) = @_;
    my $got = $talk->{client}->next_event;
    my $message = $got && $got->{json};
    my $ok = $message && $message->{event} eq $event;

    $rest //= '';

    $ok &&= $got->{payload} =~ /$1/ if $rest =~ s{\s*/(.*)/$}{};

    for my $check (split ' ', $rest) {
        my ($path, $value) = $check =~ /^([\w.]+)=(.*)$/
            or die "--- ws: \"$line\"";

        $ok &&= (value_at($message->{payload}, $path) // 'null') eq $value;
    }

    return judge($talk, $line, $ok, $got);
}


# Follows "stats.totalProjects" or "data.0.projectId".
sub value_at {
    my ($value, $path) = @_;

    for my $step (split /\./, $path) {
        $value = ref $value eq 'HASH' ? $value->{$step}
                 : ref $value eq 'ARRAY' ? $value->[$step]
                 : undef;
    }

    return $value;
}


sub expect_error {
    my ($talk, $line, $code, $rest) = @_;

    return expect_event($talk, $line, 'error',
                        "error=$code " . ($rest // ''));
}


sub expect_data {
    my ($talk, $line, $type, $rest) = @_;
    my $wanted = data_of($rest // '') // die "--- ws: \"$line\"";
    my $got = $talk->{client}->next_event;

    return judge($talk, $line, $got && $got->{type} eq $type
                               && $got->{payload} eq $wanted, $got);
}


sub expect_close {
    my ($talk, $line, $code) = @_;
    my $got = $talk->{client}->next_event;

    return judge($talk, $line, $got && $got->{type} eq 'close'
                               && $got->{code} == ($code // 0), $got);
}


sub expect_eof {
    my ($talk, $line) = @_;
    my $got = $talk->{client}->next_event;

    return judge($talk, $line, !$got && $talk->{client}{eof}, $got);
}


sub expect_http {
    my ($talk, $line, $code) = @_;

    return Test::More::is($talk->{client}{answer}{status}, $code,
                          "$talk->{name} - $line");
}


sub judge {
    my ($talk, $line, $ok, $got) = @_;

    Test::More::ok($ok, "$talk->{name} - $line") and return 1;

    Test::More::diag('  received instead: ', $got
        ? "$got->{type} " . printable($got->{payload})
        : $talk->{client}{eof} ? 'end of the connection' : 'nothing');
    return 0;
}


1;
