"""A town's bins alone, fast: for weeks and quarters in which ways of emptying are compared.

No homes, no roads, one temperature: bins, their sensors and links. Emptyings are given; the deposits depend on the
seed alone, so that two policies meet the same demand. A step is half an hour unless told otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import BinSite
from firmware_sim.world.bin_demand import LocalTime
from firmware_sim.world.bin_links import BinLinks, Flags, LinkScript
from firmware_sim.world.bin_sensors import BinSensors
from firmware_sim.world.bins import BinModel, Lift
from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Bins

DAY_S = 86_400.0
USUAL = Bins(
    start_fill_pct=(0.0, 60.0),
    market_weekdays=(2, 5),
    sunny_share=0.3,
    irregular_share=0.15,
    weekday_spread=0.15,
    drift_spread=0.12,
)
"""A town with markets on Wednesdays and Saturdays, sunny days, bins with crowds, habits of their own and slow change."""


@dataclass(frozen=True, slots=True)
class Emptying:
    """A bin to be emptied at a time [s since 1970]."""

    bin_id: str
    at_s: float


@dataclass(frozen=True, slots=True)
class BinReadings:
    """What all bins' sensors told at one time [s since 1970], in the order of the bins.

    Attributes:
        heard: whose readings arrived; ``twice``: of those, which arrived twice.
        distance_mm: with sentinels and outliers, as on the wire; also of those that are not heard.
        temperature_c, tilt_deg, battery_pct, battery_v: the other fields.
    """

    time_s: float
    heard: Flags
    twice: Flags
    distance_mm: Floats
    temperature_c: Floats
    tilt_deg: Floats
    battery_pct: Floats
    battery_v: Floats


@dataclass(frozen=True, slots=True)
class BinTotals:
    """What came of it so far, by bin: litres as they were thrown in, and times.

    Attributes:
        put_l: in the bin at the start and thrown in since; equals ``held_l + beside_l + lifted_l``.
        held_l: in the bin; ``beside_l``: lying beside it.
        lifted_l, lifted_kg: taken away by crews; ``emptied``: how often.
        overflow_s: how long it was full to the rim or more [s].
        spilt_l: what came to lie beside the bin, whether or not a crew has cleared it away since.
    """

    put_l: Floats
    held_l: Floats
    beside_l: Floats
    lifted_l: Floats
    lifted_kg: Floats
    emptied: Floats
    overflow_s: Floats
    spilt_l: Floats


class BinTown:
    """Bins from a time on.

    Args:
        bins: in this order everywhere.
        seed: every lot is drawn from it.
        start_s: when it begins [s since 1970]; a step's readings are at its end.
        weekday: of the start's local day, 0 Monday.
        start_hour_local: local hour of the start, 0..24. The town keeps no summer time.
        script: places, special days and sensors' errors.
        links: losses, duplicates and stuck sensors.
        step_s: length of a step [s].
        mean_air_c: what the temperature is about, by day warmer and by night colder.
    """

    def __init__(
        self,
        bins: Sequence[BinSite],
        seed: int,
        start_s: float,
        *,
        weekday: int = 0,
        start_hour_local: float = 0.0,
        script: Bins = USUAL,
        links: LinkScript | None = None,
        step_s: float = 1800.0,
        mean_air_c: float = 10.0,
    ) -> None:
        n = len(bins)
        self.bins, self.now_s, self.step_s = tuple(bins), start_s, step_s
        self.model = BinModel(bins, seed, script, step_s)
        self.sensors = BinSensors(bins, seed, script)
        self._links = BinLinks(n, seed, links or LinkScript())
        self._row = {b.bin_id: i for i, b in enumerate(bins)}
        self._seed, self._weekday = seed, weekday
        self._midnight_s = start_s - 3600.0 * start_hour_local
        self._mean_air_c = mean_air_c
        self._tick = 0
        self._lifted: Floats = np.zeros((2, n))
        self._emptied: Floats = np.zeros(n)
        self._overflow_s: Floats = np.zeros(n)
        self._spilt_l: Floats = np.zeros(n)

    def local(self, time_s: float) -> LocalTime:
        """Return the local time at a time [s since 1970]."""
        day = math.floor((time_s - self._midnight_s) / DAY_S)
        hour = (time_s - self._midnight_s - day * DAY_S) / 3600.0
        return LocalTime(hour, (self._weekday + day) % 7, day)

    def air_c(self, time_s: float) -> float:
        """Return the temperature in the bins [°C]: a day's own mean, 4 K warmer in the afternoon, 4 K colder before dawn."""
        local = self.local(time_s)
        today = 3.0 * float(generator(self._seed, 32, local.day).standard_normal())
        return self._mean_air_c + today + 4.0 * math.cos(2.0 * math.pi * (local.hour - 15.0) / 24.0)

    def step(self, emptyings: Iterable[Emptying] = ()) -> BinReadings:
        """Live one step and return its readings; what is emptied in it is emptied before its deposits.

        Raises:
            KeyError: no such bin.
            ValueError: an emptying outside the step, from now (not included) to its end.
        """
        until_s = self.now_s + self.step_s
        for one in sorted(emptyings, key=lambda e: (e.at_s, e.bin_id)):
            if not self.now_s < one.at_s <= until_s:
                raise ValueError(
                    f"{one.bin_id} is emptied at {one.at_s}; the step is {self.now_s} to {until_s}"
                )
            self._empty(self._row[one.bin_id], one.at_s)
        before_l = self.model.beside_l.copy()
        self.model.step(self._tick, self.local(self.now_s), self.step_s)
        self._spilt_l += self.model.beside_l - before_l
        self._overflow_s += np.where(self.model.fill >= 1.0, self.step_s, 0.0)
        self.now_s = until_s
        readings = self._read()
        self._tick += 1
        return readings

    def _empty(self, row: int, at_s: float) -> None:
        lift: Lift = self.model.empty(row, at_s)
        self._lifted[:, row] += (lift.litres, lift.kg)
        self._emptied[row] += 1.0

    def _read(self) -> BinReadings:
        at_s, model = self.now_s, self.model
        told = self.sensors.read(
            slice(0, len(self.bins)), round(1000.0 * at_s), model, model.distance_mm(), self.air_c(at_s)
        )
        distance, heard, twice = self._links.pass_on(self._tick, at_s, self.step_s, told["distance_mm"])
        return BinReadings(at_s, heard, twice, **{**told, "distance_mm": distance})

    def totals(self) -> BinTotals:
        """Return what came of it so far."""
        model = self.model
        return BinTotals(
            put_l=model.put_l.copy(),
            held_l=model.held_l.copy(),
            beside_l=model.beside_l.copy(),
            lifted_l=self._lifted[0].copy(),
            lifted_kg=self._lifted[1].copy(),
            emptied=self._emptied.copy(),
            overflow_s=self._overflow_s.copy(),
            spilt_l=self._spilt_l.copy(),
        )
