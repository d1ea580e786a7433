"""What a device's file says beside what a claim writes: its sensors, page, eyes and updates stay when it gets a new name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

CLAIMED = frozenset({"device", "broker", "server"})
"""Sections that a claim writes."""
_HEADER = re.compile(r"^\s*\[{1,2}\s*([A-Za-z_]+)")


def others_in(path: Path) -> str:
    """Return the other sections of a file as they stand, comments included; "" where there is none or it is no TOML."""
    try:
        kept = others(path.read_text(encoding="utf-8"))
        tomllib.loads(kept)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ""
    return kept


def others(text: str) -> str:
    """Return the sections of a configuration that a claim does not write."""
    found: list[str] = []
    is_kept = False
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            is_kept = header[1] not in CLAIMED
        if is_kept:
            found.append(line)
    return "\n".join(found).strip()


def has_section(text: str, name: str) -> bool:
    """Whether a configuration has a section of a name."""
    return any(h is not None and h[1] == name for h in map(_HEADER.match, text.splitlines()))
