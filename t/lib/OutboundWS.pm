package OutboundWS;

# The tests' library: nginx with the module, a PBX to talk to, clients on
# every worker, and checks that nobody has to remember.
#
#     use OutboundWS;
#
#     my $t = OutboundWS->new(workers => 4);
#     my @clients = $t->clients_everywhere;
#     ...
#     done_testing;
#
# brings strict, warnings, Test::More and wait_for along.  However a test
# ends, what it has started is stopped, and nginx's logs are searched
# (OutboundWS::Nginx::finish); with done_testing that is a test of its own.

use strict;
use warnings;

use Scalar::Util qw(weaken);
use Test::More ();

use OutboundWS::Client;
use OutboundWS::Nginx;
use OutboundWS::Pbx;
use OutboundWS::WebSocket;
use OutboundWS::Wait;

my @unfinished;     # weak
my $test = $$;      # not the processes it forks


sub import {
    my $main = caller;

    strict->import;
    warnings->import;

    { package main; Test::More->import; }

    no strict 'refs';
    no warnings 'redefine';
    *{"${main}::wait_for"} = \&wait_for;
    *{"${main}::done_testing"} = \&done_testing;

    $SIG{INT} = $SIG{TERM} = sub { exit 1 };    # so that END is reached
}


# nginx's options (OutboundWS::Nginx).  With pbx => 1 the simulator runs, knows
# a client 900 with two extensions, and is the PBX of the zone, of which the
# option zone says what else it holds.  start => 0 does not start nginx.
sub new {
    my ($class, %o) = @_;
    my $start = delete $o{start} // 1;
    my $pbx;

    if (delete $o{pbx}) {
        $pbx = OutboundWS::Pbx::fresh();
        $pbx->client(900, secret => 'secret-of-900', dns => [ 150, 151 ]);
        $o{zone} = $pbx->zone . ($o{zone} // '');
    }

    my $self = bless { pbx => $pbx, clients => [],
                       nginx => OutboundWS::Nginx->new(%o) }, $class;

    push @unfinished, $self;
    weaken($unfinished[-1]);

    $self->{nginx}->start if $start;

    return $self;
}


sub nginx { return $_[0]{nginx} }
sub pbx   { return $_[0]{pbx} }


# ---- clients ------------------------------------------------------------

# A connection to nginx that has not asked for the upgrade yet.  Options are
# those of OutboundWS::WebSocket; class => 'WebSocket' for one that does not
# speak the protocol.
sub connect {
    my ($self, %o) = @_;
    my $class = 'OutboundWS::' . (delete $o{class} // 'Client');
    my $port = $self->{nginx}{ $o{tls} ? 'tls_port' : 'port' };

    my $client = $class->new(port => $port, %o);

    push @{ $self->{clients} }, $client;
    weaken($self->{clients}[-1]);

    return $client;
}


# A client that has been upgraded.
sub client {
    my ($self, %o) = @_;
    my $client = $self->connect(%o);

    $client->upgrade or die "not upgraded: $client->{answer}{line}";

    return $client;
}


# A client on each of the workers, or of those given.  A connection stays on
# its worker, so it first asks for the pid it has come to.
sub clients_everywhere {
    my ($self, %o) = @_;
    my $workers = delete $o{workers} // [ $self->{nginx}->workers ];
    my %wanted = map { $_ => 1 } @$workers;
    my %on;

    for (1 .. 100 * @$workers) {
        last if keys %on == keys %wanted;

        my $client = $self->connect(%o);
        my $pid = $client->get('/pid')->{body};

        next if !$wanted{$pid} || $on{$pid};

        $client->upgrade or die "not upgraded: $client->{answer}{line}";
        $client->{worker} = $pid;
        $client->{name} .= " on worker $pid";
        $on{$pid} = $client;
    }

    die 'not every worker could be reached' if keys %on < keys %wanted;

    return map { $on{$_} } @$workers;
}


# ---- the end ------------------------------------------------------------

# Stops everything of this nginx, and makes a test of what its end was like.
sub finish {
    my ($self) = @_;

    return if $self->{finished}++;

    for my $client (grep { $_ && $_->{socket} } @{ $self->{clients} }) {
        $client->disconnect;
    }

    report('nginx ends well, and its logs are clean',
           $self->{nginx}->finish);
}


sub report {
    my ($name, @faults) = @_;

    Test::More::ok(!@faults, $name);
    Test::More::diag("  $_") for @faults;
}


sub DESTROY {
    my ($self) = @_;

    $self->finish if $$ == $test;
}


sub finish_all {
    $_->finish for grep { $_ } @unfinished;

    my @faults = OutboundWS::Pbx::finish();
    report('the simulator ends well', @faults) if @faults;
}


sub done_testing {
    finish_all();
    Test::More::done_testing(@_);
}


# A test that died gets here: its status must stay what it was.
END {
    if ($$ == $test) {
        local $?;
        finish_all();

        # Test::Nginx turns it off after some failures, and so would have them
        # end with status 0
        Test::More->builder->no_ending(0);
    }
}


1;
