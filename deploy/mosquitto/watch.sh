#!/bin/sh
# Run the broker (the arguments), and have it read its logins again within a second of a change of its password file:
# `cityops devices` writes there from another container. The broker cuts off who is not in it any more.
set -eu

PASSWORDS=${PASSWORDS:-/mosquitto/config/passwords}
broker=$$

(
    seen=$(cksum < "$PASSWORDS")
    while sleep 1 && kill -0 "$broker" 2> /dev/null; do
        now=$(cksum < "$PASSWORDS") || continue
        [ "$now" = "$seen" ] || kill -HUP "$broker"
        seen=$now
    done
) &
exec "$@"
