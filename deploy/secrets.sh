#!/bin/sh
# Make the stack's secrets in deploy/secrets and its .env, once; what exists stays.
# Nothing has a default password: without this the stack refuses to start.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
SECRETS=${1:-$ROOT/deploy/secrets}
ENV_FILE=${2:-$ROOT/.env}

# 32 random bytes as 64 hexadecimal digits: safe in a URL, in SQL and in a shell.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

mkdir -p "$SECRETS"
# The folder is closed to everyone else on this machine. The files in it are readable,
# because each container reads its own under its own user.
chmod 700 "$SECRETS"
umask 022

for name in postgres_password cityops_db_password grafana_db_password grafana_admin_password \
    mqtt_ingest_password mqtt_town_password cityops_housing__password cityops_winter__password; do
    [ -s "$SECRETS/$name" ] || { random > "$SECRETS/$name"; echo "made $SECRETS/$name"; }
done

dsn="postgresql://cityops:$(cat "$SECRETS/cityops_db_password")@db:5432/cityops"
[ -s "$SECRETS/cityops_db__dsn" ] || printf '%s' "$dsn" > "$SECRETS/cityops_db__dsn"

if [ ! -e "$ENV_FILE" ]; then
    cat > "$ENV_FILE" <<ENV
# Settings of docker-compose.yml; no secrets in here (they are in deploy/secrets).
# The simulated town runs with the profile "town". Remove it where real devices report.
COMPOSE_PROFILES=town
STACK_BIND=127.0.0.1
STACK_WEB_PORT=8080
STACK_GRAFANA_PORT=3000
STACK_GRAFANA_DATASOURCE=timescaledb
STACK_TOWN_SCENARIO=frost_night
STACK_TOWN_SPEED=240
ENV
    echo "made $ENV_FILE"
fi
echo "Housing team: password in $SECRETS/cityops_housing__password"
echo "Duty officers of the winter service: password in $SECRETS/cityops_winter__password"
echo "Grafana: user admin, password in $SECRETS/grafana_admin_password"
