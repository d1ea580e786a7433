"""How rows of the engine's memory written by older versions become rows of today's. JSON to JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Raw = dict[str, Any]


def with_levels(*alarms: str) -> Callable[[Raw], Raw]:
    """Return the migration from alarms with one severity to alarms with levels."""

    def migrate(row: Raw) -> Raw:
        return row | {name: {"lives": [row[name]]} for name in alarms if name in row}

    return migrate


def silent_with_levels(row: Raw) -> Raw:
    """Return a device's row whose silence was a yes or no; it has been up since its last reading."""
    if not row.get("silent", False):
        return {"at_s": row["at_s"]}
    life = {"phase": "active", "since_s": row["at_s"], "held_since_s": row["at_s"]}
    return {"at_s": row["at_s"], "silent": {"lives": [life]}}


def with_track(row: Raw) -> Raw:
    """Return a bin's row whose level was a median of readings: the filter begins with its last one."""
    fills = row.get("fills", {})
    kept = {name: fills[name] for name in ("recent", "filtered", "emptied_s") if name in fills}
    if fills.get("recent") and fills.get("filtered"):
        at_s, level_pct = fills["recent"][-1][0], fills["filtered"][-1]
        kept |= {"track": [at_s, level_pct, 0.0, 4.0, 0.0, 2.25], "n": 4}
    return row | {"fills": kept}
