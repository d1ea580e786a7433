#!/bin/sh
# Logins of programs in the broker's password file: devices.sh add|renew|remove NAME… | list
# Devices have theirs from `cityops devices` (docs/provisioning.md), which takes over the logins of registered devices that it
# finds here. Prints "NAME PASSWORD" of each new login, once; the file has hashes only. The broker reads the file again on SIGHUP; a
# removed device that is connected stays so until then.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
SERVICES='ingest town sta fleet devices'

umask 077
[ -f "$PASSWORDS" ] || : > "$PASSWORDS"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
refuse() { echo "devices.sh: $1" >&2; exit 1; }

action=${1:-list}
[ $# = 0 ] || shift
case $action in
    add | renew | remove) [ $# -gt 0 ] || refuse "$action whom?" ;;
    list)
        # shellcheck disable=SC2086  # several words
        cut -d: -f1 "$PASSWORDS" | grep -vFx "$(printf '%s\n' $SERVICES)" || true
        exit 0
        ;;
    *) refuse "use add, renew, remove or list" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$@" | awk '!seen[$0]++' > "$work/names"

# All names are looked at before the first is changed.
for name in "$@"; do
    case $name in
        '' | -* | *[!a-z0-9-]*) refuse "$name: small letters, digits and - only" ;;
    esac
    for service in $SERVICES; do
        [ "$name" != "$service" ] || refuse "$name is a service"
    done
done
# Lines of the names in the password file, or, with `not`, those of nobody named.
lines() { awk -F: -v want="${1:-}" 'NR == FNR {named[$1]; next} ($1 in named) == (want != "not")' "$work/names" "$PASSWORDS"; }
lines | cut -d: -f1 > "$work/known"
case $action in
    add) [ ! -s "$work/known" ] || refuse "$(head -n 1 "$work/known") has a login; renew or remove it" ;;
    renew | remove)
        unknown=$(awk 'NR == FNR {known[$0]; next} !($0 in known) {print; exit}' "$work/known" "$work/names")
        # With an empty first file awk takes the second for it.
        [ -s "$work/known" ] || unknown=$(head -n 1 "$work/names")
        [ -z "$unknown" ] || refuse "$unknown has no login"
        ;;
esac

: > "$work/new"
if [ "$action" != remove ]; then
    while read -r name; do echo "$name:$(random)"; done < "$work/names" > "$work/new"
    tr : ' ' < "$work/new" > "$work/told"
    # All at once, and by a file: a command line is seen by everybody on the machine, and each run writes the whole file anew.
    mosquitto_passwd -H sha512-pbkdf2 -U "$work/new"
fi
{ lines not; cat "$work/new"; } > "$work/all"
cat "$work/all" > "$PASSWORDS"
[ "$action" = remove ] || cat "$work/told"
