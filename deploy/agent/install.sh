#!/bin/sh
# Install or upgrade the agent on this Raspberry Pi: sudo deploy/agent/install.sh, in a checkout of the version.
# May be run again at any time: what is there stays, the configuration above all. Nothing runs as root afterwards.
# The agent is started by the launcher, so that it takes updates over the air (docs/updates.md); each run renews that.
#   --without-updates   start the agent itself, where there is no launcher yet.
set -eu

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
SOURCE=$(CDPATH='' cd -- "$HERE/../.." && pwd)
ROOT=${ROOT:-}
OPT=$ROOT/opt/cityops-agent
ETC=$ROOT/etc/cityops-agent
LAUNCHER=$ROOT/opt/cityops-launcher/launch.py
PYTHON=$OPT/bin/python

case "${1:-}" in
    "") UPDATES=yes ;;
    --without-updates) UPDATES=no ;;
    *) echo "install.sh: $1 is not known; --without-updates is" >&2; exit 1 ;;
esac

# Put a file in place of another one at once: a power cut leaves the old or the new one, whole.
renew() {
    install -d "$(dirname -- "$2")"
    ! cmp -s "$1" "$2" || return 0
    install -m 644 "$1" "$2.new"
    sync "$2.new"
    mv -f "$2.new" "$2"
    sync "$(dirname -- "$2")"
}

if [ -z "$ROOT" ]; then
    [ "$(id -u)" -eq 0 ] || { echo "install.sh: run it with sudo" >&2; exit 1; }
    for group in i2c gpio dialout; do
        getent group "$group" > /dev/null || groupadd --system "$group"
    done
    id cityops-agent > /dev/null 2>&1 ||
        useradd --system --user-group --home-dir /var/lib/cityops-agent --no-create-home --shell /usr/sbin/nologin cityops-agent
    # Two libraries from the package index, and those for buses, pins and updates, each by its hash.
    [ -x "$OPT/bin/python" ] || python3 -m venv --system-site-packages "$OPT"
    "$OPT/bin/pip" install --quiet --require-hashes --no-deps -r "$SOURCE/requirements/pi.lock"
    "$OPT/bin/pip" install --quiet --no-deps --force-reinstall "$SOURCE"
    if command -v raspi-config > /dev/null 2>&1; then
        raspi-config nonint do_i2c 0
        raspi-config nonint do_onewire 0
    fi
fi

install -d -m 750 "$ETC"
install -m 640 "$HERE/agent.toml" "$ETC/agent.toml.example"
[ -e "$ETC/agent.toml" ] || install -m 640 "$HERE/agent.toml" "$ETC/agent.toml"
install -d "$ROOT/etc/systemd/system" "$ROOT/etc/systemd/journald.conf.d"
install -m 644 "$HERE/cityops-agent.service" "$ROOT/etc/systemd/system/cityops-agent.service"
# The journal wears a card more than the readings do: in memory, and not much of it.
install -m 644 "$HERE/journald.conf" "$ROOT/etc/systemd/journald.conf.d/60-cityops-agent.conf"

if [ "$UPDATES" = yes ] || [ -e "$LAUNCHER" ]; then
    [ -x "$PYTHON" ] || PYTHON=python3
    # Every start goes through it: one that this Python does not even load leaves the old one where it is.
    "$PYTHON" -IS -c 'import runpy, sys; runpy.run_path(sys.argv[1])["prepare"]' "$SOURCE/devices/launcher/launch.py"
    renew "$SOURCE/devices/launcher/launch.py" "$LAUNCHER"
    renew "$HERE/launcher.conf" "$ROOT/etc/systemd/system/cityops-agent.service.d/launcher.conf"
fi

if [ -z "$ROOT" ]; then
    # The agent's own: it puts its next password there by itself, and what claim writes as root it must read.
    chown -R cityops-agent:cityops-agent "$ETC"
    ln -sfn /opt/cityops-agent/bin/cityops-agent /usr/local/bin/cityops-agent
    systemctl daemon-reload
    systemctl enable --quiet cityops-agent.service
fi
echo "installed; sudo cityops-agent claim, or write $ETC/agent.toml and cityops-agent check; then sudo systemctl restart cityops-agent"
