#!/bin/sh
# Pin every image of the stack by its digest: what was tested is what runs, even where somebody moves a tag.
#
#   deploy/pin-images.sh          asks the registries, writes docker-compose.images.yml and the lines for .env
#
# Needs docker with buildx and a way to the registries. Run it again to take newer digests of the same tags.
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
FILE=${1:-$ROOT/docker-compose.images.yml}
ENV_FILE=${2:-$ROOT/.env}

digest() { docker buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}'; }

pinned() {
    found=$(digest "$1")
    case $found in
        sha256:????????????????????????????????????????????????????????????????) echo "$1@$found" ;;
        *) echo "pin-images.sh: no digest for $1: $found" >&2; return 1 ;;
    esac
}

work=$(mktemp)
trap 'rm -f "$work"' EXIT
{
    echo "# Written by deploy/pin-images.sh. Images of docker-compose.yml by digest."
    echo "services:"
} > "$work"
# "service image" of every service whose image is not ours, as they stand in the file.
awk '/^services:/ {on = 1} /^[a-z]/ && !/^services:/ {on = 0}
     on && /^  [a-z-]+:/ {name = $1; sub(":", "", name)}
     on && /^    image:/ {print name, $2}' "$ROOT/docker-compose.yml" |
while read -r name image; do
    pin=$(pinned "$image") || exit 1
    printf '  %s: {image: "%s"}\n' "$name" "$pin" >> "$work"
done
python=$(pinned "$(sed -n 's/^ARG PYTHON_IMAGE=//p' "$ROOT/Dockerfile")")

cat "$work" > "$FILE"
override=$(dirname -- "$FILE")/docker-compose.override.yml
[ -e "$override" ] || printf '# What is different here: docs/deploy.md.\nservices: {}\n' > "$override"
touch "$ENV_FILE"
kept=$(grep -v -e '^STACK_PYTHON_IMAGE=' -e '^COMPOSE_FILE=' "$ENV_FILE" || true)
{
    [ -z "$kept" ] || printf '%s\n' "$kept"
    # Where files are named, compose reads no override by itself; an operator's own must not be lost by that.
    echo "COMPOSE_FILE=docker-compose.yml:docker-compose.images.yml:docker-compose.override.yml"
    echo "STACK_PYTHON_IMAGE=$python"
} > "$work"
cat "$work" > "$ENV_FILE"
echo "wrote $FILE and $ENV_FILE"
