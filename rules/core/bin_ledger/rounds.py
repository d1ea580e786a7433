"""Km and hours: of the rounds that were driven, and of the fixed schedule's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.calendar import Calendar, is_driven, of_plans
from rules.core.bin_ledger.values import Driven, Floats, Inputs, Plan, Schedule

TRACK_SD, PLAN_SD, OWN_SD, ESTIMATE_SD = 0.02, 0.10, 0.03, 0.20
"""Standard deviations of a length as a share of it: measured by the lorry; as planned, of all plans alike; what two plans of the
same planner differ by; estimated from other rounds."""
ROOT = 0.5
"""A tour of n stops in a given area grows with the root of n (Beardwood, Halton and Hammersley 1959)."""
FASTEST_KM_H, SLOWEST_KM_H, USUAL_KM_H = 60.0, 5.0, 20.0
"""Between these a lorry's speed between stops is believed; the last where neither rounds nor plans say it."""


@dataclass(frozen=True, slots=True)
class Way:
    """Km and hours by day of one way to collect; None = not known.

    Attributes:
        km, hours: of each day.
        tracked: share of the km that lorries measured; estimated: whether km or hours are an estimate.
        unknown_days: days with emptyings and without a round, left out and made up for by the others.
        shifts: lorries that went out, each day counted.
        kg: tipped; None = not weighed.
    """

    km: Floats | None
    hours: Floats | None
    tracked: float = 0.0
    estimated: bool = False
    unknown_days: int = 0
    shifts: float = 0.0
    kg: float | None = None


def driven(i: Inputs, cal: Calendar, emptied_by_day: Floats, seen: NDArray[np.bool_]) -> Way:
    """Return what was driven; days with emptyings and without a round are made up for by the others, and counted.

    Args:
        i: the inputs.
        cal: of the period.
        emptied_by_day: emptyings.
        seen: which days count: of the others nothing is known, and a day without a round would be taken for one saved.
    """
    rounds = [d for d in in_period(i) if seen[(d.day - i.first).days]]
    if not rounds:
        return Way(None, None)
    emptied_by_day = emptied_by_day * seen
    day = np.array([(d.day - i.first).days for d in rounds])
    n, km = len(cal.days), np.array([d.km for d in rounds], dtype=np.float64)
    by_km = np.asarray(np.bincount(day, km, n), dtype=np.float64)
    has_round = np.bincount(day, minlength=n) > 0
    lost = (emptied_by_day > 0) & ~has_round
    more = _made_up(emptied_by_day, has_round)
    speed = speed_km_h(i)
    hours = np.array([_hours(d, speed, i.method.service_s) for d in rounds], dtype=np.float64)
    tracked = float(km[[d.source == "track" for d in rounds]].sum() / max(float(km.sum()), 1e-9))
    weighed = [d.kg for d in rounds if d.kg is not None]
    return Way(
        by_km * more, np.asarray(np.bincount(day, hours, n) * more, dtype=np.float64), tracked, any(d.hours is None for d in rounds),
        int(lost.sum()), float(len({(d.day, d.lorry) for d in rounds})),
        float(sum(weighed)) if len(weighed) == len(rounds) else None,
    )  # fmt: skip


def in_period(i: Inputs) -> tuple[Driven, ...]:
    """Return the rounds of the period."""
    return tuple(d for d in i.rounds or () if i.first <= d.day <= i.last)


def _made_up(emptied: Floats, has_round: NDArray[np.bool_]) -> float:
    with_round = float(emptied[has_round].sum())
    return float(emptied.sum()) / with_round if with_round > 0.0 else 1.0


def speed_km_h(i: Inputs) -> float:
    """Return how fast lorries drive between stops [km/h].

    From the rounds whose hours are known, else from the fixed schedule's own planned km and hours: where one side's hours are
    told and the other's are not, a speed from elsewhere would make a difference that is none.
    """
    known = [(d.km, d.hours, _stops(d)) for d in in_period(i) if d.hours is not None]
    if not known:
        whose = of_plans(i.schedule, i.bins)
        known = [
            (p.km, p.hours, len(whose[p.name]))
            for p in i.schedule.plans
            if p.km is not None and p.hours is not None
        ]
    driving_h = sum(h - stops * i.method.service_s / 3600.0 for _, h, stops in known)
    if not known or driving_h <= 0.0:
        return USUAL_KM_H
    return float(np.clip(sum(km for km, _, _ in known) / driving_h, SLOWEST_KM_H, FASTEST_KM_H))


def _stops(d: Driven) -> int:
    return max(d.stops, len(d.bins))


def _hours(d: Driven, speed: float, service_s: float) -> float:
    return d.km / speed + _stops(d) * service_s / 3600.0 if d.hours is None else d.hours


def fixed(i: Inputs, cal: Calendar, schedule: Schedule, seen: NDArray[np.bool_]) -> Way:
    """Return what the fixed schedule drives; what is not planned is estimated from the rounds that were driven.

    ``seen``: which days count, see :func:`driven`.
    """
    whose, days = of_plans(schedule, i.bins), len(cal.days)
    km, hours, shifts, estimated = np.zeros(days), np.zeros(days), 0.0, False
    for plan in schedule.plans:
        found = _planned(plan, len(whose[plan.name]), i)
        if found is None:
            return Way(None, None)
        on = np.array([is_driven(plan, d) for d in cal.days], dtype=np.float64) * seen
        km, hours = km + found[0] * on, hours + found[1] * on
        shifts, estimated = (
            shifts + plan.lorries * float(on.sum()),
            estimated or plan.km is None or plan.hours is None,
        )
    return Way(km, hours, 0.0, estimated, 0, shifts)


def _planned(plan: Plan, stops: int, i: Inputs) -> tuple[float, float] | None:
    """Return km and hours of one day of a plan; None where nothing tells them."""
    rounds = [d for d in in_period(i) if _stops(d) > 0 and d.km > 0.0]
    if plan.km is None and not rounds:
        return None
    km = plan.km if plan.km is not None else _by_root(rounds, stops)
    speed = speed_km_h(i)
    return km, plan.hours if plan.hours is not None else km / speed + stops * i.method.service_s / 3600.0


def _by_root(rounds: Sequence[Driven], stops: int) -> float:
    return float(np.median([d.km * (stops / _stops(d)) ** ROOT for d in rounds]))
