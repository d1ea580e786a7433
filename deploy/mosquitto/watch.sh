#!/bin/sh
# Run the broker (the arguments), and have it read its logins again within a second of a change of its password file, or of its list of
# revoked certificates (REVOCATIONS: what `crlfile` names; empty: none): `cityops devices` writes there from another container. The broker
# cuts off who is not in the password file any more.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
REVOCATIONS=${REVOCATIONS:-}
broker=$$

sum() { cat "$PASSWORDS" ${REVOCATIONS:+"$REVOCATIONS"} | cksum; }
seen=$(sum) # before the broker reads them: what changes meanwhile is told

(
    while sleep 1 && kill -0 "$broker" 2> /dev/null; do
        now=$(sum) || continue
        [ "$now" = "$seen" ] || kill -HUP "$broker"
        seen=$now
    done
) &
exec "$@"
