"""Whether the launcher, which no update over the air renews, is the one that the agent wants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from devices.agent.doctor.finding import Finding, ok, warn
from devices.launcher.launch import FACTORY, SLOTS, STATE, VERSION

INSTALLED = Path("/opt/cityops-launcher/launch.py")
ROOT = Path("/var/lib/cityops-agent/update")
_VERSION = re.compile(r"^VERSION = (\d+)", re.MULTILINE)
_FIX = "sudo deploy/agent/install.sh, in a checkout of the newest version; then restart the agent"


def version_of(path: Path) -> int | None:
    """Return the version of the launcher in a file; 0 where it says none, None where there is no such file."""
    try:
        found = _VERSION.search(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return 0 if found is None else int(found[1])


def launcher(*, takes_updates: bool, installed: Path = INSTALLED, root: Path = ROOT) -> Iterator[Finding]:
    """Yield what is to be said of it; nothing of a device that has none and takes no updates.

    Args:
        takes_updates: whether its file has a section ``[update]``.
        installed: where install.sh puts it.
        root: of updates: the agent that runs may be newer than the one that asks here.
    """
    have = version_of(installed)
    if have is None:
        if takes_updates:
            yield warn("launcher", f"{installed} is not there: the device takes no updates", _FIX)
        return
    slot = _current(root)
    there = None if slot == FACTORY else version_of(root / SLOTS / slot / "code/devices/launcher/launch.py")
    wanted = max(VERSION, there or 0)
    if have < wanted:
        said = f"version {have}, older than the agent wants ({wanted}); updates go on with it all the same"
        yield warn("launcher", said, _FIX)
    else:
        yield ok("launcher", f"version {have}, as the agent wants")


def _current(root: Path) -> str:
    try:
        slot = json.loads((root / STATE).read_bytes())["current"]
    except (OSError, ValueError, KeyError, TypeError):
        return FACTORY
    return slot if slot in ("a", "b") else FACTORY
