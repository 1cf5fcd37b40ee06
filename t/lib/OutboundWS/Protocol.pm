package OutboundWS::Protocol;

# What a message of the server must look like, to the byte.
#
# Three looks at every message: its fields in the protocol's order and in
# their form (a grammar over the raw text), the JSON Schema of
# packages/shared-types, and what can only be seen from the whole (figures
# that agree).  All clients receive the same bytes, so a text is looked at
# once and remembered.

use strict;
use warnings;

use Digest::MD5 qw(md5);
use File::Basename qw(dirname);
use JSON::Validator;

use OutboundWS::Secrets;

use constant SCHEMA => dirname(__FILE__) . '/../../../packages/shared-types'
                       . '/schema/websocket.schema.json';
use constant REMEMBERED => 1000;

# the quick one where it is installed: a big state takes it a fiftieth of the
# time
my ($class) = grep { eval "require $_" }
              qw(Cpanel::JSON::XS JSON::XS JSON::PP);
my $json = $class->new->utf8;
my $validator;
my %seen;       # digest => message


# That it is JSON has been seen before: brackets need no more than to match.
my $grammar = qr/
    (?(DEFINE)
        (?<string>  " (?: [^"\\]++ | \\. )*+ " )
        (?<count>   0 | [1-9] \d*+ )
        (?<bool>    true | false )
        (?<time>    " \d{4}-\d\d-\d\d T \d\d:\d\d:\d\d\.\d{3} Z " )
        (?<nested>  [\[{] (?: [^][{}"]++ | (?&string) | (?&nested) )*+ [\]}] )
        (?<any>     (?&string) | (?&nested) | [^][{}",\s]++ )
        (?<project> \{ "projectId": (?&string) , "callFlowId": (?&string)
                    , "action": (?: "init" | "active" )
                    , "client_id": (?&string)
                    , "agentQuantity": (?&count) , "caller": (?&any)
                    , "access_token": (?: "\*\*\*" | null )
                    , "ws_connected": (?&bool)
                    , "createdAt": (?&time) , "updatedAt": (?&time) \} )
    )
/x;

my %form = (
    projectsUpdate => qr/
        \A \{ "event":"projectsUpdate" , "payload": \{ "type":"allProjects"
        , "data": \[ (?: (?&project) (?: , (?&project) )*+ )? \]
        , "stats": \{ "totalProjects": (?&count) , "activeProjects": (?&count)
                      , "connectedProjects": (?&count) \}
        , "timestamp": (?&time) , "triggeredBy": (?&string) \} \} \z
        $grammar /x,

    projectStatusChange => qr/
        \A \{ "event":"projectStatusChange" , "payload":
        \{ "data": \{ "projectId": (?&string) , "oldAction": (?&string)
                      , "newAction": (?&string) , "changedAt": (?&time) \}
        , "timestamp": (?&time) \} \} \z
        $grammar /x,

    error => qr/
        \A \{ "event":"error" , "payload": \{ "error": (?&string)
        , "message": (?&string) , "timestamp": (?&time) \} \} \z
        $grammar /x,
);

my %error = map { $_ => 1 } qw(
    invalidJson invalidEnvelope unknownEvent invalidPayload projectNotFound
    commandsDisabled rateLimited projectLimitReached storageFull pbxAuthFailed
    pbxUnreachable pbxProtocolError callersNotFound
);

my %change = map { $_ => 1 } qw(init-active init-stopped active-stopped);


# (message, faults): a server's text as JSON, and what is wrong with it as
# sentences.  The message is shared: it must not be changed.
sub read_message {
    my ($text) = @_;
    my $key = md5($text);

    return $seen{$key} if $seen{$key};

    my $message = eval { $json->decode($text) };
    return (undef, "not JSON: $@") if !defined $message;

    my @faults = (faults_of_form($message, $text), faults_of_schema($message));
    push @faults, faults_of_content($message) if !@faults;

    my $secret = OutboundWS::Secrets::found($text);
    push @faults, "it holds $secret" if $secret;

    if (!@faults) {
        %seen = () if keys %seen >= REMEMBERED;
        $seen{$key} = $message;
    }

    return ($message, @faults);
}


sub faults_of_form {
    my ($message, $text) = @_;

    return 'not an object' if ref $message ne 'HASH';

    my $form = $form{ $message->{event} // '' };
    return 'not an event of the protocol' if !$form;

    return if $text =~ $form;
    return 'its fields are not those of the protocol, in its order and form';
}


sub faults_of_schema {
    my ($message) = @_;

    $validator //= load_schema('ServerToClientMessage');
    return map { "schema: $_" } $validator->validate($message);
}


sub load_schema {
    my ($definition) = @_;

    open(my $in, '<', SCHEMA) or die SCHEMA . ": $!";
    my $schema = $json->decode(do { local $/; <$in> });

    die SCHEMA . ": no definition \"$definition\""
        if !$schema->{definitions}{$definition};

    return JSON::Validator->new->schema({
        '$schema'   => 'http://json-schema.org/draft-07/schema#',
        '$ref'      => "#/definitions/$definition",
        definitions => $schema->{definitions},
    });
}


sub faults_of_content {
    my ($message) = @_;
    my $payload = $message->{payload};

    if ($message->{event} eq 'error') {
        return if $error{ $payload->{error} };
        return "no such error code: $payload->{error}";
    }

    if ($message->{event} eq 'projectStatusChange') {
        my $data = $payload->{data};
        my $change = "$data->{oldAction}-$data->{newAction}";
        return if $change{$change};
        return "no such change: $change";
    }

    return faults_of_update($payload);
}


sub faults_of_update {
    my ($payload) = @_;
    my ($data, $stats) = @$payload{qw(data stats)};
    my (%id, @faults);

    my $active = grep { $_->{action} eq 'active' } @$data;
    my $connected = grep { $_->{ws_connected} } @$data;

    push @faults, 'totalProjects is not the number of projects'
        if $stats->{totalProjects} != @$data;
    push @faults, 'activeProjects is not the number of active projects'
        if $stats->{activeProjects} != $active;
    push @faults, 'connectedProjects is not the number of connected projects'
        if $stats->{connectedProjects} != $connected;

    for my $project (@$data) {
        push @faults, "project $project->{projectId} is there twice"
            if $id{ $project->{projectId} }++;
    }

    return @faults;
}


1;
