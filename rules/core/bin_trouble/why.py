"""Why a bin must be collected: a code for the plan and words for people."""

from __future__ import annotations

from dataclasses import dataclass

from devices.registry import BinSite
from rules.core.bin_level.condition import condition_of
from rules.core.bin_memory import BinMemory
from rules.core.bin_trouble.facts import Facts
from rules.core.effects import iso
from rules.core.parameters import BinParameters

SEPARATE = "contaminated"


@dataclass(frozen=True, slots=True)
class Due:
    """Why: ``code`` is one of blocked, overflow, full, report, age; of separate jobs contaminated or fire."""

    code: str
    text: str


def why_collect(
    site: BinSite, now: BinMemory, at_s: float, p: BinParameters, facts: Facts | None = None
) -> Due | None:
    """Return why a bin must be collected by the round, None where it need not be.

    Args:
        site: the bin.
        now: what is remembered of it.
        at_s: now [s since 1970].
        p: of full bins.
        facts: what is wrong with it and was said of it; None: nothing. With the wrong waste in it it is no part of the round.
    """
    if facts is not None and facts.said.contaminated is not None:
        return None
    said_s = None if facts is None else facts.said.collected_s
    by_level = _by_jam(now, p) or (None if is_overtaken(now, facts) else _by_level(site, now, p))
    return by_level or _by_report(now, facts) or _by_age(site, now, at_s, said_s)


def is_overtaken(now: BinMemory, facts: Facts | None) -> bool:
    """Whether a crew has emptied a bin since its last level, by its word: until the sensor says more, what it said is past."""
    said_s, track = None if facts is None else facts.said.collected_s, now.fills.track
    return said_s is not None and track is not None and said_s > track.at_s


def separate_of(facts: Facts | None) -> Due | None:
    """Return why a bin is a separate job, None where it is none."""
    act = None if facts is None else facts.said.contaminated
    return (
        None
        if act is None
        else Due(SEPARATE, f"separate job: wrong waste in it, said by the crew ({iso(act.at_s)})")
    )


def _by_jam(now: BinMemory, p: BinParameters) -> Due | None:
    level = now.fills.fill_pct
    if now.fills.jam is not None and condition_of(now.fills, now.at_s, False, p.filter) == "blocked":
        return Due("blocked", f"blocked: something is at its sensor, {level or 0.0:.0f} % full before")
    return None


def _by_level(site: BinSite, now: BinMemory, p: BinParameters) -> Due | None:
    level = now.fills.fill_pct
    if level is not None and level >= p.overflow_pct:
        return Due("overflow", f"overflowing: {level:.0f} % full")
    if now.full.is_active:
        return Due("full", f"full: {level or 0.0:.0f} %, threshold {site.threshold_pct:g} %")
    return None


def _by_report(now: BinMemory, facts: Facts | None) -> Due | None:
    if facts is None:
        return None
    level = now.fills.fill_pct
    sensor = "the sensor says nothing" if level is None else f"the sensor says {level:.0f} %"
    incident = facts.memory.overflow
    if facts.said.overflowing is not None or (incident is not None and incident.by == "report"):
        return Due("overflow", f"reported overflowing; {sensor}")
    if facts.said.full is not None:
        return Due("report", f"reported full; {sensor}")
    return None


def _by_age(site: BinSite, now: BinMemory, at_s: float, said_s: float | None) -> Due | None:
    """Return whether a bin waits too long; a crew's word that nothing denies counts: a dead sensor sees no emptying."""
    since = now.fills.emptied_s if now.fills.emptied_s is not None else now.first_s
    since = since if said_s is None else max(since, said_s)
    days = (at_s - since) / 86_400.0
    if days > site.max_age_days:
        return Due("age", f"not emptied for {days:.0f} days, limit {site.max_age_days:g}")
    return None
