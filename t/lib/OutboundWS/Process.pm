package OutboundWS::Process;

# Processes that a test starts, and what /proc tells about them.
#
# Each is the leader of its own process group, so that all it has started
# can be found, and ended, through the group.  What they are (nginx, the
# simulator) is not known here.

use strict;
use warnings;

use POSIX qw(WNOHANG);

use OutboundWS::Wait;


# Starts a command: argv => [...], and files for out and err.  With stdin => 1
# its standard input is a pipe, whose other end comes second.
sub spawn {
    my (%o) = @_;
    my ($reader, $writer);

    if ($o{stdin}) {
        pipe($reader, $writer) or die "pipe: $!";
    }

    my $pid = fork() // die "fork: $!";

    if (!$pid) {
        setpgrp(0, 0);
        open(STDIN, '<&', $reader // \*STDIN) if $reader;
        open(STDIN, '<', '/dev/null') if !$reader;
        open(STDOUT, '>>', $o{out}) if $o{out};
        open(STDERR, '>>', $o{err}) if $o{err};
        { no warnings; exec { $o{argv}[0] } @{ $o{argv} }; }
        print STDERR "exec $o{argv}[0]: $!\n";
        POSIX::_exit(127);
    }

    return ($pid, $writer);
}


# Runs a command to its end: (exit status, all it printed).
sub run {
    my (@argv) = @_;

    my $pid = open(my $out, '-|') // die "fork: $!";

    if (!$pid) {
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>&', \*STDOUT);
        { no warnings; exec { $argv[0] } @argv; }
        print "exec $argv[0]: $!\n";
        POSIX::_exit(127);
    }

    my $text = do { local $/; <$out> } // '';
    close($out);

    return ($?, $text);
}


# (parent, group, state) of a process, or nothing when there is none.
sub stat_of {
    my ($pid) = @_;

    open(my $in, '<', "/proc/$pid/stat") or return;
    my $line = <$in> // return;

    # the name, in brackets, may hold anything
    $line =~ /^.*\) (\S) (\d+) (\d+)/ or return;
    return ($2, $3, $1);
}


# Its command line, or its title when it has set one.
sub title_of {
    my ($pid) = @_;

    open(my $in, '<', "/proc/$pid/cmdline") or return '';
    my $line = do { local $/; <$in> } // '';
    $line =~ tr/\0/ /;
    $line =~ s/ +$//;

    return $line;
}


sub all {
    opendir(my $dir, '/proc') or die "/proc: $!";
    return sort { $a <=> $b } grep { /^\d+$/ } readdir($dir);
}


# The processes whose parent is $pid; those that are zombies left out.
sub children {
    my ($pid) = @_;

    return grep {
        my ($parent, undef, $state) = stat_of($_);
        defined $parent && $parent == $pid && $state ne 'Z';
    } all();
}


# All of the process group $group, zombies included.
sub group {
    my ($group) = @_;

    return grep { my (undef, $g) = stat_of($_); defined $g && $g == $group }
           all();
}


# Ends a child with $signal, and with KILL if that is of no use.  Its wait
# status, and true when KILL was needed.
sub stop {
    my ($pid, $signal) = @_;

    kill($signal, $pid);

    my $status;
    my $ended = wait_for { reap($pid, \$status) };
    return ($status, 0) if $ended;

    kill('KILL', $pid);
    waitpid($pid, 0);
    return ($?, 1);
}


# True once the child has ended; its status goes to $$status.
sub reap {
    my ($pid, $status) = @_;

    my $got = waitpid($pid, WNOHANG);
    return 0 if $got == 0;

    $$status = $got == $pid ? $? : 0;
    return 1;
}


1;
