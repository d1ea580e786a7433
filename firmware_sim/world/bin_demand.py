"""What people throw into each bin: by place, hour and weekday, on special days, and slowly changing.

Compound Poisson: the number of deposits is Poisson, each a lognormal volume. What is drawn depends on the seed, the
step and the bin's row alone, never on how full a bin is: two ways of emptying see the same deposits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import BinSite
from firmware_sim.world import bin_profiles as profiles
from firmware_sim.world.noise import bits, generator, key_of, unit
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Bins, Occasion

BUSY_SHARE, BUSY_FACTOR = 0.12, 5.0
"""An irregular bin has a crowd on such a share of its days, and the other days less: the mean is the same."""
QUIET_FACTOR = (1.0 - BUSY_SHARE * BUSY_FACTOR) / (1.0 - BUSY_SHARE)
DRIFT_WEEKS = (7.0, 19.0)
"""Periods of the slow change [weeks]."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment in the town: hour 0..24, weekday (0 Monday), and the number of the day since the start (may be < 0)."""

    hour: float
    weekday: int
    day: int


class BinDemand:
    """Deposits of all bins, in the registry's order."""

    def __init__(self, bins: Sequence[BinSite], seed: int, script: Bins) -> None:
        n = len(bins)
        rng = generator(seed, 20)
        self._seed, self._script = seed, script
        self.places = [profiles.place_of(b.label) for b in bins]
        base = np.array([profiles.LITRES_PER_DAY.get(p, profiles.OTHER_LITRES_PER_DAY) for p in self.places])
        self.per_day_l: Floats = base * rng.lognormal(0.0, 0.35, n) * script.deposits_factor
        own = generator(seed, 23)
        self._weekday = self._weekdays(own, n)
        self._wave = own.uniform(0.0, 2.0 * math.pi, (2, n))
        self.irregular = own.uniform(size=n) < script.irregular_share
        evening = np.array([p in profiles.EVENING_PLACES for p in self.places], dtype=np.bool_)
        self._shape = np.where(
            evening, np.array(profiles.EVENING)[:, None], np.array(profiles.DAYTIME)[:, None]
        )
        self._market = np.array([profiles.MARKET_FACTOR.get(p, 1.0) for p in self.places])
        self._sun = np.array([profiles.SUN_FACTOR.get(p, 1.0) for p in self.places])
        self._of_day: tuple[int, Floats] | None = None

    def _weekdays(self, rng: np.random.Generator, n: int) -> Floats:
        """Return the factors of weekdays (7, n): the place's, and each bin's own habit around it."""
        place = np.array([profiles.WEEKDAY_OF_PLACE.get(p, profiles.WEEKDAY) for p in self.places])
        return np.asarray(place.reshape(n, 7).T * rng.lognormal(0.0, self._script.weekday_spread, (7, n)))

    def is_sunny(self, day: int) -> bool:
        """Whether the sun shines on a day (and people go to the parks)."""
        return unit(bits(key_of(self._seed, "sunny"), day)) < self._script.sunny_share

    def _day_factor(self, day: int) -> Floats:
        """Return what the day itself does to each bin: crowds at irregular ones, and slow change."""
        if self._of_day is None or self._of_day[0] != day:
            factor = np.ones(len(self.places))
            if self._script.irregular_share > 0.0:
                busy = generator(self._seed, 24, day).uniform(size=len(factor)) < BUSY_SHARE
                factor = np.where(self.irregular, np.where(busy, BUSY_FACTOR, QUIET_FACTOR), factor)
            if self._script.drift_spread > 0.0:
                turns = [2.0 * math.pi * day / (7.0 * weeks) for weeks in DRIFT_WEEKS]
                waves = sum(np.sin(turn + phase) for turn, phase in zip(turns, self._wave, strict=True))
                factor = factor * np.exp(self._script.drift_spread * waves)
            self._of_day = (day, np.asarray(factor))
        return self._of_day[1]

    def rate_l_h(self, local: LocalTime) -> Floats:
        """Return the expected deposits of each bin [l/h]."""
        script, hour = self._script, local.hour
        rate = self.per_day_l / 24.0 * self._shape[int(hour) % 24] * self._weekday[local.weekday]
        rate = rate * self._day_factor(local.day)
        market = script.market or local.weekday in script.market_weekdays
        if market and _between(hour, profiles.MARKET_HOURS):
            rate = rate * self._market
        if _between(hour, profiles.SUN_HOURS) and self.is_sunny(local.day):
            rate = rate * self._sun
        for occasion in script.occasions:
            if _is_on(occasion, local):
                here = np.array([occasion.place in ("", p) for p in self.places], dtype=np.bool_)
                rate = np.where(here, rate * occasion.factor, rate)
        return np.asarray(rate)

    def deposits_l(self, tick: int, local: LocalTime, hours: float) -> Floats:
        """Return what is thrown into each bin in a step [l], as it lies loosely.

        Args:
            tick: the step's number, which with the seed draws its lots.
            local: when.
            hours: how long the step is [h].
        """
        rng = generator(self._seed, 21, tick)
        number = rng.poisson(self.rate_l_h(local) * hours / profiles.ITEM_L)
        spread = profiles.ITEM_SPREAD
        volume = rng.lognormal(math.log(profiles.ITEM_L) - spread**2 / 2.0, spread, int(number.sum()))
        bin_of = np.repeat(np.arange(len(number)), number)
        return np.asarray(np.bincount(bin_of, weights=volume, minlength=len(number)), dtype=np.float64)


def _between(hour: float, hours: tuple[float, float]) -> bool:
    return hours[0] <= hour < hours[1]


def _is_on(occasion: Occasion, local: LocalTime) -> bool:
    """Whether a special time is on; without days and weekdays it is every day."""
    any_day = not occasion.days and not occasion.weekdays
    today = any_day or local.day in occasion.days or local.weekday in occasion.weekdays
    return today and occasion.from_hour <= local.hour < occasion.to_hour
