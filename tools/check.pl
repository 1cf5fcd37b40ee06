#!/usr/bin/env perl

# What style can be measured: columns, names, includes, calls, lengths.
#
#     tools/check.pl          in the top directory, after `make`
#
# Prints "file:line: rule: what is wrong" and fails if there was anything.
# It never changes a file.  What must stay as it is stands, with the reason,
# in tools/check.exceptions; an exception that nothing needs is an error.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Find qw(find);


# lines of a file: [where, limit]; the first that fits counts
my @file_limits = (
    [ qr{^src/core/.*\.c$}, 700 ],
    [ qr{\.c$}, 1000 ],
    [ qr{\.h$}, 300 ],
    [ qr{\.t$}, 400 ],
);

# of a function
my $max_lines = 100;
my $max_branches = 25;
my $max_nesting = 5;

my $columns = 79;

# kinds of files, by name
my $c_file = qr{\.[ch]$};
my $text = qr{\.(?:[chtl]|pl|pm|sh|js|ts|mk|map|conf|md)$
              |(?:^|/)(?:Makefile|config|run)$}x;
my $wide = qr{\.(?:md|ts)$};                    # any number of columns
my $with_tabs = qr{(?:^|/)Makefile$|\.mk$};

# what core may include besides its own headers
my $core_include = qr{^(?:assert|ctype|errno|inttypes|limits|math|stdarg
                       |malloc|stdbool|stddef|stdint|stdio|stdlib|string
                       |strings|sys/queue|time
                       |jansson|zlib|openssl/\w+)\.h$}x;

# no bounds, blocks the worker, not random enough, or not to the log
my @banned = qw(
    strcpy strcat strncat sprintf vsprintf gets strtok
    system popen sleep usleep getaddrinfo gethostbyname curl_easy_perform
    rand random printf fprintf
);

my $banned = join '|', @banned;

# the words are split, or this file would be found
my @leftover = ('TO' . 'DO', 'FIX' . 'ME', 'XX' . 'X');
my $leftover = join '|', '#\s*if\s+0\b', map { "\\b$_\\b" } @leftover;

my @exported = qw(ngx_module_names ngx_module_order ngx_modules);
my $module = 'build/ngx_outbound_ws_module.so';


my (%excused, %needed, $wrong);

read_exceptions('tools/check.exceptions');

my @files = files();
my @sources = grep { m{^(?:src/|[^/]+$)} && /$c_file/ } @files;

check_text($_) for @files;
check_source($_) for @sources;
check_functions();
check_objects();
check_module();

for my $key (sort keys %excused) {
    next if $needed{$key};

    print "tools/check.exceptions: nothing needs \"$key\" any more\n";
    $wrong++;
}

exit($wrong ? 1 : 0);


# Lines of "rule subject reason"; the subject is a file's or symbol's name.
sub read_exceptions {
    my ($list) = @_;

    for (split /\n/, slurp($list)) {
        next if /^\s*(?:#|$)/;

        /^(\S+)\s+(\S+)\s+\S/ or die "$list: no reason: $_\n";
        $excused{"$1 $2"} = 1;
    }
}


sub complain {
    my ($rule, $subject, $where, $what) = @_;
    my $key = "$rule $subject";

    if ($excused{$key}) {
        $needed{$key} = 1;
        return;
    }

    print "$where: $rule: $what\n";
    $wrong++;
}


sub slurp {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    local $/;

    return scalar <$in>;
}


sub run {
    open my $out, '-|', @_ or die "$_[0]: $!\n";
    my @lines = <$out>;
    close $out or die "$_[0] failed\n";

    chomp @lines;
    return @lines;
}


# All text files of the project, whether git knows them yet or not.
sub files {
    my @found;

    find({ no_chdir => 1, wanted => sub {
        if (m{^\./(?:\.git|build)$} || m{/node_modules$}) {
            $File::Find::prune = 1;
            return;
        }

        push @found, substr($_, 2) if -f && /$text/;
    } }, '.');

    return sort @found;
}


sub check_text {
    my ($file) = @_;
    my $text = slurp($file);
    my $n = 0;

    for (split /\n/, $text) {
        $n++;

        if ($file !~ /$wide/ && length > $columns) {
            complain('columns', $file, "$file:$n", length() . ' of them');
        }

        if (/\t/ && $file !~ /$with_tabs/) {
            complain('tab', $file, "$file:$n", 'blanks only');
        }

        if (/\s$/) {
            complain('blank', $file, "$file:$n", 'at the end of a line');
        }

        if (/$leftover/) {
            complain('leftover', $file, "$file:$n", $_);
        }
    }

    if ($text !~ /[^\n]\n\z/) {
        complain('blank', $file, $file, 'must end with one newline');
    }

    for (@file_limits) {
        my ($where, $limit) = @$_;
        next if $file !~ $where;

        if ($n > $limit) {
            complain('file-length', $file, $file, "$n lines, at most $limit");
        }

        last;
    }
}


# Comments and what is between quotes become blanks; lines stay lines.
sub bare {
    my ($text) = @_;

    $text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
              {(my $s = $1) =~ s/[^\n]/ /g; $s}ges;

    return $text;
}


# A file of src/core or of the glue above it.
sub prefix_of {
    return $_[0] =~ m{^src/core/} ? 'ows' : 'ngx_outbound_ws';
}


sub check_source {
    my ($file) = @_;
    my $text = slurp($file);
    my $core = $file =~ m{^src/core/};
    my $prefix = prefix_of($file);
    my $n = 0;

    if ($text !~ m{^/\*}) {
        complain('comment', $file, "$file:1", 'must open with what it is for');
    }

    check_guard($file, $text) if $file =~ /\.h$/;

    for my $line (split /\n/, $text) {
        $n++;

        if ($core && $line =~ /^\s*#\s*include\s+(?:"(.*?)"|<(.*?)>)/) {
            my $good = defined $1 ? -f "src/core/$1" : $2 =~ $core_include;

            complain('core-include', $file, "$file:$n", $1 // $2) if !$good;
        }
    }

    $n = 0;

    for my $line (split /\n/, bare($text)) {
        $n++;

        if ($line =~ m{//}) {
            complain('comment', $file, "$file:$n", '/* */ only');
        }

        if ($line =~ /\b($banned)\s*\(/) {
            complain('banned-call', $file, "$file:$n", $1);
        }

        if ($line =~ /\bngx_shmtx_(?:try)?lock\b/
            && $file !~ m{^src/ngx_outbound_ws_zone\w*\.c$})
        {
            complain('lock', $file, "$file:$n", 'only the zone takes locks');
        }

        if ($line =~ /^\s*#\s*define\s+(\w+)/ || $line =~ /^\}\s*(\w+);/) {
            my $name = $1;

            if ($name !~ /^_?$prefix(?:_|$)/i) {
                complain('prefix', $name, "$file:$n", $name);
            }
        }
    }
}


sub check_guard {
    my ($file, $text) = @_;
    my $guard = '_' . uc(basename($file, '.h')) . '_H_INCLUDED_';

    if ($text !~ m{^\#ifndef\ $guard\n\#define\ $guard\n
                   .*^\#endif\ /\*\ $guard\ \*/\n\z}msx)
    {
        complain('guard', $file, $file, "must be $guard, named at #endif too");
    }
}


# pmccabe: branches (a switch counts once), branches, statements, first line,
# lines, file(line): name
sub check_functions {
    my %bare;

    for (run('pmccabe', grep { /\.c$/ } @sources)) {
        my ($branches, undef, undef, $first, $lines, $where, $name) = split;
        my $file = $where =~ s/\(\d+\):$//r;

        $bare{$file} //= [ split /\n/, bare(slurp($file)) ];

        my $body = join "\n", @{ $bare{$file} }[$first - 1
                                                .. $first + $lines - 2];
        my ($depth, $nesting) = (0, 0);

        for ($body =~ /[{}]/g) {
            $depth += $_ eq '{' ? 1 : -1;
            $nesting = $depth - 1 if $depth - 1 > $nesting;
        }

        my $prefix = prefix_of($file);

        if ($name !~ /^$prefix(?:_|$)/) {
            complain('prefix', $name, "$file:$first", $name);
        }

        for ([ 'function-length', $lines, $max_lines ],
             [ 'branches', $branches, $max_branches ],
             [ 'nesting', $nesting, $max_nesting ])
        {
            my ($rule, $value, $limit) = @$_;

            if ($value > $limit) {
                complain($rule, $name, "$file:$first",
                         "$name has $value, at most $limit");
            }
        }
    }
}


# Names of data; functions that were inlined are no longer in an object.
sub check_objects {
    for my $source (grep { /\.c$/ } @sources) {
        my $directory = basename(dirname(abs_path($source)));
        my $object = "build/nginx/objs/addon/$directory/"
                     . basename($source, '.c') . '.o';
        my $prefix = prefix_of($source);

        for (run('nm', '--defined-only', $object)) {
            my ($name) = /(\S+)$/;

            # a static of a function is name.number; others are the
            # compiler's, or come from the type checks of <curl/curl.h>
            next if $name =~ /\.\d+$|^\.|^_curl_easy_/;
            next if $name =~ /^$prefix(?:_|$)/;

            complain('prefix', $name, $source, $name);
        }
    }
}


sub check_module {
    my @shown = sort map { /(\S+)$/ } run('nm', '-D', '--defined-only',
                                          $module);

    if ("@shown" ne "@exported") {
        complain('export', $module, $module, "shows @shown");
    }

    for (run('nm', '-D', '--undefined-only', $module)) {
        my ($name) = /(\S+)$/;

        if ($name =~ /^(?:ows|ngx_outbound_ws)_/) {
            complain('undefined', $name, $module, "$name is nowhere");
        }
    }
}
