package OutboundWS::Preload;

# Libraries in C, NAME.c in t/lib, that are preloaded into nginx to make
# happen what no peer can.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);

use constant LIB => realpath(dirname(__FILE__) . '/..');

my ($dir, %compiled);


# A value of LD_PRELOAD that has the library after what is there already.
sub with {
    my ($name) = @_;

    return join(' ', $ENV{LD_PRELOAD} // (), $compiled{$name} //= so($name));
}


sub so {
    my ($name) = @_;

    $dir //= tempdir('outbound-ws-XXXXXX', TMPDIR => 1, CLEANUP => 1);

    system('cc', qw(-shared -fPIC -Wall -Werror -o), "$dir/$name.so",
           LIB . "/$name.c") == 0 or die "$name.c does not compile";

    return "$dir/$name.so";
}


1;
