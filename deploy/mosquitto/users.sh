#!/bin/sh
# Put the services' passwords into the broker's password file, where devices' entries stay, and the rights beside it.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
SECRETS=${SECRETS:-/run/secrets}
ACL=${ACL:-/etc/cityops/acl}

umask 077
# A copy that is the broker's own: Mosquitto 2.1 opens no symbolic link here, which is what Kubernetes mounts, and a later
# version will open nothing that is another's.
cat "$ACL" > "${PASSWORDS%/*}/acl"
[ -f "$PASSWORDS" ] || : > "$PASSWORDS"
for user in ingest town sta fleet; do
    # By standard input, twice as it asks: a command line is seen by everybody on the machine.
    password=$(cat "$SECRETS/mqtt_${user}_password")
    printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd -H sha512-pbkdf2 "$PASSWORDS" "$user" > /dev/null
done
# Devices' logins are written by the ingester too, which is in the broker's group; the folder's group is that of what is made in it.
chmod 2770 "${PASSWORDS%/*}"
chmod 660 "$PASSWORDS"
echo "broker users: $(cut -d: -f1 "$PASSWORDS" | tr '\n' ' ')"
