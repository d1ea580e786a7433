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
    mqtt_ingest_password mqtt_town_password mqtt_sta_password mqtt_fleet_password cityops_housing__password cityops_winter__password \
    cityops_bin_days__password cityops_crew__password cityops_ops__password; do
    [ -s "$SECRETS/$name" ] || { random > "$SECRETS/$name"; echo "made $SECRETS/$name"; }
done

# FILE USER PASSWORD: a connection string, where there is none.
dsn() { [ -s "$SECRETS/$1" ] || printf 'postgresql://%s:%s@db:5432/cityops' "$2" "$(cat "$SECRETS/$3")" > "$SECRETS/$1"; }
dsn cityops_db__dsn cityops cityops_db_password
dsn restore_dsn postgres postgres_password
# The website's own login: `cityops db upgrade` makes it with this password.
[ -s "$SECRETS/cityops_api__dsn" ] ||
    printf 'postgresql://cityops_web:%s@db:5432/cityops' "$(random)" > "$SECRETS/cityops_api__dsn"

# MQTT_NAMES="mqtt.example.gov.uk 192.0.2.7" deploy/secrets.sh: what devices call the broker.
# shellcheck disable=SC2086  # several words
SECRETS=$SECRETS "$ROOT/deploy/certs.sh" init ${MQTT_NAMES:-}

if [ ! -e "$ENV_FILE" ]; then
    cat > "$ENV_FILE" <<ENV
# Settings of docker-compose.yml; no secrets in here (they are in deploy/secrets).
# The simulated town runs with the profile "town". Remove it where real devices report.
COMPOSE_PROFILES=town
STACK_BIND=127.0.0.1
STACK_WEB_PORT=8080
STACK_GRAFANA_PORT=3000
STACK_PROMETHEUS_PORT=9090
# Where devices come in, with TLS. Its certificate is for the names that deploy/certs.sh was given.
STACK_MQTT_BIND=0.0.0.0
STACK_MQTT_PORT=8883
STACK_GRAFANA_DATASOURCE=timescaledb
STACK_TOWN_SCENARIO=frost_night
STACK_TOWN_SPEED=240
ENV
    echo "made $ENV_FILE"
fi
# Prometheus' alarms go nowhere until receivers are written here (profile alertmanager, docs/deploy.md).
[ -s "$SECRETS/alertmanager.yml" ] || cp "$ROOT/deploy/prometheus/alertmanager.yml" "$SECRETS/alertmanager.yml"
echo "Teams' passwords, in $SECRETS: cityops_housing__password (housing), cityops_winter__password (duty officers),"
echo "  cityops_bin_days__password (waste), cityops_crew__password (bin crews), cityops_ops__password (operations centre)"
echo "Devices: give them $SECRETS/mqtt_ca_crt; $(SECRETS=$SECRETS "$ROOT/deploy/certs.sh" check 0)"
echo "Grafana: user admin, password in $SECRETS/grafana_admin_password"
