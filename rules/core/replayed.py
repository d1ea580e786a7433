"""What a run of the rules said of a time: alarms from beginning to end, decisions, cold roads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class AlarmSpan(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm from its beginning to its end, in the words that it had last.

    Attributes:
        severity: the last one.
        cleared_s: None while it is up.
        members: who was ever in it, sorted.
        flapping: whether it comes and goes; one that is cleared no longer does.
    """

    rule_id: str
    subject_kind: str
    subject: str
    severity: str
    raised_s: float
    cleared_s: float | None
    title: str
    reason: str
    members: tuple[str, ...] = ()
    flapping: bool = False


class DecisionMade(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, with what of it can be counted.

    Attributes:
        rate_g_m2, passes: of a treatment; ``plough``: whether snow is ploughed before it.
        km, salt_kg: that a treatment takes; the km of a collection round are its plan's.
        call_out_s: when the lorry is to be sent for it [s since 1970]; None where nothing is driven.
        is_salted: whether gritters had treated the route already.
        segments: that it treats.
        bins: that must be collected.
    """

    rule_id: str
    subject_kind: str
    subject: str
    at_s: float
    outcome: str
    reason: str
    rate_g_m2: float = 0.0
    passes: int = 0
    km: float = 0.0
    salt_kg: float = 0.0
    call_out_s: float | None = None
    is_salted: bool = False
    segments: tuple[str, ...] = ()
    bins: tuple[str, ...] = ()
    plough: bool = False


class ColdSpell(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a stretch's surface was at or below 0 °C.

    Attributes:
        minimum_c: the lowest.
        states: the state of the surface and since when it was it [s since 1970].
    """

    segment_id: str
    from_s: float
    to_s: float
    minimum_c: float
    states: tuple[tuple[float, str], ...]

    def within(self, from_s: float, to_s: float) -> dict[str, float]:
        """Return how long it was in which state between two times [s]."""
        found: dict[str, float] = {}
        ends = (*(at_s for at_s, _ in self.states[1:]), self.to_s)
        for (start_s, state), end_s in zip(self.states, ends, strict=True):
            seconds = min(end_s, to_s) - max(start_s, from_s)
            if seconds > 0:
                found[state] = found.get(state, 0.0) + seconds
        return found


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules said of a time. ``spells``: empty where only the tables are known."""

    from_s: float
    to_s: float
    alarms: tuple[AlarmSpan, ...]
    decisions: tuple[DecisionMade, ...]
    spells: tuple[ColdSpell, ...] = ()
    readings: int = 0


def made(
    rule_id: str,
    subject_kind: str,
    subject: str,
    at_s: float,
    outcome: str,
    reason: str,
    result: Mapping[str, Any],
    widths_m: Mapping[str, float],
) -> DecisionMade:
    """Return what can be counted of a decision's result; ``widths_m``: of each segment [m]."""
    drive = result.get("drive") or {}
    treated = [leg for leg in drive.get("legs", ()) if leg["treat"]]
    rate, passes = result.get("spread_rate_g_m2") or 0.0, result.get("passes") or 0
    call_out = result.get("call_out_by")
    area_m2 = sum(leg["length_m"] * widths_m.get(leg["segment_id"], 0.0) for leg in treated)
    return DecisionMade(
        rule_id=rule_id,
        subject_kind=subject_kind,
        subject=subject,
        at_s=at_s,
        outcome=outcome,
        reason=reason,
        rate_g_m2=rate,
        passes=passes,
        km=passes * (drive.get("km") or 0.0),
        salt_kg=round(rate * passes * area_m2 / 1000.0, 1),
        call_out_s=None if call_out is None else datetime.fromisoformat(call_out).timestamp(),
        is_salted=(result.get("treated_segments") or 0) > 0,
        segments=tuple(dict.fromkeys(leg["segment_id"] for leg in treated)),
        bins=_bins(result),
        plough=result.get("action") == "plough",
    )


def _bins(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the bins that must be collected; decisions of before there were candidates name them as stops."""
    rows = result.get("candidates")
    if rows is None:
        return tuple(stop["bin_id"] for stop in result.get("stops", ()))
    return tuple(c["bin_id"] for c in rows if c["must"])
