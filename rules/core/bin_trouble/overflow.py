"""Incidents of overflowing bins: from the level or a report until the emptying. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rules.core.bin_memory import Overflow
from rules.core.bin_trouble.said import Said
from rules.core.collection_acts.model import Act

End = Literal["emptying", "crew", "withdrawn", "settled"]


@dataclass(frozen=True, slots=True)
class Level:
    """What the sensor says.

    Attributes:
        pct: median of the last filtered fills [%]; None: not known.
        from_pct, settled_pct: an incident begins at the one and, without an emptying, ends below the other [%].
        emptied_s: the last emptying [s since 1970].
    """

    pct: float | None
    from_pct: float
    settled_pct: float
    emptied_s: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """An incident that is over: when [s since 1970], and by what."""

    at_s: float
    by: End


def begins(level: Level, said: Said, at_s: float) -> Overflow | None:
    """Return the incident that begins with a reading or an act at ``at_s`` [s since 1970]; None: none does."""
    if level.pct is not None and level.pct >= level.from_pct:
        return Overflow(at_s, "level")
    report = said.overflowing
    return None if report is None else Overflow(report.at_s, "report", report.number)


def ends(now: Overflow, level: Level, said: Said, at_s: float) -> Ended | None:
    """Return the end of an incident; None: it goes on. What a sensor sees only a sensor ends."""
    if level.emptied_s is not None and level.emptied_s > now.since_s:
        return Ended(level.emptied_s, "emptying")
    if level.pct is not None and level.pct >= level.settled_pct:
        return None
    if now.by == "level":
        settled = level.pct is not None and said.overflowing is None
        return Ended(at_s, "settled") if settled else None
    if said.collected_s is not None and said.collected_s > now.since_s:
        return Ended(said.collected_s, "crew")
    return Ended(at_s, "withdrawn") if said.overflowing is None else None


def minutes(since_s: float, to_s: float) -> float:
    """Return how long an incident took [min]."""
    return max(0.0, to_s - since_s) / 60.0


def contradicted(level_pct: float | None, said: Said, below_pct: float, told: int) -> Act | None:
    """Return the last report of a full bin that the sensor contradicts and nobody has been told of; None: none.

    Args:
        level_pct: what the sensor says [%].
        said: what stands.
        below_pct: a bin below it is not full [%].
        told: number of the last one that was told.
    """
    reports = [a for a in (said.full, said.overflowing) if a is not None and a.number > told]
    if level_pct is None or level_pct >= below_pct or not reports:
        return None
    return max(reports, key=lambda a: a.number)
