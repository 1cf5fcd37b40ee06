package OutboundWS::Certificate;

# A key and a certificate for 127.0.0.1 and localhost, signed by itself; so
# the certificate is also the CA file that a peer needs to trust it.  One of
# each for the whole test.

use strict;
use warnings;

use File::Temp qw(tempdir);

use OutboundWS::Process;

my @files;


# (certificate, key) as names of files that everybody may read.
sub files {
    return @files if @files;

    my $dir = tempdir('outbound-ws-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my ($certificate, $key) = ("$dir/certificate.pem", "$dir/key.pem");

    my ($status, $out) = OutboundWS::Process::run(
        'openssl', 'req', '-x509', '-nodes', '-days', 7,
        '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
        '-subj', '/CN=localhost',
        '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost',
        '-out', $certificate, '-keyout', $key);

    die "openssl: $out" if $status;

    chmod(0755, $dir);
    chmod(0644, $certificate, $key);

    return @files = ($certificate, $key);
}


1;
