#!/bin/sh
# Put the services' passwords into the broker's password file; devices' entries stay.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
SECRETS=${SECRETS:-/run/secrets}

umask 077
[ -f "$PASSWORDS" ] || : > "$PASSWORDS"
for user in ingest town; do
    mosquitto_passwd -H sha512-pbkdf2 -b "$PASSWORDS" "$user" "$(cat "$SECRETS/mqtt_${user}_password")"
done
echo "broker users: $(cut -d: -f1 "$PASSWORDS" | tr '\n' ' ')"
