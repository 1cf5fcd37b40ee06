package OutboundWS::Pbx;

# The PBX simulator (t/pbx), one for a whole test file: starting it, and its
# control API as methods.  t/pbx/README.md is the manual of what is passed
# through here.
#
# It ends when its standard input does, so it does not outlive the test.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP ();
use List::Util qw(sum0);

use OutboundWS::Certificate;
use OutboundWS::Http;
use OutboundWS::Log;
use OutboundWS::Process;
use OutboundWS::Secrets;
use OutboundWS::Wait;

use constant SIMULATOR => realpath(dirname(__FILE__) . '/../../pbx')
                          . '/simulator.js';

my $json = JSON::PP->new->utf8->canonical;
my $running;


# The simulator, as new: no clients, no faults, nothing counted.
sub fresh {
    $running //= __PACKAGE__->start;
    $running->call(POST => 'reset');

    return $running;
}


sub start {
    my ($class) = @_;
    my ($certificate, $key) = OutboundWS::Certificate::files();
    my $dir = tempdir('outbound-ws-XXXXXX', TMPDIR => 1, CLEANUP => 1);

    local $ENV{NODE_PATH} = join(':', $ENV{NODE_PATH} // (),
                                 '/usr/share/nodejs');

    my ($pid, $lifeline) = OutboundWS::Process::spawn(
        argv  => [ $ENV{NODE} || 'node', SIMULATOR, '--port', 0,
                   '--control', 0, '--stdin-lifeline',
                   '--cert', $certificate, '--key', $key ],
        out   => "$dir/out",
        err   => "$dir/err",
        stdin => 1);

    my $line = wait_for { OutboundWS::Log::slurp("$dir/out") =~ /^(.*)\n/
                          && $1 };
    my $said = $line ? $json->decode($line) : {};

    if (!$said->{port}) {
        kill('KILL', $pid);
        die 'the simulator does not start: '
            . OutboundWS::Log::slurp("$dir/err");
    }

    return bless { pid => $pid, lifeline => $lifeline, dir => $dir,
                   url => "https://127.0.0.1:$said->{port}",
                   ca => $certificate,
                   control => $said->{control} }, $class;
}


# What a zone needs to know of it.  Retries are short: nobody waits for them.
sub zone {
    my ($self) = @_;

    return "pbx $self->{url};\n"
           . "pbx_ssl_trusted_certificate $self->{ca};\n"
           . "pbx_retry 50ms 200ms;\n";
}


# One call of the control API; dies unless it is done.
sub call {
    my ($self, $method, $path, $body) = @_;

    my $text = $body ? $json->encode($body) : '';
    my $http = OutboundWS::Http->new(port => $self->{control});
    my $answer = $http->ask(join("\r\n", "$method /$path HTTP/1.1",
        'Host: 127.0.0.1', 'Connection: close',
        'Content-Length: ' . length($text), '', $text));

    die "simulator: $method $path: $answer->{status} $answer->{body}"
        if $answer->{status} != 200;

    return $json->decode($answer->{body});
}


# A client of the PBX: its secret is known from here on as one.
sub client {
    my ($self, $id, %o) = @_;
    my @dns = map { ref $_ ? $_ : { dn => "$_" } } @{ $o{dns} // [ 150 ] };

    OutboundWS::Secrets::add($o{secret});

    return $self->call(PUT => "clients/$id", { %o, dns => \@dns });
}


# Counters and connections of one client, or of all.
sub state {
    my ($self, $id) = @_;

    return $self->call(GET => defined $id ? "state/$id" : 'state');
}


# How many requests of one kind (token, callers, ...) a client has made.
sub asked {
    my ($self, $id, $kind) = @_;

    return sum0(values %{ $self->state($id)->{requests}{$kind} // {} });
}


# Makes it misbehave: token => { status => 500, times => 2 }, ...
sub faults       { my ($self, %f) = @_; $self->call(PUT => 'faults', \%f) }
sub clear_faults { $_[0]->call(DELETE => 'faults') }

# Does something to the open WebSockets of a client: op => 'terminate', ...
sub ws       { my ($self, $id, %o) = @_;
               $self->call(POST => "clients/$id/ws", \%o) }
sub revoke   { $_[0]->call(POST => "clients/$_[1]/revoke") }
sub listener { my ($self, %o) = @_; $self->call(POST => 'listener', \%o) }


# Extensions and calls, which clients hear of as events.
sub put_dn {
    my ($self, $id, $dn, %o) = @_;

    return $self->call(PUT => "clients/$id/dns/$dn", \%o);
}


sub delete_dn {
    my ($self, $id, $dn) = @_;

    return $self->call(DELETE => "clients/$id/dns/$dn");
}


sub place_call {
    my ($self, $id, $dn, %o) = @_;

    return $self->call(POST => "clients/$id/calls", { %o, dn => "$dn" });
}


sub change_call {
    my ($self, $id, $dn, $participant, %o) = @_;

    return $self->call(PATCH => "clients/$id/calls/$dn/$participant", \%o);
}


sub end_call {
    my ($self, $id, $dn, $participant) = @_;

    return $self->call(DELETE => "clients/$id/calls/$dn/$participant");
}


# Ends the simulator; what is wrong with how it ended.
sub finish {
    my $self = $running or return;

    undef $running;
    close(delete $self->{lifeline});

    my $status;
    my $ended = wait_for { OutboundWS::Process::reap($self->{pid}, \$status) };
    my $errors = OutboundWS::Log::slurp("$self->{dir}/err");

    if (!$ended) {
        kill('KILL', $self->{pid});
        waitpid($self->{pid}, 0);
        return 'the simulator does not end, and was killed';
    }

    return "the simulator ended with wait status $status: $errors" if $status;
    return;
}


1;
