package OutboundWS::Client;

# A client of the protocol: sends commands, and knows the state of the
# projects as the server tells it.  Every message it receives is checked
# (OutboundWS::Protocol); one that isn't right fails the test.

use strict;
use warnings;

use parent 'OutboundWS::WebSocket';

use JSON::PP ();

use OutboundWS::Protocol;
use OutboundWS::Secrets;
use OutboundWS::Wait;

my $json = JSON::PP->new->utf8->canonical;


sub new {
    my ($class, %o) = @_;
    my $self = $class->SUPER::new(%o);

    $self->{newest} = '';       # the time of the newest state

    return $self;
}


sub take_message {
    my ($self, $message) = @_;

    if ($message->{type} ne 'text') {
        $self->fault("a $message->{type} message");
        return;
    }

    my $text = $message->{payload};
    my ($decoded, @faults) = OutboundWS::Protocol::read_message($text);

    if (@faults) {
        $self->fault(join("\n  ", @faults, $text));
        return;
    }

    $message->{json} = $decoded;

    # a zone's time never goes back, and a state never is an older one
    return if $decoded->{event} ne 'projectsUpdate';

    my $time = $decoded->{payload}{timestamp};
    $self->fault("$time, after $self->{newest}") if $time lt $self->{newest};
    $self->{newest} = $time;
}


# ---- commands -----------------------------------------------------------

sub send_text {
    my ($self, $text, %f) = @_;

    OutboundWS::Secrets::learn($text);

    return $self->SUPER::send_text($text, %f);
}


sub send_event {
    my ($self, $event, $payload) = @_;

    return $self->send_text($json->encode({ event => $event,
                                            payload => $payload }));
}


# startOutbound with every field there; fields given take their place.
sub start_project {
    my ($self, $id, %fields) = @_;
    my %project = (
        projectId     => $id,
        callFlowId    => "flow-$id",
        client_id     => 900,
        client_secret => 'secret-of-900',
        action        => 'init',
        error         => undef,
        %fields,
    );

    # strings, whatever Perl takes them for
    $_ = "$_" for grep { defined } values %project;

    return $self->send_event(startOutbound => { project => \%project });
}


sub stop_project {
    my ($self, $id) = @_;

    return $self->send_event(stopOutbound => { project => {
        projectId => $id } });
}


# ---- what the server said -----------------------------------------------

# The payloads of all messages of one event, oldest first.
sub payloads {
    my ($self, $event) = @_;

    return map { $_->{json}{payload} }
           grep { $_->{json} && $_->{json}{event} eq $event }
           @{ $self->{events} };
}


sub updates { return $_[0]->payloads('projectsUpdate') }
sub errors  { return map { $_->{error} } $_[0]->payloads('error') }


# The texts of all messages but the first, which is this client's own.
sub received {
    my ($self) = @_;
    my (undef, @texts) = map { $_->{payload} }
                         grep { $_->{json} } @{ $self->{events} };

    return join("\n", @texts);
}


# All that was received as short lines: a state as "p1 init, p2 active", a
# change as "p1: init to active", an error as its code.  A state that, said so,
# is the one before it is left out.
sub story {
    my ($self) = @_;
    my $state = '';
    my @story;

    for my $message (map { $_->{json} // () } @{ $self->{events} }) {
        my ($event, $payload) = @$message{qw(event payload)};

        if ($event eq 'projectsUpdate') {
            my $new = join(', ', map { "$_->{projectId} $_->{action}" }
                                 @{ $payload->{data} });
            push @story, $new if $new ne $state;
            $state = $new;

        } elsif ($event eq 'error') {
            push @story, $payload->{error};

        } else {
            my $data = $payload->{data};
            push @story, "$data->{projectId}: $data->{oldAction}"
                         . " to $data->{newAction}";
        }
    }

    return @story;
}


# The projects of the newest state this client was told, in their order.
sub projects {
    my ($self) = @_;

    for my $event (reverse @{ $self->{events} }) {
        my $message = $event->{json} or next;
        return @{ $message->{payload}{data} }
            if $message->{event} eq 'projectsUpdate';
    }

    return;
}


sub project {
    my ($self, $id) = @_;
    my ($project) = grep { $_->{projectId} eq $id } $self->projects;

    return $project;
}


# Waits until the newest state has the project with these fields: action =>
# 'active', ws_connected => 1, access_token => undef, ...
sub wait_project {
    my ($self, $id, %fields) = @_;

    return wait_for {
        my $project = $self->project($id) or return 0;
        return !grep { ($project->{$_} // '') ne ($fields{$_} // '') }
                keys %fields;
    };
}


# Waits until the newest state is without the project.
sub wait_gone {
    my ($self, $id) = @_;

    return wait_for { $self->updates && !$self->project($id) };
}


# Waits until n errors of that code have come.
sub wait_error {
    my ($self, $code, $n) = @_;

    return wait_for { ($n // 1) <= grep { $_ eq $code } $self->errors };
}


1;
