"""What is told of a public bin. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ops_api.web.words import moment

FRESH = timedelta(hours=6)
"""A level older than this is told as not known now."""
BURNING, DROPPED, OK, UNKNOWN = "burning", "dropped", "ok", "unknown"
"""FIWARE's words."""


def level_of(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what is told of a bin: its level 0..1 where it is known and not older than :data:`FRESH`."""
    state, at = row["state"] or {}, row["at"]
    fresh = at is not None and now - at <= FRESH
    # Of a sensor that sees no bin, or always the same, the level is what it last was: that is nobody's news.
    told = fresh and state.get("state") != "unknown" and state.get("condition", "ok") == "ok"
    fill = state.get("fill_pct") if told else None
    emptied = moment(state.get("last_emptied_at"))
    return {
        **{k: row[k] for k in ("bin_id", "label", "street", "stream", "latitude_deg", "longitude_deg", "capacity_l")},
        "filling_level": None if fill is None else round(min(1.0, max(0.0, fill / 100.0)), 2),
        "temperature_c": state.get("temperature_c") if fresh else None,
        "emptied_at": None if emptied is None else emptied.isoformat(),
        "status": status_of(state) if fresh else UNKNOWN,
        "measured_at": None if at is None else at.isoformat(),
        "fresh": fresh,
    }  # fmt: skip


def status_of(state: Mapping[str, Any]) -> str:
    """Return what is the matter with a bin, as FIWARE says it."""
    if state.get("on_fire"):
        return BURNING
    condition = state.get("condition", "ok")
    if condition == "tilted":
        return DROPPED
    return UNKNOWN if state.get("state") in (None, "unknown") or condition != "ok" else OK
