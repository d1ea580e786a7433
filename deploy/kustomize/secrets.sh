#!/bin/sh
# The Secrets of deploy/kustomize out of deploy/secrets: deploy/kustomize/secrets.sh | kubectl apply -f -
# Run deploy/secrets.sh first, and put the address of your database into deploy/secrets/cityops_db__dsn and cityops_api__dsn.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
SECRETS=${SECRETS:-$ROOT/deploy/secrets}
NAMES="cityops_db__dsn cityops_api__dsn mqtt_ingest_password mqtt_town_password mqtt_sta_password mqtt_fleet_password cityops_housing__password cityops_winter__password
    cityops_bin_days__password cityops_crew__password cityops_ops__password"

encoded() { openssl base64 -A -in "$SECRETS/$1"; }

cat <<YAML
apiVersion: v1
kind: Secret
metadata: {name: cityops, namespace: cityops}
type: Opaque
data:
YAML
for name in $NAMES; do
    echo "  $name: $(encoded "$name")"
done
cat <<YAML
---
apiVersion: v1
kind: Secret
metadata: {name: broker-tls, namespace: cityops}
type: kubernetes.io/tls
data:
  tls.crt: $(encoded mqtt_server_crt)
  tls.key: $(encoded mqtt_server_key)
YAML
