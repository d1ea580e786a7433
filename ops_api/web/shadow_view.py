"""The shadow as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.queries.shadow import ShadowState, Sides
from ops_api.shadow_text import about, counts
from ops_api.web import words
from rules.core.diff import Difference
from rules.core.replayed import AlarmSpan, Replayed

SHOWN = 50
"""Differences on the page; the command has them all."""

_CHANGE = {
    "only_before": "Live only",
    "only_after": "Shadow only",
    "severity": "Other severity",
    "members": "Other members",
    "outcome": "Other decision",
    "time": "Other time",
    "amount": "Other amount",
}


def page(state: ShadowState | None, sides: Sides | None, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return the content of the page.

    Args:
        state: how the shadow stands; None where no catalogue is in shadow.
        sides: what live rules and shadow say; None where the shadow has judged nothing yet.
        now: of the town.
        zone: of the council.
    """
    found: dict[str, Any] = {"state": state, "sides": sides}
    if state is not None:
        found["when"] = {
            name: words.day_and_clock(getattr(state, name), zone, now)
            for name in ("since", "from_at", "settled_at", "live_settled_at")
        }
    if sides is not None:
        found["counts"] = [c._asdict() for c in counts(sides)]
        shown = sides.differences[-SHOWN:][::-1]  # the latest is what somebody looks for
        found["differences"] = [_difference(d, sides.names, now, zone) for d in shown]
        found["more"] = len(sides.differences) - len(shown)
        up, live = _up(sides.shadow), _up(sides.live)
        found["up"] = [_alarm(a, now, zone) for key, a in up.items() if key not in live]
        found["up_too"] = len(up.keys() & live.keys())
        found["looked_back"] = words.duration(timedelta(seconds=sides.live.to_s - sides.live.from_s))
    return found


def _difference(d: Difference, names: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {
        "at": _at(d.at_s, now, zone),
        "change": _CHANGE[d.change],
        "rule_id": d.rule_id,
        "text": about(d, names),
    }


def _up(side: Replayed) -> dict[tuple[str, str, str], AlarmSpan]:
    return {(a.rule_id, a.subject_kind, a.subject): a for a in side.alarms if a.cleared_s is None}


def _alarm(alarm: AlarmSpan, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    return {
        "at": _at(alarm.raised_s, now, zone),
        "severity": alarm.severity,
        "title": alarm.title,
        "reason": alarm.reason,
    }


def _at(at_s: float, now: datetime, zone: ZoneInfo) -> str:
    return words.day_and_clock(datetime.fromtimestamp(at_s, UTC), zone, now)
