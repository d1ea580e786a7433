"""Traces of bins as sensors tell them, with the truth beside: deposits, settling, emptyings, and all that goes wrong.

Noise as published for such sensors (docs/bins-level.md). Everything follows from a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

EMPTY_MM, FULL_MM, BLIND_MM, CAPACITY_L = 1000.0, 200.0, 30.0, 240.0
DAY_S, HOUR_S = 86_400.0, 3600.0
STEP_S = 600.0
STEP_H = STEP_S / HOUR_S
ITEM_L = 1.2
MOST_PCT = 108.0
SHAPE_OF_DAY = (
    0.1,
    0.05,
    0.05,
    0.05,
    0.05,
    0.1,
    0.4,
    1.0,
    1.6,
    1.5,
    1.5,
    1.7,
    2.2,
    2.0,
    1.6,
    1.8,
    1.9,
    1.8,
    1.3,
    0.9,
    0.7,
    0.5,
    0.4,
    0.2,
)
Reading = tuple[float, float, float, float]
"""Time [s], distance [mm], temperature [°C], tilt [°]; NaN: not told."""


@dataclass(frozen=True)
class Noise:
    """What goes wrong.

    Attributes:
        cadence_s: between readings; noise_mm: Gaussian; step_mm: quantisation.
        outliers: share of readings that are no echo, the lid's or a wall's.
        loss, twice: share of messages lost, and sent again.
        garbage: readings at most with the lid open at an emptying.
        sound: share of the 0.17 %/°C that nobody compensates.
        stuck_days, compacted_days, blocked_days, tilted_days: one on average in so many days; 0: never.
    """

    cadence_s: float = 1800.0
    noise_mm: float = 10.0
    step_mm: float = 9.0
    outliers: float = 0.035
    loss: float = 0.10
    twice: float = 0.03
    garbage: int = 3
    sound: float = 1.0
    stuck_days: float = 45.0
    compacted_days: float = 15.0
    blocked_days: float = 45.0
    tilted_days: float = 60.0


HALF_HOURLY = Noise()
HOURLY = replace(HALF_HOURLY, cadence_s=3600.0)
DAILY = replace(HALF_HOURLY, cadence_s=DAY_S)
WORST = replace(HALF_HOURLY, outliers=0.05, loss=0.15, step_mm=12.0)


@dataclass(frozen=True)
class Trace:
    """A bin's readings in order of time with the true fill, when it was emptied [s] and from what, and lorries near it.

    ``fixes``: time [s], and whether the lorry stood. One stands at each emptying; one drives by a day; once a week one stands for another reason.
    """

    readings: list[Reading]
    emptied_s: list[float]
    emptied_from_pct: list[float]
    true_pct: list[float]
    fixes: list[tuple[float, bool]]


@dataclass(frozen=True)
class _Bin:
    """A bin's own: what comes in, from which fill on it is emptied, its cone, how its litter settles, where a wall echoes, when it is visited."""

    rate_l_day: float
    empties_at_pct: float
    cone: float
    settling_h: float
    wall_mm: float
    hour: float


@dataclass(frozen=True)
class _Life:
    """What happens to a bin, step by step: fill [%], what covers the sensor (1 a jam, 2 it lies on its side), emptyings."""

    level: NDArray[np.float64]
    covered: NDArray[np.int64]
    emptied_s: list[float]
    from_pct: list[float]


def trace(seed: int, days: float, noise: Noise = HALF_HOURLY) -> Trace:
    """Return one bin's days: of every three bins one is emptied from about 30 % on, the others from 60 to 95 %."""
    rng = np.random.default_rng([seed, 7])
    low = seed % 3 == 0
    own = _Bin(
        rate_l_day=float(rng.lognormal(np.log(28.0), 0.5)),
        empties_at_pct=float(rng.uniform(26, 40) if low else rng.uniform(60, 95)),
        cone=float(rng.uniform(0.0, 0.12)), settling_h=float(rng.uniform(0.01, 0.03)),
        wall_mm=float(rng.uniform(250, 900)), hour=float(rng.uniform(6, 14)),
    )  # fmt: skip
    return _told(own, days, noise, rng, _lived(own, days, noise, rng))


def _lived(own: _Bin, days: float, noise: Noise, rng: np.random.Generator) -> _Life:
    n = int(days * DAY_S / STEP_S)
    life = _Life(np.empty(n), np.zeros(n, dtype=np.int64), [], [])
    settled, fresh = float(rng.uniform(0, 30)), 0.0
    hour = (STEP_S * np.arange(n) / HOUR_S) % 24
    numbers = rng.poisson(own.rate_l_day / 24.0 * np.array(SHAPE_OF_DAY)[hour.astype(int)] * STEP_H / ITEM_L)
    checks = np.flatnonzero((hour >= own.hour) & (np.roll(hour, 1) < own.hour))
    rounds = {int(k) for k in checks if rng.random() < 0.8}
    every = (noise.compacted_days, noise.blocked_days, noise.tilted_days)
    packs, jams, tilts = (_times(rng, n, days_between) for days_between in every)
    for k in range(n):
        if numbers[k]:
            fresh += 100.0 * float(rng.lognormal(-0.3, 0.8, numbers[k]).sum()) * 0.9 / CAPACITY_L
        settled, fresh = _settled(settled, fresh, own.settling_h)
        if k in packs and settled + fresh > 45.0:
            share = float(rng.uniform(0.55, 0.85))
            settled, fresh = settled * share, fresh * share
        if k in jams and settled + fresh < 60.0:
            life.covered[k : k + int(rng.uniform(3, 30) / STEP_H)] = 1
        if k in tilts:
            life.covered[k : k + int(rng.uniform(2, 10) / STEP_H)] = 2
            settled *= float(rng.uniform(0.1, 1.0))  # some of it is spilled
        if k in rounds and settled + fresh >= own.empties_at_pct and life.covered[k] != 2:
            life.emptied_s.append(STEP_S * k)
            life.from_pct.append(settled + fresh)
            settled, fresh = float(rng.uniform(0, 10)), 0.0
            if life.covered[k] == 1:
                life.covered[k:][life.covered[k:] == 1] = 0
        life.level[k] = settled + fresh
    return life


def _settled(settled: float, fresh: float, settling_h: float) -> tuple[float, float]:
    """Return old and fresh litter [%] a step later: the fresh falls in and becomes old; more than 108 % lies beside the bin."""
    aged = fresh * STEP_H / 8.0
    settled += aged
    fresh = (fresh - aged) * (1.0 - settling_h * 4.0 * STEP_H)
    settled *= 1.0 - settling_h / 20.0 * STEP_H
    if settled + fresh > MOST_PCT:
        fresh = max(0.0, MOST_PCT - settled)
    return min(settled, MOST_PCT), fresh


def _times(rng: np.random.Generator, n: int, every_days: float) -> set[int]:
    if every_days <= 0.0:
        return set()
    return {int(k) for k in np.flatnonzero(rng.random(n) < STEP_S / DAY_S / every_days)}


def _told(own: _Bin, days: float, noise: Noise, rng: np.random.Generator, life: _Life) -> Trace:
    told: list[tuple[Reading, float]] = []
    knows_heat = rng.random() < 0.5
    lid_open = _lid(noise, rng, life.emptied_s)
    alarms = _tilt_alarms(life.covered, noise, rng)
    at_s, stuck_until, stuck_mm = float(rng.uniform(0, noise.cadence_s)), -1.0, 0.0
    while at_s < days * DAY_S - STEP_S:
        k = int(at_s / STEP_S)
        heat = 10.0 + 8.0 * sin(2 * pi * (at_s / DAY_S - 0.4)) + 6.0 * sin(2 * pi * at_s / DAY_S / 30.0)
        top = float(life.level[k]) * (1.0 + own.cone * (1.0 - float(life.level[k]) / 110.0))
        mm = EMPTY_MM - (EMPTY_MM - FULL_MM) * top / 100.0
        mm = _echo(own, noise, rng, mm, heat, lid_open(at_s), int(life.covered[k]))
        if at_s < stuck_until:
            mm = stuck_mm
        elif noise.stuck_days > 0.0 and rng.random() < noise.cadence_s / DAY_S / noise.stuck_days:
            stuck_until, stuck_mm = at_s + float(rng.uniform(3, 12)) * HOUR_S, mm
        tilt = float(rng.uniform(70, 95)) if life.covered[k] == 2 else 1.0
        if rng.random() >= noise.loss:
            new = (at_s, mm, heat if knows_heat else nan, tilt), min(float(life.level[k]), 100.0)
            told += [new, new] if rng.random() < noise.twice else [new]
        at_s += noise.cadence_s * float(rng.uniform(0.98, 1.02))
    told = sorted([*told, *alarms], key=lambda r: r[0][0])
    fixes = _fixes(days, rng, life.emptied_s)
    return Trace([r for r, _ in told], life.emptied_s, life.from_pct, [t for _, t in told], fixes)


def _tilt_alarms(
    covered: NDArray[np.int64], noise: Noise, rng: np.random.Generator
) -> list[tuple[Reading, float]]:
    """Return the reports that a sensor makes at once when it falls over, and when it stands again."""
    turns = np.flatnonzero(np.diff((covered == 2).astype(int)))
    reports = [(STEP_S * (int(k) + 1), 85.0 if covered[k + 1] == 2 else 1.0) for k in turns]
    return [((at_s, 0.0, nan, tilt), nan) for at_s, tilt in reports if rng.random() >= noise.loss]


def _fixes(days: float, rng: np.random.Generator, emptied: list[float]) -> list[tuple[float, bool]]:
    found = [(when + 20.0 * k, True) for when in emptied for k in range(-1, 2)]
    found += [(DAY_S * d + float(rng.uniform(5, 20)) * HOUR_S, False) for d in range(int(days))]
    found += [(DAY_S * d + float(rng.uniform(5, 20)) * HOUR_S, True) for d in range(0, int(days), 7)]
    return sorted(found)


def _lid(noise: Noise, rng: np.random.Generator, emptied: list[float]) -> Callable[[float], bool]:
    """Return whether the lid is open at a time: for one to three readings after an emptying, of daily ones hardly ever for one."""
    spans = []
    for when in emptied:
        n = int(rng.integers(1, noise.garbage + 1))
        open_s = min(n * noise.cadence_s, 3.0 * HOUR_S) if noise.cadence_s < DAY_S else 1800.0
        spans.append((when - 60.0, when - 60.0 + open_s))
    return lambda at_s: any(a <= at_s < b for a, b in spans)


def _echo(
    own: _Bin, noise: Noise, rng: np.random.Generator, mm: float, heat: float, lid_open: bool, covered: int
) -> float:
    if lid_open:
        return _one_of(rng, [0.0, 20.0, 65535.0, rng.uniform(35, 2500), rng.uniform(35, 1000)])
    if covered == 2:
        return _one_of(rng, [rng.uniform(40, 400), rng.uniform(900, 3000), 0.0])
    if covered == 1:
        mm = 110.0 + rng.normal(0, 4)
    if rng.random() < noise.outliers:
        return _one_of(rng, [0.0, 20.0, BLIND_MM + 5.0, own.wall_mm + rng.normal(0, 5)])
    mm = mm / (1.0 + noise.sound * 0.0017 * (heat - 20.0)) + rng.normal(0, noise.noise_mm)
    return float(max(35.0, noise.step_mm * round(mm / noise.step_mm)))


def _one_of(rng: np.random.Generator, values: list[Any]) -> float:
    return float(rng.choice(values))
