package Test::Nginx::Block;

# Blocks of a test file, as Test::Base reads them: "=== name" begins a block,
# "--- section" a section, "--- section: value" one of a single line, and
# "--- section eval" one that is Perl.

use strict;
use warnings;

our $AUTOLOAD;


# The blocks of main's DATA that are to run.
sub all {
    my $text = do { no warnings 'once'; local $/; <main::DATA> };
    my @blocks;

    for my $part ($text =~ /^(===.*?(?=^===|\z))/msg) {
        my $block = parse($part);

        return $block if exists $block->{ONLY};
        push @blocks, $block if !exists $block->{SKIP};
        last if exists $block->{LAST};
    }

    return @blocks;
}


sub parse {
    my ($text) = @_;

    $text =~ s/\A===[ \t]*(.*)\s+// or die 'a block without a name';

    my $self = bless { name => $1, _section_order => [] };
    my (undef, @parts) = split /^--- +(\w+) *(.*)\n/m, $text;

    while (my ($section, $rest, $value) = splice(@parts, 0, 3)) {
        my $filter = $rest;

        $value //= '';

        if ($rest =~ /^(.*?)\s*:(?:\s+(.*?))?\s*$/) {
            die "--- $section: lines after the value" if $value =~ /\S/;
            ($filter, $value) = ($1, $2 // '');
        }

        $self->{$section} = filtered($section, $filter, $value);
        push @{ $self->{_section_order} }, $section;
    }

    return $self;
}


sub filtered {
    my ($section, $filter, $value) = @_;

    # Test::Base's own two, which it always applies: norm and trim
    $value =~ s/\r\n?/\n/g;
    $value =~ s/\A([ \t]*\n)+//;
    $value =~ s/(?<=\n)\s*\z//;

    if ($filter eq 'eval') {
        $value = eval "package main; $value";
        die "--- $section: $@" if $@;

    } elsif ($filter ne '') {
        die "--- $section: the stand-in has no filter \"$filter\"";
    }

    return $value;
}


sub set_value {
    my ($self, $section, $value) = @_;

    $self->{$section} = $value;
}


sub DESTROY { }


# $block->request and so on; undef when the block has no such section.
sub AUTOLOAD {
    my ($self) = @_;
    my $section = $AUTOLOAD =~ s/.*:://r;

    return $self->{$section};
}


1;
