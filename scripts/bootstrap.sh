#!/bin/sh
# Prepare this checkout: scripts/bootstrap.sh server|dev
# Finds a Python, then hands over to scripts/setup_environment.py. Quick when nothing has changed.
set -eu
cd "$(dirname "$0")/.."

usable() {
    "$1" -c 'import sys; sys.exit(not (sys.version_info >= (3, 11) and sys.maxsize > 2**32))' 2>/dev/null
}

found=""
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python \
    /opt/homebrew/bin/python3 /usr/local/bin/python3; do
    if usable "$candidate"; then
        found=$candidate
        break
    fi
    if [ -n "${PYTHON:-}" ] && [ "$candidate" = "${PYTHON:-}" ]; then
        echo "PYTHON=$PYTHON is no 64-bit Python 3.11 or newer." >&2
        exit 2
    fi
done

if [ -z "$found" ]; then
    echo "cityops needs a 64-bit Python 3.11 or newer, and none was found." >&2
    if command -v apt-get >/dev/null 2>&1; then
        echo "  Install one:  sudo apt-get install python3 python3-venv" >&2
    elif command -v brew >/dev/null 2>&1; then
        echo "  Install one:  brew install python@3.13" >&2
    else
        echo "  Install one from https://www.python.org/downloads/" >&2
    fi
    echo "  or name yours:  make PYTHON=/path/to/python3 ..." >&2
    exit 2
fi

exec "$found" scripts/setup_environment.py "$@"
