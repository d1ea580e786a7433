"""The machine below the agent: clock, card, memory, pins and systemd. Nothing here needs a network or root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devices.agent.config import AgentConfig
from devices.agent.doctor.finding import Finding, fail, ok, warn
from devices.agent.sensor_sections import Ds18b20Section

UNIT = "cityops-agent.service"
TIMESYNC = Path("/run/systemd/timesync/synchronized")
_LOW_MEMORY_MB = 60
_LOW_SPACE_MB = (20, 100)
_MUCH_WRITTEN_GB = 5.0
_YEAR_2026_S = 1_767_225_600


def clock(wall_s: float, *, synchronised: bool) -> Finding:
    """Whether the wall clock can be believed; ``wall_s`` is what it says [s since 1970]."""
    if synchronised:
        return ok("clock", "synchronised")
    fix = "needs the network once: sudo timedatectl set-ntp true; the readings are dated later, so nothing is lost"
    if wall_s < _YEAR_2026_S:
        return fail("clock", "was never set", fix)
    return warn("clock", "not synchronised since the start", fix)


def card(folder: Path) -> Iterator[Finding]:
    """Yield whether the data directory can be written and has room."""
    if not folder.is_dir():
        yield fail(
            "card",
            f"{folder} does not exist",
            "sudo systemctl start cityops-agent makes it, or deploy/agent/install.sh",
        )
        return
    space = os.statvfs(folder)
    if space.f_flag & os.ST_RDONLY:
        yield fail(
            "card",
            f"{folder} is on a file system that can only be read",
            "a worn card does so: look at dmesg, take a new card; readings are kept in memory meanwhile",
        )
        return
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
    except OSError as e:
        yield fail(
            "card", f"{folder} can't be written: {e.strerror}", "run as the agent's user, or make room"
        )
        return
    free_mb = space.f_bavail * space.f_frsize // 1_000_000
    if free_mb < _LOW_SPACE_MB[1]:
        judged = fail if free_mb < _LOW_SPACE_MB[0] else warn
        yield judged("card", f"{free_mb} MB free", "sudo journalctl --vacuum-size=20M; sudo apt clean")
    else:
        yield ok("card", f"{folder} can be written, {free_mb} MB free")
    aside = sorted(folder.glob("*.broken"))
    if aside:
        yield warn(
            "card",
            f"set aside as broken: {', '.join(p.name for p in aside)}",
            "the card may be worn: copy it, take a new one; then delete these files",
        )


def memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """Whether there is memory left."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines())
        free_mb = int(lines["MemAvailable"].split()[0]) // 1024
    except (OSError, KeyError, ValueError):
        return warn("memory", "is not known", "no /proc/meminfo: is this Linux?")
    if free_mb < _LOW_MEMORY_MB:
        return warn(
            "memory", f"{free_mb} MB available", "the agent needs 60: see what else runs, e.g. with top"
        )
    return ok("memory", f"{free_mb} MB available")


def rights(config: AgentConfig, root: Path = Path("/")) -> Iterator[Finding]:
    """Yield whether the buses and pins that the configuration names may be used."""
    for section in config.sensors:
        bus = getattr(section, "bus", None)
        if isinstance(bus, int):
            fix = "sudo raspi-config nonint do_i2c 0; the agent's user must be in the group i2c"
            yield _usable("i2c", root / f"dev/i2c-{bus}", fix)
    own = [s for s in config.sensors if not isinstance(s.bus, str)]  # others hang on a bench's wires
    if any(isinstance(section, Ds18b20Section) for section in own):
        place = root / "sys/bus/w1/devices"
        if place.is_dir():
            yield ok("1-wire", f"{place} is there")
        else:
            yield fail("1-wire", "is off", "sudo raspi-config nonint do_onewire 0, then start again")
    if config.button is not None or config.eyes is not None:
        chips = sorted((root / "dev").glob("gpiochip*")) or [root / "dev/gpiochip0"]
        yield _usable("gpio", chips[0], "the agent's user must be in the group gpio")


def wear(folder: Path, root: Path = Path("/")) -> Iterator[Finding]:
    """Yield what is known of how worn the card is and what wears it."""
    block = _block_device(folder, root)
    if block is not None:
        yield _worn(block, root)
    swaps = root / "proc/swaps"
    if swaps.is_file():
        used = [line.split()[0] for line in swaps.read_text(encoding="utf-8").splitlines()[1:]]
        if any("zram" not in name for name in used):
            yield warn(
                "wear", f"swap on the card: {', '.join(used)}", "sudo systemctl disable --now dphys-swapfile"
            )


def unit(show: str | None) -> Finding:
    """Judge what ``systemctl show`` says of the unit; None where there is no systemd."""
    if show is None:
        return warn(
            "systemd", "does not answer", "run by hand? deploy/agent/install.sh makes a service of it"
        )
    said = dict(line.split("=", 1) for line in show.splitlines() if "=" in line)
    if said.get("LoadState") != "loaded":
        return warn("systemd", f"{UNIT} is not installed", "sudo deploy/agent/install.sh")
    state, restarts = said.get("ActiveState", "?"), said.get("NRestarts", "0")
    if state != "active":
        return fail(
            "systemd", f"{UNIT} is {state}", f"sudo systemctl start {UNIT}; journalctl -u {UNIT} -n 50"
        )
    if said.get("WatchdogUSec") in ("0", "infinity", None):
        return warn("systemd", "runs without a watchdog", "WatchdogSec=120 in its unit: deploy/agent")
    if restarts != "0":
        return warn(
            "systemd",
            f"runs; started again {'once' if restarts == '1' else f'{restarts} times'}",
            f"journalctl -u {UNIT} -p warning",
        )
    return ok("systemd", f"runs, watchdog {said['WatchdogUSec']}")


def show_unit() -> str | None:
    """Return what ``systemctl show`` says; None where there is no systemd."""
    program = shutil.which("systemctl")
    if program is None:
        return None
    names = "LoadState,ActiveState,NRestarts,WatchdogUSec"
    try:
        told = subprocess.run(
            [program, "show", UNIT, "-p", names], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout if told.returncode == 0 and told.stdout.strip() else None


def _usable(name: str, device: Path, fix: str) -> Finding:
    if not device.exists():
        return fail(name, f"{device} does not exist", fix)
    if not os.access(device, os.R_OK | os.W_OK):
        return fail(name, f"{device} may not be used by this user", fix)
    return ok(name, f"{device} may be used")


def _block_device(folder: Path, root: Path) -> Path | None:
    """Return the whole disk below ``folder`` in ``/sys``; None where it is none."""
    try:
        device = folder.stat().st_dev
        at = (root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve(strict=True)
    except OSError:
        return None
    return at.parent if (at / "partition").exists() else at


def _worn(block: Path, root: Path) -> Finding:
    life = block / "device/life_time"
    if life.is_file():
        used = [int(word, 16) * 10 for word in life.read_text(encoding="utf-8").split()]
        text = f"{block.name}: {max(used)} % of its life used"
        return ok("wear", text) if max(used) < 80 else warn("wear", text, "take a new one this year")
    try:
        sectors = int((block / "stat").read_text(encoding="utf-8").split()[6])
        up_s = float((root / "proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return ok("wear", f"{block.name} does not tell")
    gb_a_day = sectors * 512 / 1e9 / max(up_s, 3600.0) * 86_400
    text = f"{block.name}: {gb_a_day:.2f} GB a day written by everything on this machine; cards don't tell their age"
    if gb_a_day > _MUCH_WRITTEN_GB:
        return warn(
            "wear", text, "log to memory: Storage=volatile in /etc/systemd/journald.conf; mount with noatime"
        )
    return ok("wear", text)
