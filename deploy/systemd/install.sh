#!/bin/sh
# Install cityops' units on this host: sudo deploy/systemd/install.sh [ingest] [rules] [notify] [fleet] [api] [backup]
# Without names all of them. A host of its own for ingesters: `install.sh ingest`. Installs nothing of Python (docs/systemd.md).
set -eu

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
ROOT=${ROOT:-}
UNITS=$ROOT/etc/systemd/system
[ $# -gt 0 ] || set -- ingest rules notify fleet api backup

for name in "$@"; do
    case $name in
        ingest | rules | notify | fleet | api | backup) ;;
        *) echo "install.sh: $name is none of ingest, rules, notify, fleet, api, backup" >&2; exit 1 ;;
    esac
done

if [ -z "$ROOT" ]; then
    id cityops > /dev/null 2>&1 ||
        useradd --system --home-dir /var/lib/cityops --no-create-home --shell /usr/sbin/nologin cityops
    install -d -m 700 -o cityops -g cityops /var/backups/cityops
fi
install -d -m 700 "$ROOT/etc/cityops/secrets"
install -d "$UNITS"
install -m 644 "$HERE/cityops.target" "$HERE/cityops-migrate.service" "$UNITS"
wanted=cityops.target
for name in "$@"; do
    install -m 644 "$HERE/cityops-$name.service" "$UNITS"
    if [ "$name" = backup ]; then
        install -m 644 "$HERE/cityops-backup.timer" "$UNITS"
        wanted="$wanted cityops-backup.timer"
    else
        wanted="$wanted cityops-$name.service"
    fi
done
if [ -z "$ROOT" ]; then
    systemctl daemon-reload
    # shellcheck disable=SC2086  # several words
    systemctl enable $wanted
fi
echo "installed: $wanted; start them with: systemctl start cityops.target"
