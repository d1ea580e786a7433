"""Install the Mosquitto broker where there is none; run with the Python of ``.venv``.

Debian and Ubuntu: as root through apt, the system's own service left off; otherwise
the packages are unpacked into the data directory, which needs no rights at all. macOS:
Homebrew. Elsewhere: says what to do.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cityops.embedded.mosquitto_binary import UNPACKED, find_mosquitto
from cityops.errors import ConfigurationError
from cityops.paths import default_data_dir

POLICY = Path("/usr/sbin/policy-rc.d")
COMPLAINTS: list[str] = []
"""What apt said where it failed: shown only when every way has failed."""
_DEB = re.compile(r"^'[^']+' (?P<package>[a-z0-9.+-]+)_\S+\.deb ", re.MULTILINE)


def main() -> None:
    """Install Mosquitto, by the first way that works."""
    data_dir = Path(os.environ.get("CITYOPS_DATA_DIR") or default_data_dir())
    if found(data_dir):
        return
    say("installing the broker Mosquitto")
    for way in (install_with_apt, unpack_with_apt, install_with_brew):
        if way(data_dir) and found(data_dir):
            return
    raise SystemExit(
        "\n".join(COMPLAINTS)
        + "\nMosquitto, the MQTT broker, is missing and could not be installed. Either install it\n"
        "  sudo apt-get install mosquitto     (Debian, Ubuntu; asks for your password)\n"
        "  brew install mosquitto             (macOS)\n"
        "  https://mosquitto.org/download/    (others)\n"
        "or use a broker of yours: set CITYOPS_MQTT__HOST and CITYOPS_MQTT__PORT."
    )


def found(data_dir: Path) -> bool:
    """Whether there is a Mosquitto that runs."""
    try:
        find_mosquitto(data_dir)
    except ConfigurationError:
        return False
    return True


def install_with_apt(_data_dir: Path) -> bool:
    """Install the package as root; the system's broker is neither started nor enabled."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    with services_stay_off():
        if not apt("install", "-y", "--no-install-recommends", "mosquitto"):
            apt("update")
            if not apt("install", "-y", "--no-install-recommends", "mosquitto"):
                return False
    if shutil.which("systemctl") is not None:
        subprocess.run(["systemctl", "disable", "mosquitto"], capture_output=True, check=False)
    return True


@contextlib.contextmanager
def services_stay_off() -> Iterator[None]:
    """Keep package scripts from starting services (Debian's ``policy-rc.d``), if nobody else does."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def unpack_with_apt(data_dir: Path) -> bool:
    """Download the package and the libraries it lacks here, and unpack them: no rights needed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return False
    work = data_dir / "apt"
    shutil.rmtree(work, ignore_errors=True)
    (work / "debs").mkdir(parents=True)
    try:
        lists: list[str] = []
        packages = needed(lists)
        if not packages or not apt("download", *packages, cwd=work / "debs"):
            lists = own_lists(work)
            apt(*lists, "update")
            packages = needed(lists)
            if not packages or not apt(*lists, "download", *packages, cwd=work / "debs"):
                return False
        return unpack(work / "debs", data_dir / UNPACKED)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def own_lists(work: Path) -> list[str]:
    """Return the options that let apt keep package lists of our own: the system's may be missing."""
    (work / "state" / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": work / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": work / "cache",
    }
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def needed(lists: list[str]) -> list[str]:
    """Return Mosquitto and those of its dependencies that are not installed."""
    done = subprocess.run(
        [
            "apt-get",
            *lists,
            "install",
            "--print-uris",
            "-qq",
            "--no-install-recommends",
            "--reinstall",
            "mosquitto",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return _DEB.findall(done.stdout) if done.returncode == 0 else []


def unpack(debs: Path, target: Path) -> bool:
    """Unpack all packages in ``debs`` into ``target``, in one step."""
    partial = target.with_name(f"{target.name}.new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for deb in sorted(debs.glob("*.deb")):
        if subprocess.run(["dpkg", "-x", str(deb), str(partial)], check=False).returncode != 0:
            return False
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return True


def install_with_brew(_data_dir: Path) -> bool:
    """Install with Homebrew, which starts no service."""
    brew = shutil.which("brew")
    if brew is None:
        return False
    return subprocess.run([brew, "install", "mosquitto"], check=False).returncode == 0


def apt(*arguments: str, cwd: Path | None = None) -> bool:
    """Run apt-get quietly; return whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "-qq", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        COMPLAINTS.append(f"apt-get {arguments[0]}: {done.stderr.strip()}")
    return done.returncode == 0


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"cityops setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # the script that called this one says so
