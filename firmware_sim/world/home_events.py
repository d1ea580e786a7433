"""What people do at home: showers, cooking, drying clothes, opening windows.

A day's events are a pure function of seed, day and household, so that the diary and the
tests know the truth without running the world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats

SHOWER, COOKING, WASHING, WINDOW = range(4)
ACTIVITIES = ("shower", "cooking", "washing", "window")
"""Names as in ``devices.contract.messages.Activity``; washing is clothes drying indoors."""
MOST_OCCUPANTS = 6
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Day:
    """Events of one local day: home row, activity, start and end [s], total vapour [g]."""

    home: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    activity: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    start_s: Floats
    end_s: Floats
    vapour_g: Floats


@dataclass(frozen=True, slots=True)
class Habits:
    """Households as arrays (n,): people, whether they air rooms, loads dried indoors per day."""

    occupants: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    airs: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    loads_per_day: Floats
    extract_share: Floats


def events_of_day(seed: int, day: int, midnight_s: float, habits: Habits, *, weekend: bool) -> Day:
    """Return the events of local day number ``day`` that begins at ``midnight_s`` [s since 1970]."""
    rng = generator(seed, 11, day)
    n = len(habits.occupants)
    shift_h = 1.3 if weekend else 0.0
    parts = [
        _showers(rng, habits, shift_h),
        _cooking(rng, n, habits, 7.4 + shift_h, 0.5, 25.0, 0.25),
        _cooking(rng, n, habits, 12.7, 0.6 if weekend else 0.2, 60.0, 0.5),
        _cooking(rng, n, habits, 18.1, 0.92, 130.0, 0.75),
        _washing(rng, n, habits),
        _airing(rng, n, habits, shift_h),
    ]
    home, activity, start_h, length_h, vapour = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    start = midnight_s + np.round(start_h * 60.0) * 60.0
    return Day(home.astype(np.int64), activity.astype(np.int64), start, start + length_h * HOUR_S, vapour)


Part = tuple[Floats, Floats, Floats, Floats, Floats]


def _part(home: Floats, activity: int, start_h: Floats, length_h: Floats, vapour: Floats) -> Part:
    return home, np.full(len(home), float(activity)), start_h, length_h, vapour


def _showers(rng: np.random.Generator, habits: Habits, shift_h: float) -> Part:
    n = len(habits.occupants)
    slot = np.arange(MOST_OCCUPANTS)
    takes = (slot < habits.occupants[:, None]) & (rng.uniform(size=(n, MOST_OCCUPANTS)) < 0.8)
    evening = rng.uniform(size=takes.shape) < 0.35
    start = np.where(evening, rng.normal(20.8, 0.8, takes.shape), rng.normal(7.0 + shift_h, 0.7, takes.shape))
    length = rng.uniform(0.1, 0.22, takes.shape)
    grams = rng.uniform(1500.0, 2400.0, takes.shape) * length * (1.0 - habits.extract_share[:, None])
    rows = np.nonzero(takes)[0].astype(float)
    return _part(rows, SHOWER, start[takes], length[takes], grams[takes])


def _cooking(
    rng: np.random.Generator,
    n: int,
    habits: Habits,
    hour: float,
    chance: float,
    grams_each: float,
    length_h: float,
) -> Part:
    takes = rng.uniform(size=n) < chance
    start = rng.normal(hour, 0.5, n)
    length = length_h * rng.uniform(0.7, 1.3, n)
    grams = grams_each * habits.occupants * rng.uniform(0.6, 1.4, n) * (1.0 - 0.7 * habits.extract_share)
    return _part(np.flatnonzero(takes).astype(float), COOKING, start[takes], length[takes], grams[takes])


def _washing(rng: np.random.Generator, n: int, habits: Habits) -> Part:
    takes = rng.uniform(size=n) < habits.loads_per_day
    start = rng.uniform(9.0, 20.0, n)
    length = rng.uniform(8.0, 14.0, n)
    grams = rng.uniform(1400.0, 2400.0, n)
    return _part(np.flatnonzero(takes).astype(float), WASHING, start[takes], length[takes], grams[takes])


def _airing(rng: np.random.Generator, n: int, habits: Habits, shift_h: float) -> Part:
    takes = habits.airs & (rng.uniform(size=n) < 0.6)
    start = rng.normal(8.3 + shift_h, 0.7, n)
    length = rng.uniform(0.15, 0.5, n)
    return _part(
        np.flatnonzero(takes).astype(float), WINDOW, start[takes], length[takes], np.zeros(int(takes.sum()))
    )
