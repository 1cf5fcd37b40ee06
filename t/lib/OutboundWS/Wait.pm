package OutboundWS::Wait;

# Waiting for a condition, never for a time.
#
# Every wait of the library goes through wait_for() and ends after $Limit
# seconds at the latest.  While it waits, something useful can be done: $Idle
# is called between two looks at the condition (OutboundWS::Client puts the
# reading of all its sockets there).

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime);

our @EXPORT = qw(wait_for);

our $Limit = ($ENV{TEST_NGINX_TIMEOUT} || 10)
             * ($ENV{TEST_NGINX_USE_VALGRIND} ? 10 : 1);

# Passes at most that many seconds.
our $Idle = sub { select(undef, undef, undef, $_[0]) };


# wait_for { condition } [seconds]: the condition's first true value, or an
# empty string when it was false all the time.
sub wait_for(&;$) {
    my ($condition, $limit) = @_;
    my $end = clock_gettime(CLOCK_MONOTONIC) + ($limit // $Limit);
    my $pause = 0.0001;

    while (1) {
        my $value = $condition->();
        return $value if $value;

        return '' if clock_gettime(CLOCK_MONOTONIC) > $end;

        $Idle->($pause);
        $pause *= 2 if $pause < 0.02;
    }
}


1;
