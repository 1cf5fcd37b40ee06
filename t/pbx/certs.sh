#!/bin/sh
#
# Makes the certificates of the tests in DIR:
#
#     ca.pem                        whom the tests trust
#     pbx.pem, pbx.key              the PBX, signed by ca.pem, for localhost,
#                                   pbx.test, 127.0.0.1 and ::1
#     wrong-name.pem, .key          signed by ca.pem too, for another host
#     other-ca.pem                  has signed none of them
#
# What is there and good for another day is left alone.  The keys of the CAs
# are thrown away, so all of it is made anew or nothing is.  Two runs on one
# DIR at the same time are not provided for.

set -eu

[ $# -eq 1 ] || { echo "usage: certs.sh DIR" >&2; exit 2; }

dir=$1
days=825

# The extensions are all said here: a system's openssl.cnf has its own ideas.
config='
[req]
distinguished_name = name
prompt = no
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[pbx]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, DNS:pbx.test, IP:127.0.0.1, IP:::1
[wrong-name]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:wrong.test
'


good() {
    for name in ca other-ca pbx wrong-name; do
        openssl x509 -in "$dir/$name.pem" -noout -checkend 86400 || return 1
    done

    for name in pbx wrong-name; do
        openssl verify -CAfile "$dir/ca.pem" "$dir/$name.pem" || return 1
        [ "$(openssl x509 -in "$dir/$name.pem" -noout -pubkey)" = \
          "$(openssl pkey -in "$dir/$name.key" -pubout)" ] || return 1
    done
}


# Here "set -e" is out of force, as the caller asks how it went: hence "&&".
make_all() {
    printf '%s\n' "$config" >"$work/config" &&
    make_ca ca &&
    make_ca other-ca &&
    make_server pbx &&
    make_server wrong-name
}


make_ca() {
    make_key "$1" &&
    openssl req -x509 -new -config "$work/config" -extensions ca \
        -key "$work/$1.key" -subj "/CN=$1 of the PBX simulator" \
        -days "$days" -out "$work/$1.pem"
}


make_server() {
    make_key "$1" &&
    openssl req -new -config "$work/config" -key "$work/$1.key" \
        -subj "/CN=$1 of the PBX simulator" -out "$work/$1.csr" &&
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" \
        -CAkey "$work/ca.key" -CAcreateserial -days "$days" \
        -extfile "$work/config" -extensions "$1" -out "$work/$1.pem"
}


make_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
        -out "$work/$1.key"
}


if good >/dev/null 2>&1; then
    exit 0
fi

# Certificates are for everybody: nginx's workers read them as nobody.
umask 022
mkdir -p "$dir"
work=$(mktemp -d "$dir/new.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! make_all >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
fi

for name in ca.pem other-ca.pem pbx.pem pbx.key wrong-name.pem wrong-name.key
do
    mv "$work/$name" "$dir/$name"
done
