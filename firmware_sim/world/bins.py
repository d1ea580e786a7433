"""How full bins are: deposits, settling, overflow, emptying.

Fresh litter settles by 1 to 3 % an hour, in each bin at its own pace. The sensor sees the top of a cone, not the mean
height. Beside the volume that litter takes, the litres as they were thrown in are counted: those are kept, whatever
settles, so that all that came is in a bin, beside it or in a lorry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import BinSite
from firmware_sim.world import bin_profiles as profiles
from firmware_sim.world.bin_demand import BinDemand, LocalTime
from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Bins

SETTLING_PER_HOUR = (0.01, 0.03)
FRESH_FOR_H = 8.0
FULLEST = 1.1
"""More than this share of the capacity doesn't fit: it lies beside the bin."""
LEFT_AT_MOST = 0.1
"""Part of the capacity that at most sticks to an emptied bin."""
PRESSED_TO = (0.5, 0.85)
"""Part of its room that litter still takes when somebody has pressed it down."""
CONE = (0.05, 0.15)
"""By how much the top of the heap is higher than its mean, as a share of it."""
LID_OPEN_READINGS = (1, 3)
"""So many readings after an emptying mean nothing: the lid is open, the bin is on the lorry's lift."""
HANDLED_S = (120.0, 600.0)
"""For so long an emptied bin isn't upright [s]."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What a crew took out of a bin and from beside it: litres as they were thrown in, and kilograms."""

    litres: float
    kg: float


class BinModel:
    """All bins of a town, in the registry's order.

    Args:
        cadence_s: interval of each bin's readings [s].
    """

    def __init__(
        self, bins: Sequence[BinSite], seed: int, script: Bins, cadence_s: Floats | float = 1800.0
    ) -> None:
        n = len(bins)
        rng = generator(seed, 25)
        self._seed, self._script = seed, script
        self.demand = BinDemand(bins, seed, script)
        self.capacity_l: Floats = np.array([b.capacity_l for b in bins])
        self.kg_per_l: Floats = np.array(
            [profiles.KG_PER_L.get(b.stream, profiles.OTHER_KG_PER_L) for b in bins]
        )
        low, high = script.start_fill_pct
        self.settled_l: Floats = rng.uniform(low, high, n) / 100.0 * self.capacity_l
        self._fill_nearly(rng, bins)
        self.fresh_l: Floats = np.zeros(n)
        self.held_l: Floats = self.settled_l.copy()
        self.put_l: Floats = self.settled_l.copy()
        self.beside_l: Floats = np.zeros(n)
        self._settling: Floats = rng.uniform(*SETTLING_PER_HOUR, n)
        self.cone: Floats = rng.uniform(*CONE, n)
        self.last_emptied_s: Floats = np.zeros(n)
        self.lid_open_until_s: Floats = np.zeros(n)
        self.handled_until_s: Floats = np.zeros(n)
        self._cadence_s: Floats = np.broadcast_to(np.asarray(cadence_s, dtype=np.float64), n)
        self.empty_mm: Floats = np.array([b.empty_distance_mm for b in bins])
        self.full_mm: Floats = np.array([b.full_distance_mm for b in bins])

    def _fill_nearly(self, rng: np.random.Generator, bins: Sequence[BinSite]) -> None:
        """Let the scripted number of bins start just below their threshold: busy small ones."""
        wanted = min(self._script.nearly_full, len(bins))
        low, high = self._script.nearly_full_pct
        below = np.array([b.threshold_pct for b in bins]) - 80.0
        rows = np.argsort(-self.demand.per_day_l / self.capacity_l, kind="stable")[:wanted]
        self.settled_l[rows] = (rng.uniform(low, high, wanted) + below[rows]) / 100.0 * self.capacity_l[rows]

    @property
    def volume_l(self) -> Floats:
        """Room that the litter in each bin takes [l]."""
        return self.settled_l + self.fresh_l

    @property
    def fill(self) -> Floats:
        """Fill of each bin as a share of the capacity, 0..1.1."""
        return self.volume_l / self.capacity_l

    def distance_mm(self) -> Floats:
        """Return what an exact sensor would read [mm]: distance to the top of the cone."""
        top = self.fill * (1.0 + self.cone)
        return np.maximum(self.empty_mm - top * (self.empty_mm - self.full_mm), 60.0)

    def step(self, tick: int, local: LocalTime, dt_s: float) -> None:
        """Advance by ``dt_s``; ``tick`` numbers the step and seeds its deposits."""
        hours = dt_s / 3600.0
        deposit = self.demand.deposits_l(tick, local, hours)
        aged = self.fresh_l * -np.expm1(-hours / FRESH_FOR_H)
        self.settled_l += aged
        self.fresh_l = (self.fresh_l - aged) * np.exp(-self._settling * hours) + deposit
        self._press(tick, hours)
        over = np.maximum(self.volume_l - FULLEST * self.capacity_l, 0.0)
        self.fresh_l -= over
        self.beside_l += over
        self.held_l += deposit - over
        self.put_l += deposit

    def _press(self, tick: int, hours: float) -> None:
        """Let somebody press the litter down, now and then: it takes less room, and nothing is gone."""
        share = self._script.pressed_a_day * hours / 24.0
        if share > 0.0:
            lots = generator(self._seed, 27, tick).uniform(size=(2, len(self.settled_l)))
            low, high = PRESSED_TO
            self.settled_l = self.settled_l * np.where(lots[0] < share, low + (high - low) * lots[1], 1.0)

    def empty(self, row: int, time_s: float) -> Lift:
        """Empty a bin; up to a tenth of its capacity sticks to it. Return what was taken."""
        rng = generator(self._seed, 22, row, int(time_s))
        volume = float(self.settled_l[row] + self.fresh_l[row])
        left = min(float(rng.uniform(0.0, LEFT_AT_MOST)) * float(self.capacity_l[row]), volume)
        kept = float(self.held_l[row]) * (left / volume if volume > 0.0 else 0.0)
        litres = float(self.held_l[row]) - kept + float(self.beside_l[row])
        self.settled_l[row], self.fresh_l[row] = left, 0.0
        self.held_l[row], self.beside_l[row] = kept, 0.0
        self.cone[row] = rng.uniform(*CONE)
        self.last_emptied_s[row] = time_s
        readings = int(rng.integers(LID_OPEN_READINGS[0], LID_OPEN_READINGS[1] + 1))
        self.lid_open_until_s[row] = time_s + readings * float(self._cadence_s[row])
        self.handled_until_s[row] = time_s + float(rng.uniform(*HANDLED_S))
        return Lift(litres, litres * float(self.kg_per_l[row]))
