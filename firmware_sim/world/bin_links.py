"""What becomes of bins' readings on their way: lost packets, duplicates, sensors that are stuck for a while.

For :mod:`firmware_sim.world.bin_town`; in the whole world scenarios say such things as faults.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkScript:
    """How bad links and sensors are.

    Attributes:
        loss: range of the part of its packets that a bin loses.
        duplicates: part of the packets that come twice.
        stuck_a_week: mean number of times a week that a sensor gets stuck.
        stuck_h: range of how long it then says the same [h].
    """

    loss: tuple[float, float] = (0.05, 0.15)
    duplicates: float = 0.01
    stuck_a_week: float = 0.005
    stuck_h: tuple[float, float] = (12.0, 240.0)


class BinLinks:
    """The links of ``n`` bins."""

    def __init__(self, n: int, seed: int, script: LinkScript) -> None:
        rng = generator(seed, 30)
        self._seed, self._script, self._n = seed, script, n
        self.loss: Floats = rng.uniform(*script.loss, n)
        self._stuck_until_s: Floats = np.full(n, -np.inf)
        self._held_mm: Floats = np.zeros(n)

    def pass_on(
        self, tick: int, time_s: float, dt_s: float, distance_mm: Floats
    ) -> tuple[Floats, Flags, Flags]:
        """Return the distances as they are told [mm], which of them arrive, and which of those twice.

        Args:
            tick: the step's number, which with the seed draws its lots.
            time_s: time of the readings, ``dt_s`` after the last ones [s].
            dt_s: interval of readings [s].
            distance_mm: what a sensor that isn't stuck tells.
        """
        rng = generator(self._seed, 31, tick)
        lost, twice, stuck, long = rng.uniform(size=(4, self._n))
        begins = (stuck < self._script.stuck_a_week * dt_s / (7 * 86_400.0)) & (time_s >= self._stuck_until_s)
        low, high = self._script.stuck_h
        until_s = time_s + 3600.0 * (low + (high - low) * long)
        self._stuck_until_s = np.where(begins, until_s, self._stuck_until_s)
        self._held_mm = np.where(begins, distance_mm, self._held_mm)
        told = np.where(time_s < self._stuck_until_s, self._held_mm, distance_mm)
        heard = lost >= self.loss
        return told, heard, heard & (twice < self._script.duplicates)
