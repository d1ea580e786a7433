"""Rules bins.overflow, bins.tilted, bins.blocked, bins.not_emptied and bins.contaminated.

Looked at when a reading of the bin counts, and of acts at the first full minute from which they count, one after the
other in their own time. So the cut of batches decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from devices.registry import BinSite
from rules.core.alarms import Demand
from rules.core.bin_emptying.judge import Found
from rules.core.bin_level.hampel import median
from rules.core.bin_memory import (
    NO_ACTS,
    NO_TROUBLE,
    NONE_SAID,
    BinActs,
    BinMemory,
    Overflow,
    SaidMemory,
    TroubleMemory,
)
from rules.core.bin_trouble import overflow
from rules.core.bin_trouble.facts import Facts, facts_of, is_not_emptied
from rules.core.bin_trouble.overflow import Ended
from rules.core.bin_trouble.words import NAMES, subject_of
from rules.core.collection_acts.model import REPORTED_FULL
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance, is_down
from rules.core.conditions.telling import Subject, effects_of
from rules.core.context import Context
from rules.core.effects import Event, iso, num
from rules.core.work import Work

SAID = "acts"
"""Subject of the acts that wait to be looked at."""


def observe(work: Work, ctx: Context, site: BinSite, now: BinMemory, found: Sequence[Found]) -> None:
    """Look at a bin whose reading counts.

    Args:
        work: memory; the reading is in ``now``, not yet in it.
        ctx: with the bin's own parameters.
        site: the bin.
        now: what is remembered of it.
        found: emptyings and denied services that the reading shows.
    """
    fills, bin_id = now.fills, site.bin_id
    from_pct = ctx.catalogue.full.parameters.overflow_pct
    is_well = not found and fills.tilted is None and fills.jam is None
    is_well = is_well and (not fills.filtered or median(fills.filtered) < from_pct)
    if is_well and bin_id not in work.read("bin_trouble") and bin_id not in work.read("collection"):
        return
    _look(work, ctx, site, now, now.at_s, found)


def evaluate(work: Work, ctx: Context, due_s: float) -> None:
    """Look at bins of which something was said that counts by now, a full minute [s since 1970]."""
    waiting: SaidMemory = work.read("bin_said").get(SAID, NONE_SAID)
    now = sorted({w for w in waiting.waiting if w[0] <= due_s})
    if not now:
        return
    work.write("bin_said")[SAID] = SaidMemory(tuple(w for w in waiting.waiting if w[0] > due_s))
    for from_s, bin_id in now:
        if bin_id in ctx.bins:
            own = ctx.at("bin", bin_id, from_s)
            memory = work.read("bin").get(bin_id)
            _look(work, own, ctx.site_at(bin_id, from_s), memory, from_s, ())
            work.touched_bins |= {bin_id} & work.read("bin").keys()


def _look(
    work: Work, ctx: Context, site: BinSite, now: BinMemory | None, at_s: float, found: Sequence[Found]
) -> None:
    before: TroubleMemory = work.read("bin_trouble").get(site.bin_id, NO_TROUBLE)
    at_s = max(at_s, before.at_s)
    denied = [f.at_s for f in found if f.what == "not_emptied"]
    noted = before if not denied else msgspec.structs.replace(before, denied_s=max(denied))
    acts: BinActs = work.read("collection").get(site.bin_id, NO_ACTS)
    facts = facts_of(ctx, site, at_s, now, acts, noted)
    after = _told(work, facts, _incident(work, facts, noted))
    for name in NAMES:
        after = _alarm(work, facts, name, after)
    if facts.said.taken_back:  # for good: the acts that say so are not remembered for ever
        after = msgspec.structs.replace(after, denied_s=None)
    if after != before:
        work.write("bin_trouble")[site.bin_id] = msgspec.structs.replace(after, at_s=at_s)


def _demand(name: str, facts: Facts) -> Demand | None:
    """Return what is asked of an alarm; None: it can't be known now."""
    if name == "blocked" and facts.said.blocked is None and facts.condition in ("tilted", "no_echo"):
        return None
    run = facts.fills.tilted
    if (
        name == "tilted"
        and run is not None
        and facts.at_s - run.since_s <= facts.ctx.catalogue.full.parameters.filter.pulse_s
    ):
        return None  # it may be being emptied
    is_on = {
        "tilted": facts.condition == "tilted",
        "blocked": facts.said.blocked is not None or facts.condition == "blocked",
        "not_emptied": is_not_emptied(facts),
        "contaminated": facts.said.contaminated is not None,
    }[name]
    return Demand.ON if is_on else Demand.OFF


def _alarm(work: Work, facts: Facts, name: str, memory: TroubleMemory) -> TroubleMemory:
    now: Condition = getattr(memory, name)
    own = _demand(name, facts)
    if own in (None, Demand.OFF) and is_down(now):
        return memory
    spec = getattr(facts.ctx.catalogue, name).alarm
    after, turns = advance(now, asked(spec, own), facts.at_s, spec)
    if turns:
        work.effects += effects_of(subject_of(name, facts), turns, after)
    return memory if after is now else msgspec.structs.replace(memory, **{name: after})


def _incident(work: Work, facts: Facts, memory: TroubleMemory) -> TroubleMemory:
    now, level, said = memory.overflow, facts.level, facts.said
    if now is not None:
        over = overflow.ends(now, level, said, facts.at_s)
        if over is None:
            return memory
        work.effects.append(_ended(facts, now, over))
        return msgspec.structs.replace(memory, overflow=None)
    began = overflow.begins(level, said, facts.at_s)
    if began is None:
        return memory
    detail = {"by": began.by, "act": began.act or None, "fill_pct": num(level.pct, 1)}
    work.effects.append(Event("bin_overflow_began", "bin", facts.site.bin_id, began.since_s, detail))
    return msgspec.structs.replace(memory, overflow=began)


def _ended(facts: Facts, now: Overflow, over: Ended) -> Event:
    minutes = num(overflow.minutes(now.since_s, over.at_s), 1)
    detail = {"began_at": iso(now.since_s), "minutes": minutes, "seen_by": now.by, "ended_by": over.by}
    return Event("bin_overflow_ended", "bin", facts.site.bin_id, over.at_s, detail)


def _told(work: Work, facts: Facts, memory: TroubleMemory) -> TroubleMemory:
    """Tell of a report that the sensor contradicts: either the report or the sensor is wrong."""
    below_pct, pct = facts.ctx.catalogue.overflow.parameters.contradicted_below_pct, facts.level.pct
    report = overflow.contradicted(pct, facts.said, below_pct, memory.contradicted)
    if report is None:
        return memory
    what = "full" if report.what == REPORTED_FULL else "overflowing"
    detail = {"said": what, "act": report.number, "fill_pct": num(pct, 1), "device": facts.site.device}
    work.effects.append(Event("bin_report_contradicted", "bin", facts.site.bin_id, report.at_s, detail))
    return msgspec.structs.replace(memory, contradicted=report.number)


def standing(
    trouble: Mapping[str, TroubleMemory],
    bins: Mapping[str, BinMemory],
    collection: Mapping[str, BinActs],
    ctx: Context,
) -> Iterator[tuple[Subject, Condition]]:
    """Return the bins that are installed and whose alarms are up."""
    for bin_id, memory in trouble.items():
        if bin_id not in ctx.bins:
            continue
        own, site = ctx.at("bin", bin_id, memory.at_s), ctx.site_at(bin_id, memory.at_s)
        acts = collection.get(bin_id, NO_ACTS)
        facts = facts_of(own, site, memory.at_s, bins.get(bin_id), acts, memory)
        for name in NAMES:
            if getattr(memory, name).is_active:
                yield subject_of(name, facts), getattr(memory, name)
