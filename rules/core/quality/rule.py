"""Rules quality.*: what was noted of readings to work items for maintenance. Mounted in the engine.

Readings are noted as they come (``notes.py``); devices are judged at full hours of event time. An
item that stays true is said again once a day, so that one that was marked as done without a cure
comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from statistics import median

import numpy as np
from msgspec import structs

from rules.core.bin_emptying.evidence import Heard, heard_by
from rules.core.collection_acts.model import COLLECTED
from rules.core.context import Context
from rules.core.effects import CloseWork, OpenWork
from rules.core.quality import days, drift, signal
from rules.core.quality.battery import battery_verdict
from rules.core.quality.finding import Verdict
from rules.core.quality.nights import note_residuals
from rules.core.quality_memory import QualityMemory
from rules.core.work import Work

EVERY_S = 3600.0
SAID_AGAIN_S = 86_400.0


def advance(work: Work, ctx: Context, before_s: float | None, upto_s: float) -> None:
    """Judge every device where a full hour has passed, as of the last one."""
    at_s = float(np.floor(upto_s / EVERY_S) * EVERY_S)
    if before_s is not None and at_s <= before_s:
        return
    note_residuals(work, ctx, at_s)
    known: dict[str, QualityMemory] = {d: m for d, m in work.read("quality").items() if d in ctx.devices}
    town = Town(_typical(ctx, known, at_s), _last_emptied(work), _last_collected(work))
    for device in _asking(work, ctx, known, int(at_s // days.DAY_S)):
        _judge(work, ctx, device, known[device], town, at_s)


def _asking(work: Work, ctx: Context, known: Mapping[str, QualityMemory], day: int) -> list[str]:
    """Return the devices that may ask for anything, or whose day is over: of most the quick answer is no."""
    c, batteries, nights = ctx.catalogue, work.read("battery"), work.read("drift")
    least: dict[str, int] = {}
    for watch in c.stuck.parameters.watch:
        least[watch.kind] = min(watch.readings, least.get(watch.kind, watch.readings))
    days_needed, nights_needed = c.battery.parameters.least_days, c.drift.parameters.recent_nights
    found = []
    for device, memory in known.items():
        kind = ctx.devices[device].kind
        stuck, cell = least.get(kind), c.battery.parameters.of.get(kind)
        battery, drift_c = batteries.get(device), nights.get(device)
        if (
            day > memory.day
            or memory.told
            or memory.jumps
            or (stuck is not None and any(held.n >= stuck for held in memory.held.values()))
            or (
                battery
                and cell
                and (battery.level < cell.of_level(battery.level).low or len(battery.lows) >= days_needed)
            )
            or (drift_c and len(drift_c.nights_c) >= nights_needed)
        ):
            found.append(device)
    return found


@dataclass(frozen=True, slots=True)
class Town:
    """What a device is compared with.

    Attributes:
        typical: median share of the finished day by kind.
        emptied: when the bins emptied last were, and which, the latest two, the latest first.
        collected: when crews last said that they emptied a bin, by bin.
    """

    typical: Mapping[str, float]
    emptied: Sequence[tuple[float, str]]
    collected: Mapping[str, float]

    def should_differ_s(self, bin_id: str | None) -> float | None:
        """Return when a bin other than this one was last emptied, or this one by its crew's word [s since 1970]."""
        others_s = next((at_s for at_s, b in self.emptied if b != bin_id), None)
        own_s = None if bin_id is None else self.collected.get(bin_id)
        return max((s for s in (others_s, own_s) if s is not None), default=None)


def _last_emptied(work: Work) -> list[tuple[float, str]]:
    times = ((m.fills.emptied_s, b) for b, m in work.read("bin").items())
    return nlargest(2, ((at_s, b) for at_s, b in times if at_s is not None))


def _last_collected(work: Work) -> dict[str, float]:
    said = ((b, heard_by(Heard(acts=m.acts), np.inf).acts) for b, m in work.read("collection").items())
    times = ((b, [a.at_s for a in acts if a.what == COLLECTED]) for b, acts in said)
    return {b: max(found) for b, found in times if found}


def _typical(ctx: Context, known: dict[str, QualityMemory], at_s: float) -> dict[str, float]:
    """Return the median share of the finished day by kind, of the devices counted from its beginning."""
    shares: dict[str, list[float]] = {}
    for device, memory in known.items():
        if int(at_s // days.DAY_S) > memory.day and days.whole(memory):
            d = ctx.devices[device]
            shares.setdefault(d.kind, []).append(days.share(memory, d.cadence_s))
    return {kind: median(found) for kind, found in shares.items()}


def _judge(work: Work, ctx: Context, device: str, memory: QualityMemory, town: Town, at_s: float) -> None:
    d, c = ctx.devices[device], ctx.catalogue
    told = dict(memory.told)
    _settle(work, ctx, device, told, c.stuck.id, _stuck(ctx, device, memory, town), at_s)
    if d.kind in c.rate.parameters.most_c_per_min:
        verdict = signal.rate_verdict(memory.jumps, d.kind, at_s, c.rate.parameters)
        _settle(work, ctx, device, told, c.rate.id, verdict, at_s)
    battery, cell = work.read("battery").get(device), c.battery.parameters.of.get(d.kind)
    if battery is not None and cell is not None:
        verdict = battery_verdict(battery, cell.of_level(battery.level), at_s, c.battery.parameters)
        _settle(work, ctx, device, told, c.battery.id, verdict, at_s)
    nights = work.read("drift").get(device)
    if nights is not None:
        _settle(work, ctx, device, told, c.drift.id, drift.drift_verdict(nights, c.drift.parameters), at_s)
    after = memory if told == memory.told else structs.replace(memory, told=told)
    if int(at_s // days.DAY_S) > memory.day:
        after = _end_day(work, ctx, device, memory, told, town.typical.get(d.kind, 0.0), at_s)
    if after is not memory:
        work.put("quality", device, after)


def _stuck(ctx: Context, device: str, memory: QualityMemory, town: Town) -> Verdict:
    site = ctx.bin_of.get(device)
    bin_id = None if site is None else site.bin_id
    for watch in ctx.catalogue.stuck.parameters.watch:
        held = memory.held.get(watch.field) if watch.kind == ctx.devices[device].kind else None
        emptied = town.should_differ_s(bin_id) if watch.others_emptied else None
        if held is not None and signal.is_stuck(held, watch, memory.at_s, emptied):
            return signal.stuck_verdict(watch, held, memory.at_s)
    return "fine"


def _end_day(
    work: Work,
    ctx: Context,
    device: str,
    memory: QualityMemory,
    told: dict[str, float],
    typical: float,
    at_s: float,
) -> QualityMemory:
    """Judge a finished day and begin the next; days on which nobody looked are not judged."""
    d, c, today = ctx.devices[device], ctx.catalogue, int(at_s // days.DAY_S)
    if today == memory.day + 1:
        if d.kind in c.completeness.parameters.kinds:
            verdict = days.completeness_verdict(memory, d.cadence_s, typical, c.completeness.parameters)
            _settle(work, ctx, device, told, c.completeness.id, verdict, at_s)
        _settle(work, ctx, device, told, c.clock.id, days.clock_verdict(memory, c.clock.parameters), at_s)
    from_s = today * days.DAY_S if today == memory.day + 1 else at_s
    return structs.replace(memory, told=told, day=today, from_s=from_s, n=0, repaired=0, suspect=0)


def _settle(
    work: Work, ctx: Context, device: str, told: dict[str, float], rule_id: str, verdict: Verdict, at_s: float
) -> None:
    """Open, say again or close the work item of one rule and device."""
    last = told.get(rule_id)
    if verdict == "unsure":
        return
    if verdict == "fine":
        if last is not None:
            del told[rule_id]
            work.effects.append(CloseWork(rule_id, device, at_s, "What opened it is no longer so."))
        return
    if last is not None and at_s - last < SAID_AGAIN_S:
        return
    told[rule_id] = at_s
    version = next(r.version for r in ctx.catalogue.quality if r.id == rule_id)
    title, found = f"{device}: {verdict.what}", verdict
    work.effects.append(
        OpenWork(rule_id, version, device, at_s, title, found.reason, found.inputs, found.due_s)
    )
