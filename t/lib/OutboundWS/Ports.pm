package OutboundWS::Ports;

# Free TCP ports of the loopback for servers that want theirs in a file.
#
# They lie below the kernel's own range, so that no outgoing connection gets
# one, and each is held by a locked file until the process ends, so that
# tests running beside each other (prove -j) never choose the same.

use strict;
use warnings;

use Fcntl qw(:flock O_CREAT O_RDWR);
use File::Spec;
use IO::Socket::INET;

use constant { FIRST => 18_000, LAST => 31_999, TRIES => 500 };

my @locks;


sub take {
    my $dir = File::Spec->catdir(File::Spec->tmpdir(), "outbound-ws-ports-$>");

    mkdir($dir, 0700);
    die "$dir: not a directory of ours" if !-d $dir || !-o $dir;

    for (1 .. TRIES) {
        my $port = FIRST + int(rand(LAST - FIRST + 1));

        sysopen(my $lock, "$dir/$port", O_CREAT | O_RDWR, 0600) or next;
        flock($lock, LOCK_EX | LOCK_NB) or next;

        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
                              Listen => 1, ReuseAddr => 1) or next;

        push @locks, $lock;
        return $port;
    }

    die "no free port after " . TRIES . " tries";
}


1;
