"""The chance of each step of demand, by bin and weekday, learnt as days go by: counts that fade, a bin drawn to the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rules.core.bin_forecast.demand import UNKNOWN, Demand
from rules.core.bin_forecast.increments import WEEK
from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class StepParameters:
    """How demand is learnt. Chosen on the first part of the file, see docs/bin-forecast.md.

    Attributes:
        half_life_days: a day so long ago counts half.
        bin_days: a bin's chances are its own by half after so many days, else the fleet's.
        weekday_days: likewise a weekday's of a bin, else the bin's in the fleet's week.
        fleet_days: so many days of the first guess are known before anything was seen.
        refit_days: between two looks.
    """

    half_life_days: float = 365.0
    bin_days: float = 20.0
    weekday_days: float = 15.0
    fleet_days: float = 10.0
    refit_days: int = 28


def step_chances(demand: Demand, first_weekday: int, p: StepParameters) -> dict[int, Floats]:
    """Return by day of a look what is known from the days before it: chances, bins × 7 × steps; the weekday is the day's end."""
    bins, steps = demand.known.shape[1], demand.full + 1
    counts = np.zeros((bins, WEEK, steps))
    found: dict[int, Floats] = {}
    fade = 0.5 ** (1.0 / p.half_life_days)
    for t in range(len(demand.known) + 1):
        if t > 0:
            step = np.minimum(demand.known[t - 1], demand.full)
            told = np.flatnonzero(step != UNKNOWN)
            counts *= fade
            counts[told, (first_weekday + t) % WEEK, step[told]] += 1.0
        if t % p.refit_days == 0:
            found[t] = _drawn_to_others(counts, p)
    return found


def _drawn_to_others(counts: Floats, p: StepParameters) -> Floats:
    first = 0.5 ** np.arange(1.0, counts.shape[2] + 1.0)
    fleet = _share(counts.sum(axis=(0, 1)), first / first.sum(), p.fleet_days)
    by_weekday = _share(counts.sum(axis=0), fleet, WEEK * p.weekday_days)
    own = _share(counts.sum(axis=1), fleet, p.bin_days)
    usual = own[:, None, :] * (by_weekday / fleet)[None]
    return _share(counts, usual / usual.sum(axis=2, keepdims=True), p.weekday_days)


def _share(counts: Floats, usual: Floats, days: float) -> Floats:
    return np.asarray((counts + days * usual) / (counts.sum(axis=-1, keepdims=True) + days), dtype=np.float64)


def spans(looks: dict[int, Floats], last: int) -> list[tuple[int, int]]:
    """Return the days of each look and the day before the next, up to ``last``."""
    return list(pairwise([*sorted(looks), max(last, max(looks) + 1)]))
