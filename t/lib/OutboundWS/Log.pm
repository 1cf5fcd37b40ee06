package OutboundWS::Log;

# What nginx's logs may not hold at the end of a test.

use strict;
use warnings;

use OutboundWS::Secrets;

# A sanitizer's report of a worker stands in error.log too, for nginx makes
# that its standard error; the last pattern is its lines that say where.
my $forbidden = qr/
    \[ (?: alert | emerg | crit ) \]
    | Sanitizer | runtime\ error
    | exited\ on\ signal | exited\ with\ code\ [^0]
    | ^\s+\#\d+\ 0x
/x;


# Sentences about a log's text.  expected: patterns of lines that the test
# has announced; one that matches no line is a fault too.
sub faults {
    my ($name, $text, @expected) = @_;
    my (@faults, %matched);

    for my $line (split /\n/, $text) {
        my @by = grep { $line =~ $_ } @expected;
        @matched{@by} = (1) x @by;

        push @faults, "$name: $line" if $line =~ $forbidden && !@by;
    }

    push @faults, map { "$name: no line matches $_, which was announced" }
                  grep { !$matched{$_} } @expected;

    my $secret = OutboundWS::Secrets::found($text);
    push @faults, "$name holds $secret: " . line_with($text) if $secret;

    return @faults;
}


# The first line that holds a secret.
sub line_with {
    my ($text) = @_;

    for my $line (split /\n/, $text) {
        return $line if OutboundWS::Secrets::found($line);
    }

    return '(over several lines)';
}


sub slurp {
    my ($file) = @_;

    open(my $in, '<:raw', $file) or return '';
    return do { local $/; <$in> } // '';
}


1;
