"""Fire in a bin: what heat is one, and telling it as the reading arrives.

Every other rule sees a reading once it counts (:mod:`rules.core.settling`). A fire is told
before: on what is settled of the bin and its own readings that wait. When the reading counts
the alarm is up already and is not raised again. Should the readings that came between show
that there was none, the alarm is cleared and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from devices.registry import BinSite
from rules.core.alarms import Demand, Lifecycle
from rules.core.conditions import telling
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import DOWN, Condition, advance
from rules.core.conditions.telling import Subject, Words
from rules.core.context import Context
from rules.core.effects import AlarmEffect, ClearAlarm, RaiseAlarm, iso, num
from rules.core.memory import BinMemory, FireTold, Heat
from rules.core.parameters import FireParameters
from rules.core.patience import Waiting
from rules.core.readings import Readings
from rules.core.work import Work

NOT_TOLD = FireTold()


def heated(heat: Heat, at_s: float, temperature_c: float) -> Heat:
    """Return the temperatures of the last half hour with a new one."""
    return (*(h for h in heat if at_s - h[0] <= 1800.0), (at_s, temperature_c))[-12:]


def heat_demand(heat: Heat, p: FireParameters) -> Demand | None:
    """Return whether temperatures [°C] of the last half hour are those of a fire."""
    if not heat:
        return None
    at_s, now_c = heat[-1]
    if now_c >= p.hot_c:
        return Demand.ON
    if now_c > p.rising_c and any(_rise(h, at_s, now_c) > p.rising_c_per_10_min for h in heat[:-1]):
        return Demand.ON
    return Demand.OFF if now_c < p.clear_c else Demand.HOLD


def _rise(before: tuple[float, float], at_s: float, now_c: float) -> float:
    """Rise per 10 minutes; a rise within less than that counts as it is."""
    return (now_c - before[1]) / max(1.0, (at_s - before[0]) / 600.0)


def burning(ctx: Context, site: BinSite, heat: Heat, ended: str = "") -> Subject:
    """Return how to speak of a fire that temperatures [°C] show."""
    p = ctx.catalogue.fire.parameters
    hot = heat[-1][1] if heat else p.hot_c
    words = Words(
        f"{site.label}: fire in the bin",
        f"{hot:.0f} °C in the bin. Call the fire service: {site.street}.",
        {
            "temperature_c": num(hot),
            "readings": [[iso(t), c] for t, c in heat],
            "hot_c": p.hot_c,
            "device": site.device,
            "latitude_deg": site.latitude_deg,
            "longitude_deg": site.longitude_deg,
        },
    )
    return Subject(ctx.catalogue.fire, "bin", site.bin_id, lambda _: words, lambda: ended)


def warn(work: Work, ctx: Context, new: Readings, waiting: Waiting) -> None:
    """Tell of bins that burn by readings that do not count yet.

    Args:
        work: of the step, whose counting readings have been taken.
        ctx: what is installed, and the catalogue.
        new: those of bins that have just arrived.
        waiting: all that wait, the new ones among them.
    """
    p = ctx.catalogue.fire.parameters
    hot = np.flatnonzero(new.column("temperature_c") >= min(p.hot_c, p.rising_c))
    for device in sorted({new.device[i] for i in hot.tolist()}):
        site = ctx.bin_of.get(device)
        rows = waiting.of_kind("bin")
        if site is not None and rows is not None and not is_up(work, site.bin_id):
            _warn(work, ctx, site, rows.where(np.array([d == device for d in rows.device])))


def _warn(work: Work, ctx: Context, site: BinSite, waiting: Readings) -> None:
    memory: BinMemory | None = work.read("bin").get(site.bin_id)
    heat, fire = ((), DOWN) if memory is None else (memory.heat, memory.fire)
    after_s = -np.inf if memory is None else memory.at_s
    if fire.is_active:
        return
    rule = ctx.catalogue.fire
    points = sorted(zip(waiting.ts_s.tolist(), waiting.column("temperature_c").tolist(), strict=True))
    for at_s, temperature_c in points:
        if at_s <= after_s or temperature_c != temperature_c:  # NaN: not measured
            continue
        heat = heated(heat, at_s, temperature_c)
        fire, turns = advance(
            fire, asked(rule.alarm, heat_demand(heat, rule.parameters), temperature_c), at_s, rule.alarm
        )
        if fire.is_active:
            work.effects += telling.effects_of(burning(ctx, site, heat), turns, fire)
            work.write("fire_told")[site.bin_id] = FireTold(at_s, heat)
            work.touched_bins |= {site.bin_id} & work.read("bin").keys()
            return


def is_up(work: Work, bin_id: str) -> bool:
    """Whether a fire was told that does not count yet."""
    return _told(work, bin_id).at_s is not None


def _told(work: Work, bin_id: str) -> FireTold:
    found: FireTold = work.read("fire_told").get(bin_id, NOT_TOLD)
    return found


def is_told(work: Work, site: BinSite, effect: AlarmEffect) -> bool:
    """Whether an effect is the beginning of a fire that was told before it counts."""
    return isinstance(effect, RaiseAlarm) and is_up(work, site.bin_id)


def settle(work: Work, ctx: Context, site: BinSite, now: BinMemory) -> None:
    """Once its reading counts: a fire told before is one, or it is over."""
    told = _told(work, site.bin_id)
    if told.at_s is None or (now.at_s < told.at_s and not now.fire.is_active):
        return
    work.write("fire_told")[site.bin_id] = NOT_TOLD
    if not now.fire.is_active:
        why = "Readings that arrived later show that the bin did not burn."
        work.effects.append(ClearAlarm(ctx.catalogue.fire.id, "bin", site.bin_id, now.at_s, why))


def standing(told: Mapping[str, FireTold], ctx: Context) -> Iterator[tuple[Subject, Condition]]:
    """Return the bins whose fire was told and does not count yet."""
    for bin_id, fire in told.items():
        site = ctx.bins.get(bin_id)
        if site is not None and fire.at_s is not None:
            up = Condition(lives=(Lifecycle("active", fire.at_s, fire.at_s),))
            yield burning(ctx, site, fire.heat), up
