"""All that is known of what is wrong at one bin at one time, and how it is told in its state."""

from __future__ import annotations

from dataclasses import dataclass

from devices.registry import BinSite
from rules.core.bin_level.condition import condition_of
from rules.core.bin_level.hampel import median
from rules.core.bin_level.state import BinCondition, Fills
from rules.core.bin_memory import NO_ACTS, NO_TROUBLE, BinActs, BinMemory, TroubleMemory
from rules.core.bin_trouble import overflow
from rules.core.bin_trouble.overflow import Level
from rules.core.bin_trouble.said import NOTHING, Said, said_of
from rules.core.collection_acts.model import Act
from rules.core.context import Context
from rules.core.effects import Json, iso, num
from rules.core.work import Work

NO_FILLS = Fills()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a bin at a time.

    Attributes:
        ctx: with the bin's own parameters.
        site: the bin.
        at_s: now [s since 1970].
        fills: of its readings.
        tilt_deg: as last reported.
        condition: by its sensor.
        said: what stands of what was said.
        memory: what is wrong so far.
    """

    ctx: Context
    site: BinSite
    at_s: float
    fills: Fills
    tilt_deg: float | None
    condition: BinCondition
    said: Said
    memory: TroubleMemory

    @property
    def level(self) -> Level:
        """What the sensor says."""
        f, c = self.fills, self.ctx.catalogue
        pct, from_pct = (median(f.filtered) if f.filtered else None), c.full.parameters.overflow_pct
        if pct is not None and pct >= from_pct and sum(v >= from_pct for v in f.filtered) < 2:
            pct = None  # one reading alone says nothing of an overflow
        return Level(pct, from_pct, c.overflow.parameters.settled_pct, f.emptied_s)


def facts_of(
    ctx: Context, site: BinSite, at_s: float, now: BinMemory | None, acts: BinActs, memory: TroubleMemory
) -> Facts:
    """Return what is known of a bin; ``ctx``: with its own parameters."""
    fills, c = (NO_FILLS if now is None else now.fills), ctx.catalogue
    said = NOTHING
    if acts.acts or memory.denied_s is not None:
        apart_s = c.not_emptied.parameters.apart_s
        said = said_of(acts.acts, at_s, fills.emptied_s, memory.denied_s, apart_s)
    condition = condition_of(fills, at_s, False, c.full.parameters.filter)
    tilt_deg = None if now is None else now.tilt_deg
    return Facts(ctx, site, at_s, fills, tilt_deg, condition, said, memory)


def facts_now(work: Work, ctx: Context, site: BinSite, at_s: float) -> Facts | None:
    """Return what is known of a bin, as of a time, the last that anything changed, or the last that was said and looked at.

    None: nothing is wrong and nothing said.
    """
    bin_id = site.bin_id
    memory: TroubleMemory = work.read("bin_trouble").get(bin_id, NO_TROUBLE)
    acts: BinActs = work.read("collection").get(bin_id, NO_ACTS)
    if memory is NO_TROUBLE and acts is NO_ACTS:
        return None
    waiting = [w for said in work.read("bin_said").values() for w in said.waiting]
    looked_at = [a.from_s for a in acts.acts if (a.from_s, bin_id) not in waiting]
    at_s = max(at_s, memory.at_s, *looked_at)
    return facts_of(ctx, site, at_s, work.read("bin").get(bin_id), acts, memory)


def told(facts: Facts | None) -> Json:
    """Return what a bin's state says of what is wrong with it."""
    incident = None if facts is None else facts.memory.overflow
    now_s = 0.0 if facts is None else facts.at_s
    return {
        "overflow_since": None if incident is None else iso(incident.since_s),
        "overflow_minutes": None if incident is None else num(overflow.minutes(incident.since_s, now_s), 0),
        "separate_job": facts is not None and facts.said.contaminated is not None,
        "exceptions": [] if facts is None else exceptions(facts),
    }


def exceptions(facts: Facts) -> list[Json]:
    """Return what the crew and the office must know of a bin beside its fill: code, why, since when."""
    said, tilted, jam = facts.said, facts.fills.tilted, facts.fills.jam
    found: list[tuple[str, str, float | None]] = []
    if facts.condition == "tilted" and tilted is not None:
        found.append(("tilted", "lies on its side", tilted.since_s))
    if facts.condition == "blocked" and jam is not None:
        found.append(("blocked", "something is at its sensor", jam.since_s))
    reports: tuple[tuple[str, str, Act | None], ...] = (
        ("blocked", "the crew could not get at it", said.blocked),
        ("contaminated", "the wrong waste is in it: a separate job", said.contaminated),
        ("missing", "the crew did not find it", said.not_out),
        ("damaged", "reported damaged", said.damaged),
    )
    found += [(code, why, act.at_s) for code, why, act in reports if act is not None]
    if is_not_emptied(facts):
        found.append(("not_emptied", "serviced but not emptied", facts.memory.denied_s))
    p, pct = facts.ctx.catalogue.overflow.parameters, facts.level.pct
    report = overflow.contradicted(pct, said, p.contradicted_below_pct, 0)
    if report is not None:
        found.append(("discrepancy", f"reported full, the sensor says {pct:.0f} %", report.at_s))
    return [{"code": code, "why": why, "since": iso(since)} for code, why, since in found]


def is_not_emptied(facts: Facts) -> bool:
    """Whether services have not emptied the bin."""
    return facts.said.denied or facts.said.failed >= facts.ctx.catalogue.not_emptied.parameters.failed_visits
