"""Rules bins.full and bins.fire: readings of bins to fills, emptyings, alarms and states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices.registry import BinSite
from rules.core import alarms, fire_warning
from rules.core.alarms import Demand
from rules.core.bin_emptying.detect import Seen
from rules.core.bin_emptying.detect import observe as detect
from rules.core.bin_emptying.evidence import NOTHING, Heard
from rules.core.bin_emptying.judge import Found
from rules.core.bin_level import kalman
from rules.core.bin_level.condition import condition_of
from rules.core.bin_level.geometry import litres, measured_pct
from rules.core.bin_level.hampel import median
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import BinCondition, Fills
from rules.core.bin_level.unconfirmed import unconfirmed
from rules.core.bin_memory import NO_ACTS, NO_PASSES, BinActs, BinPasses
from rules.core.bin_outlook.telling import outlook_of
from rules.core.bin_trouble import facts, why
from rules.core.bin_trouble import rule as bin_trouble
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance, is_down
from rules.core.conditions.telling import Subject, Words, effects_of
from rules.core.context import Context
from rules.core.effects import Event, iso, num
from rules.core.memory import BinMemory
from rules.core.parameters import BinParameters
from rules.core.quality_memory import QualityMemory
from rules.core.readings import Readings, known
from rules.core.work import Work

FIELDS = ("distance_mm", "fill_pct", "temperature_c", "tilt_deg", "battery_pct")
STUCK = "quality.stuck"
EVENTS = {
    "emptied": "bin_emptied",
    "confirmed": "bin_emptying_confirmed",
    "retracted": "bin_emptying_retracted",
    "not_emptied": "bin_not_emptied",
}
WRONG: Mapping[BinCondition, str] = {
    "tilted": "lies on its side",
    "blocked": "something is in the way of the sensor",
    "stuck": "the sensor says always the same",
    "no_echo": "the sensor hears no echo",
}


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of bins into their memory."""
    bins, passes, acts = work.write("bin"), work.read("bin_pass"), work.read("collection")
    columns = [rows.column(name).tolist() for name in FIELDS]
    for device, at_s, *values in zip(rows.device, rows.ts_s.tolist(), *columns, strict=True):
        site = ctx.bin_of.get(device)
        if site is None:
            continue
        before: BinMemory | None = bins.get(site.bin_id)
        if before is not None and at_s <= before.at_s:
            continue
        distance, fill, temperature, tilt, battery = map(known, values)
        now = _latest(before, at_s, distance, temperature, tilt, battery)
        # Fire first, and never behind a filter.
        now = _fire(work, ctx, site, now)
        fire_warning.settle(work, ctx, site, now)
        heard = NOTHING
        if site.bin_id in passes or site.bin_id in acts:
            heard = _heard(passes.get(site.bin_id, NO_PASSES), acts.get(site.bin_id, NO_ACTS))
        bins[site.bin_id] = _level(work, ctx, site, now, distance, fill, tilt, heard)
        work.touched_bins.add(site.bin_id)


def _latest(
    before: BinMemory | None,
    at_s: float,
    distance: float | None,
    temperature: float | None,
    tilt: float | None,
    battery: float | None,
) -> BinMemory:
    memory = before or BinMemory(at_s=at_s, first_s=at_s)
    heat = memory.heat if temperature is None else fire_warning.heated(memory.heat, at_s, temperature)
    return BinMemory(
        at_s,
        memory.first_s,
        memory.fills,
        memory.full,
        memory.fire,
        heat,
        memory.distance_mm if distance is None else distance,
        memory.temperature_c if temperature is None else temperature,
        memory.tilt_deg if tilt is None else tilt,
        memory.battery_pct if battery is None else battery,
    )


def _fire(work: Work, ctx: Context, site: BinSite, now: BinMemory) -> BinMemory:
    rule = ctx.catalogue.fire
    own = fire_warning.heat_demand(now.heat, rule.parameters)
    if own in (None, Demand.OFF) and is_down(now.fire):
        return now
    wanted = asked(rule.alarm, own, now.temperature_c)
    fire, turns = advance(now.fire, wanted, now.at_s, rule.alarm)
    if turns:
        since = now.fire.clearing_since_s
        text = f"Below {rule.parameters.clear_c:g} °C since {iso(now.at_s if since is None else since)}."
        effects = effects_of(fire_warning.burning(ctx, site, now.heat, text), turns, fire)
        work.effects += [e for e in effects if not fire_warning.is_told(work, site, e)]
    return now if fire is now.fire else msgspec.structs.replace(now, fire=fire)


def _level(
    work: Work,
    ctx: Context,
    site: BinSite,
    now: BinMemory,
    distance: float | None,
    fill: float | None,
    tilt: float | None,
    heard: Heard,
) -> BinMemory:
    ctx, site = ctx.at("bin", site.bin_id, now.at_s), ctx.site_at(site.bin_id, now.at_s)
    p = ctx.catalogue.full.parameters
    shape = ctx.shape(site.bin_id, p.filter)
    level = measured_pct(distance, fill, now.temperature_c, shape, p.filter.reference_c)
    seen = Seen(now.at_s, level, distance is None, tilt)
    fills, found = detect(now.fills, seen, shape, p.filter, p.emptying, heard)
    if found:
        work.effects += [_event(site.bin_id, f) for f in found]
    after = _with(now, fills)
    after = after if fills.filtered is now.fills.filtered else _full(work, ctx, site, after)
    bin_trouble.observe(work, ctx, site, after, found)
    return after


def _heard(passes: BinPasses, acts: BinActs) -> Heard:
    """Return the lorries near a bin and what was said of it."""
    return Heard(passes.passes, acts.acts)


def _event(bin_id: str, found: Found) -> Event:
    detail = {
        "before_pct": num(found.before_pct, 1), "after_pct": num(found.after_pct, 1),
        "confidence": num(found.sure, 2), "evidence": list(found.evidence),
    }  # fmt: skip
    return Event(EVENTS[found.what], "bin", bin_id, found.at_s, detail)


def _with(now: BinMemory, fills: Fills) -> BinMemory:
    return BinMemory(
        now.at_s, now.first_s, fills, now.full, now.fire, now.heat, now.distance_mm, now.temperature_c, now.tilt_deg,
        now.battery_pct,
    )  # fmt: skip


def fullness(filtered: tuple[float, ...], threshold_pct: float, p: BinParameters) -> Demand | None:
    """Return what the last filtered fills ask for: two must agree that a bin is full, the first alone is not believed."""
    if not filtered:
        return None
    found = alarms.demand(median(filtered), threshold_pct, threshold_pct - p.hysteresis_pct)
    agree = sum(f >= threshold_pct for f in filtered) >= 2
    return found if agree or found is not Demand.ON else None


def _full(work: Work, ctx: Context, site: BinSite, now: BinMemory) -> BinMemory:
    rule, level = ctx.catalogue.full, now.fills.fill_pct
    own = fullness(now.fills.filtered, site.threshold_pct, rule.parameters)
    if own in (None, Demand.OFF) and is_down(now.full):
        return now
    full, turns = advance(now.full, asked(rule.alarm, own, level), now.at_s, rule.alarm)
    if turns:
        work.effects += effects_of(_filled(ctx, site, now), turns, full)
    return now if full is now.full else msgspec.structs.replace(now, full=full)


def _filled(ctx: Context, site: BinSite, now: BinMemory) -> Subject:
    rule, fill = ctx.catalogue.full, now.fills.fill_pct or 0.0
    clear_pct = site.threshold_pct - rule.parameters.hysteresis_pct

    def say(level: int) -> Words:
        raise_at = rule.alarm.levels[level - 1].raise_at
        return Words(
            f"{site.label}: {'full' if raise_at is None else 'overflowing'}",
            _why_full(site, fill, raise_at, clear_pct),
            {
                "fill_pct": num(fill, 1),
                "filtered_pct": [num(f, 1) for f in now.fills.filtered],
                "distance_mm": num(now.distance_mm, 0),
                "threshold_pct": site.threshold_pct,
                "clear_pct": clear_pct,
                "device": site.device,
                "at": iso(now.at_s),
            },
        )

    return Subject(rule, "bin", site.bin_id, say, lambda: f"Now {fill:.0f} % full.")


def _why_full(site: BinSite, fill: float, raise_at: float | None, clear_pct: float) -> str:
    limit = site.threshold_pct if raise_at is None else raise_at
    if fill < limit:
        return f"{fill:.0f} % full, not emptied: the alarm holds until it is below {clear_pct:g} %."
    which = "its threshold of " if raise_at is None else ""
    return f"{fill:.0f} % full, at or above {which}{limit:g} % in two of three filtered readings."


def standing(bins: Mapping[str, BinMemory], ctx: Context) -> Iterator[tuple[Subject, Condition]]:
    """Return the bins that are installed and whose alarms are up."""
    for bin_id, now in bins.items():
        site = ctx.bins.get(bin_id)
        if site is not None and now.full.is_active:
            own = ctx.at("bin", bin_id, now.at_s)
            yield _filled(own, ctx.site_at(bin_id, now.at_s), now), now.full
        if site is not None and now.fire.is_active:
            yield fire_warning.burning(ctx, site, now.heat), now.fire


def tell_all(work: Work, ctx: Context) -> None:
    """Say what is true now of the bins whose readings came."""
    if not work.touched_bins:
        return
    bins, quality = work.read("bin"), work.read("quality")
    for bin_id in sorted(work.touched_bins):
        known: QualityMemory | None = quality.get(ctx.bins[bin_id].device)
        _tell(work, ctx, bin_id, bins[bin_id], known is not None and STUCK in known.told)


def _tell(work: Work, ctx: Context, bin_id: str, now: BinMemory, stuck: bool) -> None:
    """Say what is true of a bin; ``stuck``: as data quality has found (:mod:`rules.core.quality.rule`)."""
    ctx, site = ctx.at("bin", bin_id, now.at_s), ctx.site_at(bin_id, now.at_s)
    p, level = ctx.catalogue.full.parameters, now.fills.fill_pct
    shape, track = ctx.shape(bin_id, p.filter), now.fills.track
    known = facts.facts_now(work, ctx, site, now.at_s)
    due = why.why_collect(site, now, now.at_s, p, known)
    said = due or why.separate_of(known)
    condition = condition_of(now.fills, now.at_s, stuck, p.filter)
    burning = now.fire.is_active or fire_warning.is_up(work, bin_id)
    word = "unknown" if level is None else "ok"
    if level is not None and (now.full.is_active or level >= p.overflow_pct):
        word = "overflowing" if level >= p.overflow_pct else "full"
    sd_pct = shape.noise_pct if track is None else kalman.sd_pct(track, shape.noise_pct)
    work.tell(
        "bin",
        bin_id,
        now.at_s,
        {
            "fill_pct": num(level, 1),
            "litres": None if level is None else num(litres(level, shape), 0),
            "distance_mm": num(now.distance_mm, 0),
            "sd_pct": num(sd_pct, 1),
            "state": word,
            "condition": condition,
            "unconfirmed": _waits(now, p.filter),
            "needs_collection": due is not None and not burning,
            "on_fire": burning,
            "reason": _reason(level, condition) if said is None else said.text,
            "last_emptied_at": iso(now.fills.emptied_s),
            "temperature_c": num(now.temperature_c),
            "battery_pct": num(now.battery_pct, 0),
            "outlook": outlook_of(work, ctx, bin_id, now),
            **facts.told(known),
        },
    )


def _waits(now: BinMemory, p: FilterParameters) -> dict[str, Any] | None:
    """Return the newest reading where the level does not follow it yet."""
    found = unconfirmed(now.fills, p)
    if found is None:
        return None
    return {
        "fill_pct": num(found.fill_pct, 1), "at": iso(found.at_s), "readings": found.readings, "of": found.of,
        "over_s": num(found.over_s, 0),
    }  # fmt: skip


def _reason(level: float | None, condition: BinCondition) -> str:
    said = "no valid reading yet" if level is None else f"{level:.0f} % full"
    return said if condition == "ok" else f"{said}; {WRONG[condition]}"
