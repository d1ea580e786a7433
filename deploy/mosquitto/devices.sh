#!/bin/sh
# Logins of devices in the broker's password file: devices.sh add|renew|remove NAME… | list
# A device's user name is its name in the registry. Prints "NAME PASSWORD" of each new login, once; the file has
# hashes only. The broker reads the file again on SIGHUP; a removed device that is connected stays so until then.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
SERVICES='ingest town'

umask 077
[ -f "$PASSWORDS" ] || : > "$PASSWORDS"

known() { cut -d: -f1 "$PASSWORDS" | grep -Fqx -- "$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
refuse() { echo "devices.sh: $1" >&2; exit 1; }

action=${1:-list}
[ $# = 0 ] || shift
case $action in
    add | renew | remove) [ $# -gt 0 ] || refuse "$action whom?" ;;
    list) cut -d: -f1 "$PASSWORDS" | grep -vFx -e "${SERVICES% *}" -e "${SERVICES#* }" || true ;;
    *) refuse "use add, renew, remove or list" ;;
esac

# All names are looked at before the first is changed.
for name in "$@"; do
    case $name in
        '' | -* | *[!a-z0-9-]*) refuse "$name: small letters, digits and - only" ;;
    esac
    for service in $SERVICES; do
        [ "$name" != "$service" ] || refuse "$name is a service"
    done
    case $action in
        add) if known "$name"; then refuse "$name has a login; renew or remove it"; fi ;;
        renew | remove) known "$name" || refuse "$name has no login" ;;
    esac
done

for name in "$@"; do
    if [ "$action" = remove ]; then
        mosquitto_passwd -D "$PASSWORDS" "$name"
    else
        password=$(random)
        # By standard input, twice as it asks: a command line is seen by everybody on the machine.
        printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd -H sha512-pbkdf2 "$PASSWORDS" "$name" > /dev/null
        echo "$name $password"
    fi
done
