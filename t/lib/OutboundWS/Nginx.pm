package OutboundWS::Nginx;

# One nginx with the module, in a directory of its own: the only way in which
# the suite starts one.
#
# It runs in the foreground under a master, with several workers, on ports of
# its own, with error_log at debug level.  As root its workers are nobody, as
# they would be anywhere.  Nothing of it stays: finish() stops it, looks
# through its logs and for what is left of its processes, and says what it
# found.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);

use OutboundWS::Certificate;
use OutboundWS::Log;
use OutboundWS::Ports;
use OutboundWS::Preload;
use OutboundWS::Process;
use OutboundWS::Wait;

use constant TOP => realpath(dirname(__FILE__) . '/../../..');

my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';
my $module = $ENV{TEST_NGINX_MODULE}
             || TOP . '/build/ngx_outbound_ws_module.so';

# What a test says of these goes into the configuration; see conf_text().
my %default = (
    workers     => 4,
    log_level   => 'debug',
    main_config => '',
    events      => '',
    listen      => '',      # more parameters of listen
    http_config => '',      # besides the zone
    zone        => 'pbx http://127.0.0.1:9;',       # nobody is there
    zone_size   => '1m',
    config      => 'location = /ws { outbound_ws projects; }',
);

# one line of access_log
my @variables = map { "outbound_ws_$_" }
                qw(zone messages_received messages_sent bytes_received
                   bytes_sent close_code compression);


# Takes the directory and the ports; starts nothing.
sub new {
    my ($class, %o) = @_;
    my $prefix = tempdir('outbound-ws-XXXXXX', TMPDIR => 1);

    chmod(0755, $prefix);
    mkdir("$prefix/$_") for qw(logs conf html state);
    chmod(0777, "$prefix/state");

    my $self = bless {
        prefix   => $prefix,
        port     => OutboundWS::Ports::take(),
        tls_port => OutboundWS::Ports::take(),
        conf     => {},
        expected => [],
        killed   => 0,
        workers  => 0,
    }, $class;

    @$self{qw(certificate key)} = OutboundWS::Certificate::files();
    $self->configure(%o);

    return $self;
}


# Changes the configuration file: what is given takes the place of what was
# there, undef brings back the default.  reload() makes it work.
sub configure {
    my ($self, %o) = @_;

    for (keys %o) {
        die "nginx has no option \"$_\"" if !exists $default{$_};
    }

    %{ $self->{conf} } = (%default, %{ $self->{conf} }, %o);
    $self->{conf}{$_} //= $default{$_} for keys %default;

    my $file = $self->conf_file;
    open(my $out, '>', $file) or die "$file: $!";
    print $out $self->expand($self->conf_text);
    close($out) or die "$file: $!";
}


sub conf_file  { return "$_[0]{prefix}/conf/nginx.conf" }
sub error_log  { return $_[0]->read_log('error.log') }
sub access_log { return $_[0]->read_log('access.log') }

sub read_log {
    my ($self, $name) = @_;

    return OutboundWS::Log::slurp("$self->{prefix}/logs/$name");
}



sub conf_line {
    my ($self, $number) = @_;
    my @lines = split /\n/, OutboundWS::Log::slurp($self->conf_file);

    return $lines[$number - 1] // '';
}


sub conf_text {
    my ($self) = @_;
    my $c = $self->{conf};
    my $load = $module eq 'static' ? '' : "load_module $module;";
    my $zone = "outbound_ws_zone projects $c->{zone_size} {\n$c->{zone}\n}";
    my $temp = join("\n", map { "    ${_}_temp_path temp_$_;" }
                          qw(client_body proxy fastcgi uwsgi scgi));
    my $log = join(' ', map { "$_=\$$_" } @variables);

    return <<"CONF";
$load
daemon off;
worker_processes $c->{workers};
pid logs/nginx.pid;
lock_file logs/nginx.lock;
error_log logs/error.log $c->{log_level};
$c->{main_config}
events {
    worker_connections 1024;
$c->{events}
}
http {
$temp
    log_format outbound_ws '\$request_method \$uri \$status $log';
    access_log logs/access.log outbound_ws;
    default_type text/plain;
$zone
$c->{http_config}
    server {
        listen 127.0.0.1:$self->{port} reuseport $c->{listen};
        listen 127.0.0.1:$self->{tls_port} ssl reuseport;
        ssl_certificate $self->{certificate};
        ssl_certificate_key $self->{key};
        server_name localhost;
        root html;
        location = /pid { return 200 \$pid; }
$c->{config}
    }
}
CONF
}


# Puts in what a configuration can't know: $TEST_NGINX_... in its text.
sub expand {
    my ($self, $text) = @_;
    my %own = (
        TEST_NGINX_SERVER_ROOT => $self->{prefix},
        TEST_NGINX_SERVER_PORT => $self->{port},
        TEST_NGINX_TLS_PORT    => $self->{tls_port},
    );

    $text =~ s{\$(TEST_NGINX_[A-Z0-9_]+)}
              {$own{$1} // $ENV{$1} // die "nobody has set $1"}ge;

    return $text;
}


sub command {
    my ($self, @more) = @_;

    return ($binary, '-p', "$self->{prefix}/", '-e', 'logs/error.log',
            '-c', 'conf/nginx.conf', @more);
}


# nginx -t: (exit status, what it printed).  It frees nothing at its end, which
# LeakSanitizer would report.
sub test_config {
    my ($self) = @_;

    local $ENV{ASAN_OPTIONS} = join(':', $ENV{ASAN_OPTIONS} // (),
                                    'detect_leaks=0');

    return OutboundWS::Process::run($self->command('-t'));
}


# ---- its life -----------------------------------------------------------

sub start {
    my ($self) = @_;
    my @command = $self->command;

    unshift @command, split ' ', $self->valgrind if $self->valgrind;

    local $ENV{LD_PRELOAD} = OutboundWS::Preload::with('short_io')
        if $ENV{TEST_NGINX_SHORT_IO};

    my $output = "$self->{prefix}/logs/output";
    my ($pid) = OutboundWS::Process::spawn(argv => \@command, out => $output,
                                           err => $output);
    my $status;

    $self->{pid} = $pid;

    my $up = wait_for {
        OutboundWS::Process::reap($pid, \$status)
        || $self->{conf}{workers} == $self->workers;
    };

    if (defined $status || !$up) {
        delete $self->{pid};
        OutboundWS::Process::stop($pid, 'KILL') if !defined $status;
        die "nginx does not start:\n" . OutboundWS::Log::slurp($output);
    }
}


sub valgrind {
    my ($self) = @_;
    my $options = $ENV{TEST_NGINX_USE_VALGRIND} or return '';

    $options = '--leak-check=no' if $options eq '1';

    return "valgrind -q --trace-children=yes --keep-debuginfo=yes"
           . " --error-exitcode=99 $options";
}


sub pid { return $_[0]{pid} }

# Those that serve: initialised, and not about to go.
sub workers {
    my ($self) = @_;

    return grep { $self->serves($_) }
           OutboundWS::Process::children($self->{pid});
}


# A worker's title says what it does; valgrind hides it, but not what it logs.
sub serves {
    my ($self, $pid) = @_;

    return OutboundWS::Process::title_of($pid) =~ /worker process$/
        if !$self->valgrind;

    return $self->error_log !~ / $pid#\d+: gracefully shutting down/;
}


# A new configuration: returns when only workers of it accept connections.
sub reload {
    my ($self, %o) = @_;
    my %old = map { $_ => 1 } $self->workers;

    $self->configure(%o) if %o;
    kill('HUP', $self->{pid});

    wait_for {
        my @now = $self->workers;
        @now == $self->{conf}{workers} && !grep { $old{$_} } @now;
    } or die 'the reload does not come to its end';
}


# A reload that nginx must refuse: returns the line that says why.
sub reload_refused {
    my ($self, %o) = @_;
    my $before = length($self->error_log);

    $self->configure(%o) if %o;
    kill('HUP', $self->{pid});

    my $line;
    wait_for {
        ($line) = substr($self->error_log, $before) =~ /^(.*\[emerg\].*)$/m;
    } or die 'the reload is not refused';

    $self->expect_log(qr/\Q$line\E/);

    return $line;
}


# Ends a worker the hard way, and waits for the one that takes its place.
sub kill_worker {
    my ($self, $pid) = @_;
    my $signal = 9;

    $self->expect_log(qr/worker process $pid exited on signal $signal/);
    kill($signal, $pid);

    wait_for {
        my @now = $self->workers;
        @now == $self->{conf}{workers} && !grep { $_ == $pid } @now;
    } or die "no worker takes the place of $pid";
}


# Announces lines of error.log that would otherwise be faults, each pattern of
# which must be there at the end.
sub expect_log {
    my ($self, @patterns) = @_;

    push @{ $self->{expected} }, @patterns;
}


# ---- its end ------------------------------------------------------------

# Ends it with QUIT, or another signal; what is wrong with how it ended.
sub stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return;
    my @faults;

    my ($status, $forced) = OutboundWS::Process::stop($pid, $signal // 'QUIT');

    push @faults, 'nginx does not end, and was killed' if $forced;
    push @faults, "nginx ended with wait status $status"
        if !$forced && $status;

    # its workers ended before it, or it isn't well
    my @left = OutboundWS::Process::group($pid);
    push @faults, map { "process $_ is left: "
                        . OutboundWS::Process::title_of($_) } @left;
    kill('KILL', @left) if @left;

    return @faults;
}


# Sentences about all that is wrong in the end; nothing of it stays, unless
# TEST_NGINX_LEAVE asks for the directory.
sub finish {
    my ($self) = @_;

    return if $self->{finished}++;

    my @faults = ($self->stop,
                  OutboundWS::Log::faults('error.log', $self->error_log,
                                          @{ $self->{expected} }),
                  OutboundWS::Log::faults('access.log', $self->access_log));

    if ($ENV{TEST_NGINX_LEAVE}) {
        print "# left: $self->{prefix}\n";

    } else {
        remove_tree($self->{prefix});
    }

    return @faults;
}


1;
