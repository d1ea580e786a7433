"""A simulated town's bins as the street of a trial: readings for the rules, the truth for the referee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from devices.registry import BinSite
from firmware_sim.world.bin_town import BinReadings, BinTown, Emptying
from rules.core.bin_trial.ports import Call, Truth
from rules.core.psychrometrics import Floats
from rules.core.readings import Readings

FIELDS = ("distance_mm", "temperature_c", "tilt_deg", "battery_pct")
SHOWN = 0.95
"""Of the usable height: from there on the ledger and the rules call a bin overflowing."""
WASTED = 0.5


class SimulatedStreet:
    """:class:`rules.core.bin_trial.ports.Street` on a :class:`BinTown`.

    Args:
        town: with what it needs to go on.
    """

    def __init__(self, town: BinTown) -> None:
        self.town = town
        self.sites: Sequence[BinSite] = town.bins
        n = len(town.bins)
        self._row = {b.bin_id: k for k, b in enumerate(town.bins)}
        self._shown_s: Floats = np.zeros(n)
        self._fill: Floats = np.zeros(n)
        self._wasted: Floats = np.zeros(n)
        empty = np.array([b.empty_distance_mm for b in town.bins])
        full = np.array([b.full_distance_mm for b in town.bins])
        self._shown_mm = empty - SHOWN * (empty - full)

    def live(self, until_s: float, calls: Sequence[Call] = ()) -> Readings:
        """Go on until a time, by whole steps; see the port."""
        return rows_of(self.sites, self.steps(until_s, calls))

    def steps(self, until_s: float, calls: Sequence[Call] = ()) -> list[BinReadings]:
        """Go on until a time, and return what arrived at the end of each step."""
        late = [c for c in calls if not self.town.now_s < c.at_s <= until_s]
        if late:
            raise ValueError(f"{late[0].bin_id} is emptied at {late[0].at_s}, not until {until_s}")
        left, found = sorted(calls, key=lambda c: c.at_s), list[BinReadings]()
        while self.town.now_s < until_s:
            ends_s = self.town.now_s + self.town.step_s
            now = [c for c in left if c.at_s <= ends_s]
            left = left[len(now) :]
            found.append(self._step(now))
        return found

    def _step(self, calls: Sequence[Call]) -> BinReadings:
        for bin_id in {c.bin_id for c in calls}:
            fill = float(self.town.model.fill[self._row[bin_id]])
            self._fill[self._row[bin_id]] += fill
            self._wasted[self._row[bin_id]] += fill < WASTED
        readings = self.town.step([Emptying(*c) for c in calls])
        # Whatever stands before the sensor now and then: what the heap itself would show.
        self._shown_s += np.where(self.town.model.distance_mm() <= self._shown_mm, self.town.step_s, 0.0)
        return readings

    def truth(self) -> Truth:
        """Return what came of it so far."""
        t = self.town.totals()
        return Truth(
            put_l=t.put_l, held_l=t.held_l, beside_l=t.beside_l, lifted_l=t.lifted_l, spilt_l=t.spilt_l,
            overflow_s=t.overflow_s, shown_s=self._shown_s.copy(), emptied=t.emptied, fill=self._fill.copy(),
            wasted=self._wasted.copy(),
        )  # fmt: skip


def rows_of(sites: Sequence[BinSite], told: Sequence[BinReadings]) -> Readings:
    """Return what arrived as the rules take it, in order of time; what came twice counts once, as the ingester sees to it."""
    heard = [np.flatnonzero(r.heard) for r in told]
    ts = np.concatenate(
        [np.full(len(i), r.time_s) for r, i in zip(told, heard, strict=True)] or [np.zeros(0)]
    )

    def column(name: str) -> Any:
        parts = [getattr(r, name)[i] for r, i in zip(told, heard, strict=True)]
        return np.concatenate(parts or [np.zeros(0)])

    return Readings(
        position=np.arange(len(ts), dtype=np.int64), ts_s=ts,
        device=[sites[k].device for i in heard for k in i.tolist()], quality=np.zeros(len(ts), dtype=np.int64),
        fields={name: column(name) for name in FIELDS},
    )  # fmt: skip
