"""How bins fill: deposits by place, hour and weekday, settling, emptying.

Compound Poisson: numbers of deposits are Poisson, each an exponential volume. Fresh litter
settles by about 2 % an hour. The sensor sees the top of a cone, not the mean height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.registry import BinSite
from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Bins

ITEM_L = 0.8
SETTLING_PER_HOUR = 0.02
FRESH_FOR_H = 8.0
FULLEST = 1.1
"""More than this share of the capacity doesn't fit: it lies beside the bin."""
LITRES_PER_DAY = {
    "Market place": 55.0, "Take-away": 45.0, "Shops": 30.0, "Bus stop": 22.0,
    "Park gate": 18.0, "School": 18.0, "Street": 9.0,
}  # fmt: skip
DAYTIME = (
    0.2,
    0.1,
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
    0.3,
)
EVENING = (
    1.2,
    0.6,
    0.2,
    0.05,
    0.05,
    0.05,
    0.1,
    0.3,
    0.4,
    0.4,
    0.6,
    1.2,
    2.0,
    1.6,
    0.8,
    0.8,
    1.2,
    2.0,
    2.6,
    2.6,
    2.2,
    1.8,
    1.6,
    1.5,
)
WEEKDAY = (0.9, 0.9, 0.95, 1.0, 1.15, 1.3, 1.0)
SCHOOL_WEEKDAY = (1.3, 1.3, 1.3, 1.3, 1.3, 0.2, 0.2)
MARKET_FACTOR = {"Market place": 4.0, "Shops": 1.8, "Take-away": 1.8, "Bus stop": 1.5}
MARKET_HOURS = (8.0, 17.0)


class BinModel:
    """All bins of a town, in the registry's order."""

    def __init__(self, bins: Sequence[BinSite], seed: int, script: Bins) -> None:
        n = len(bins)
        rng = generator(seed, 20)
        self._seed, self._script = seed, script
        self.places = [b.label.split(",", 1)[0] for b in bins]
        self.capacity_l: Floats = np.array([b.capacity_l for b in bins])
        base = np.array([LITRES_PER_DAY.get(place, 22.0) for place in self.places])
        self._per_day = base * rng.lognormal(0.0, 0.35, n) * script.deposits_factor
        self._evening = np.array([place == "Take-away" for place in self.places], dtype=np.bool_)
        self._school = np.array([place == "School" for place in self.places], dtype=np.bool_)
        self._market = np.array([MARKET_FACTOR.get(place, 1.0) for place in self.places])
        low, high = script.start_fill_pct
        self.settled_l: Floats = rng.uniform(low, high, n) / 100.0 * self.capacity_l
        self._fill_nearly(rng, bins)
        self.fresh_l: Floats = np.zeros(n)
        self.beside_l: Floats = np.zeros(n)
        self.cone: Floats = rng.uniform(0.0, 0.06, n)
        self.last_emptied_s: Floats = np.zeros(n)
        self.empty_mm: Floats = np.array([b.empty_distance_mm for b in bins])
        self.full_mm: Floats = np.array([b.full_distance_mm for b in bins])

    def _fill_nearly(self, rng: np.random.Generator, bins: Sequence[BinSite]) -> None:
        """Let the scripted number of bins start just below their threshold: busy small ones."""
        wanted = min(self._script.nearly_full, len(bins))
        low, high = self._script.nearly_full_pct
        below = np.array([b.threshold_pct for b in bins]) - 80.0
        rows = np.argsort(-self._per_day / self.capacity_l, kind="stable")[:wanted]
        self.settled_l[rows] = (rng.uniform(low, high, wanted) + below[rows]) / 100.0 * self.capacity_l[rows]

    @property
    def volume_l(self) -> Floats:
        """Litter in each bin [l]."""
        return self.settled_l + self.fresh_l

    @property
    def fill(self) -> Floats:
        """Fill of each bin as a share of the capacity, 0..1.1."""
        return self.volume_l / self.capacity_l

    def distance_mm(self) -> Floats:
        """Return what an exact sensor would read [mm]: distance to the top of the cone."""
        height = self.fill
        top = height + self.cone * np.minimum(height, 1.0) * (1.5 - np.minimum(height, 1.0))
        return np.maximum(self.empty_mm - top * (self.empty_mm - self.full_mm), 60.0)

    def rate_l_h(self, hour_local: float, weekday: int) -> Floats:
        """Return the expected deposits [l/h]."""
        hour = int(hour_local) % 24
        shape = np.where(self._evening, EVENING[hour], DAYTIME[hour])
        day = np.where(self._school, SCHOOL_WEEKDAY[weekday], WEEKDAY[weekday])
        rate = self._per_day / 24.0 * shape * day
        if self._script.market and MARKET_HOURS[0] <= hour_local < MARKET_HOURS[1]:
            rate = rate * self._market
        return np.asarray(rate)

    def step(self, tick: int, hour_local: float, weekday: int, dt_s: float) -> None:
        """Advance by ``dt_s``; ``tick`` numbers the step and seeds its deposits."""
        hours = dt_s / 3600.0
        rng = generator(self._seed, 21, tick)
        number = rng.poisson(self.rate_l_h(hour_local, weekday) * hours / ITEM_L)
        deposit = rng.gamma(np.maximum(number, 1e-9), ITEM_L)
        aged = self.fresh_l * -np.expm1(-hours / FRESH_FOR_H)
        self.settled_l += aged
        self.fresh_l = (self.fresh_l - aged) * np.exp(-SETTLING_PER_HOUR * hours) + deposit
        over = np.maximum(self.volume_l - FULLEST * self.capacity_l, 0.0)
        self.fresh_l -= over
        self.beside_l += np.maximum(over, 0.0)

    def empty(self, row: int, time_s: float) -> None:
        """Empty a bin: up to 5 % sticks to it."""
        left = generator(self._seed, 22, row, int(time_s)).uniform(0.0, 0.05)
        self.settled_l[row] = left * self.capacity_l[row]
        self.fresh_l[row] = 0.0
        self.beside_l[row] = 0.0
        self.last_emptied_s[row] = time_s
