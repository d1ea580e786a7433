#!/bin/sh
# The broker's certificate and the private authority that signs it, in deploy/secrets.
#
#   deploy/certs.sh init  [NAME…]          make what is missing; the broker answers to these names and addresses
#   deploy/certs.sh renew [DAYS] [NAME…]   a new certificate where the old one ends within DAYS (30), or names are given
#   deploy/certs.sh check [DAYS]           say when it ends; exit code 1 within DAYS (30)
#
# The authority's key (ca.key) is read by nobody but this script: keep a copy offline. Devices get mqtt_ca_crt.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
SECRETS=${SECRETS:-$ROOT/deploy/secrets}
CA_KEY=$SECRETS/ca.key CA=$SECRETS/mqtt_ca_crt
KEY=$SECRETS/mqtt_server_key CERT=$SECRETS/mqtt_server_crt
CA_DAYS=${CA_DAYS:-3650} CERT_DAYS=${CERT_DAYS:-397}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Overwritten, not replaced: a container sees a file that was mounted by itself only so.
put() { cat "$1" > "$2"; }

authority() {
    [ ! -s "$CA_KEY" ] || [ ! -s "$CA" ] || return 0
    # A key whose certificate is missing was cut off half-way: the key stays.
    [ -s "$CA_KEY" ] || (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$CA_KEY")
    cat > "$work/ca.cnf" <<CNF
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = cityops devices
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
CNF
    openssl req -x509 -new -sha256 -key "$CA_KEY" -days "$CA_DAYS" -config "$work/ca.cnf" -out "$CA"
    echo "made $CA: give it to the devices"
}

# One line of names for the certificate: "DNS:broker, IP:127.0.0.1".
alternatives() {
    for name in "$@"; do
        case $name in
            *[!0-9.]*) kind=DNS; case $name in *:*) kind=IP ;; esac ;;
            *) kind=IP ;;
        esac
        printf '%s:%s, ' "$kind" "$name"
    done | sed 's/, $//'
}

certificate() {
    umask 022
    # shellcheck disable=SC2046  # names hold no spaces; each once
    set -- $(printf '%s\n' "$@" | awk '!seen[$0]++')
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/key"
    cat > "$work/server.cnf" <<CNF
[req]
distinguished_name = name
prompt = no
[name]
CN = cityops broker
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $(alternatives "$@")
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CNF
    openssl req -new -sha256 -key "$work/key" -config "$work/server.cnf" -out "$work/csr"
    openssl x509 -req -sha256 -in "$work/csr" -CA "$CA" -CAkey "$CA_KEY" -days "$CERT_DAYS" \
        -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/server.cnf" -extensions server -out "$work/crt" 2> "$work/log" \
        || { cat "$work/log" >&2; exit 1; }
    put "$work/key" "$KEY"
    put "$work/crt" "$CERT"
    echo "made $CERT for $*; $(openssl x509 -noout -enddate -in "$CERT" | sed 's/notAfter=/ends /')"
}

names() { openssl x509 -noout -ext subjectAltName -in "$CERT" | tr ',' '\n' | sed -n 's/^ *\(DNS\|IP Address\)://p'; }

# Whether the certificate is of this authority: another's is not ours to renew.
is_ours() { openssl verify -partial_chain -no_check_time -CAfile "$CA" "$CERT" > /dev/null 2>&1; }

within() { ! openssl x509 -noout -checkend $(($1 * 86400)) -in "$CERT" > /dev/null; }

action=${1:-init}
[ $# = 0 ] || shift
mkdir -p "$SECRETS"
chmod 700 "$SECRETS"
case $action in
    init)
        authority
        [ -s "$CERT" ] || certificate "${@:-$(hostname)}" broker localhost 127.0.0.1
        ;;
    renew)
        days=30
        case ${1:-} in '' | *[!0-9]*) ;; *) days=$1; shift ;; esac
        if [ $# -gt 0 ]; then
            certificate "$@" broker localhost 127.0.0.1
        elif ! within "$days"; then
            echo "$CERT is good for more than $days days"
        elif ! is_ours; then
            echo "$CERT ends within $days days and is of another authority: renew it there" >&2
            exit 1
        else
            # shellcheck disable=SC2046  # names hold no spaces
            certificate $(names)
        fi
        ;;
    check)
        echo "$CERT $(openssl x509 -noout -enddate -in "$CERT" | sed 's/notAfter=/ends /') for $(names | tr '\n' ' ')"
        ! within "${1:-30}" || { echo "within ${1:-30} days: deploy/certs.sh renew" >&2; exit 1; }
        ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
