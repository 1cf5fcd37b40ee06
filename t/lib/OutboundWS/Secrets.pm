package OutboundWS::Secrets;

# What must never be seen: every secret of the test, anywhere.
#
# A secret becomes known when a client sends it or a test says so.  Tokens
# need not be announced: the simulator's have the form of a JWT, and nothing
# of that form may appear at all.

use strict;
use warnings;

use constant SHORTEST => 6;     # below it, chance would find it everywhere

my %known;


sub add {
    my (@secrets) = @_;

    for my $secret (@secrets) {
        die "too short to be looked for: \"$secret\""
            if length($secret) < SHORTEST;
        $known{$secret} = 1;
    }
}


# Learns the client_secret of a message that is being sent.
sub learn {
    my ($text) = @_;

    while ($text =~ /"client_secret"\s*:\s*"([^"\\]*)"/g) {
        $known{$1} = 1 if length($1) >= SHORTEST;
    }
}


# The first secret found in $text, or undef.
sub found {
    my ($text) = @_;

    return "a token ($1...)" if $text =~ /(eyJ[A-Za-z0-9_-]{10,})\./;

    for my $secret (keys %known) {
        return "the secret \"$secret\"" if index($text, $secret) >= 0;
    }

    return undef;
}


1;
