"""The town's bin lorries and their crews: rounds driven, bins emptied, loads tipped, and what crews say.

A round comes from outside as calls (a plan: :meth:`Collection.follow`; a list of bins: :meth:`Collection.send`), or
from the scenario's own hours. Bins are emptied when the lorry is there. What the crew finds is said with the codes of
the platform's collection acts, for whoever passes it on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import Registry
from firmware_sim.world.bins import BinModel
from firmware_sim.world.collection_lorry import Call, Lorry, Visit
from firmware_sim.world.collection_rounds import calls_of, nearest_next, share_out
from firmware_sim.world.collection_streets import CollectionSites, Place, Travel, collection_sites
from firmware_sim.world.faults import Active
from firmware_sim.world.gritters import Streets
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Round

PARKED_EVERY_S, RUNS_ON_S = 3600.0, 600.0
"""A parked lorry says where it is once an hour; its tracker goes on for ten minutes after a round."""
COLLECTED, BLOCKED, CONTAMINATED, NOT_OUT = 1, 2, 3, 4
FOUND: Mapping[str, int] = {"blocked": BLOCKED, "contaminated": CONTAMINATED, "not_out": NOT_OUT}
"""What a crew says of a bin with a fault; it leaves such a bin as it is."""


@dataclass(frozen=True, slots=True)
class CrewAct:
    """What a lorry's crew says of a bin at a time [s since 1970].

    ``code``: 1 collected, 2 blocked, 3 contaminated, 4 not out or missing.
    """

    time_s: float
    lorry: str
    bin_id: str
    code: int


@dataclass(frozen=True, slots=True)
class LorryState:
    """Where a lorry is and what it carries; ``lifts`` since it last left its yard."""

    longitude_deg: float
    latitude_deg: float
    speed_m_s: float
    load_kg: float
    lifts: int


class _Places(dict[str, Place]):
    """Where bins are, found when first asked for."""

    def __init__(self, registry: Registry, travel: Travel) -> None:
        super().__init__()
        self._sites, self._travel = {b.bin_id: b for b in registry.bins}, travel

    def __missing__(self, bin_id: str) -> Place:
        self[bin_id] = place = self._travel.at_bin(self._sites[bin_id])
        return place


class Collection:
    """All bin lorries of a town; without any, the scenario's rounds are done in an instant.

    Args:
        faults: by device; those of bins that a crew finds.
        rounds: the scenario's own, their hours counted from ``start_s`` [s since 1970].
    """

    def __init__(
        self,
        registry: Registry,
        streets: Streets,
        bins: BinModel,
        seed: int,
        start_s: float,
        rounds: Sequence[Round],
        faults: Mapping[str, Sequence[Active]],
    ) -> None:
        names = [d.name for d in registry.devices if d.kind == "lorry"]
        self._bins, self._faults, self._start_s = bins, faults, start_s
        self._registry, self._row = registry, {b.bin_id: i for i, b in enumerate(registry.bins)}
        self._rounds = sorted(rounds, key=lambda r: r.hour)
        self._travel = Travel(streets)
        self._places = _Places(registry, self._travel)
        self._cadence_s = {d.name: d.cadence_s for d in registry.devices if d.kind == "lorry"}
        self.lorries: dict[str, Lorry] = {}
        self._yard: dict[str, int] = {}
        self._load_kg = dict.fromkeys(names, 0.0)
        self._lifts = dict.fromkeys(names, 0)
        self.tipped_kg = 0.0
        self.acts: list[CrewAct] = []
        if names:
            self.sites: CollectionSites = collection_sites(registry.nodes, registry.depots)
            for n, name in enumerate(names):
                self._yard[name] = self.sites.yards[n % len(self.sites.yards)]
                yard = self._travel.at_node(self._yard[name])
                self.lorries[name] = Lorry(name, self._travel, yard, self._places, seed)

    # ---- orders

    def follow(self, lorry: str, calls: Sequence[Call], from_s: float) -> None:
        """Have a lorry make these calls from a time on [s since 1970]; see :meth:`Lorry.follow`."""
        self.lorries[lorry].follow(calls, from_s)

    def free(self, time_s: float) -> list[str]:
        """Return the lorries that have nothing to do at a time [s since 1970]."""
        ends = {name: lorry.free_at_s() for name, lorry in self.lorries.items()}
        return [name for name, end_s in ends.items() if end_s is None or end_s <= time_s]

    def send(self, bin_ids: Sequence[str], from_s: float) -> list[str]:
        """Have the lorries that are free share out these bins and collect them; return which do.

        Raises:
            KeyError: no such bin.
            ValueError: no lorry is free.
        """
        free = self.free(from_s)
        if not free:
            raise ValueError("no bin lorry is free; send one when one is back")
        sites = [self._registry.bins[self._row[b]] for b in bin_ids]
        points = [(s.longitude_deg, s.latitude_deg) for s in sites]
        sent: list[str] = []
        for name, mine in zip(free, share_out(points, len(free)), strict=True):
            if mine:
                start = self.lorries[name].at(from_s)[:2]
                order = nearest_next([points[i] for i in mine], start)
                calls = calls_of(
                    [bin_ids[mine[i]] for i in order], self._in_bin_kg, self.sites.tip, self._yard[name],
                    self._load_kg[name],
                )  # fmt: skip
                self.follow(name, calls, from_s)
                sent.append(name)
        return sent

    def _in_bin_kg(self, bin_id: str) -> float:
        row = self._row[bin_id]
        return float((self._bins.held_l[row] + self._bins.beside_l[row]) * self._bins.kg_per_l[row])

    # ---- time

    def step(self, now_s: float) -> None:
        """Do what is due by a time [s since 1970]."""
        due: list[tuple[float, str, Visit]] = []
        for name, lorry in self.lorries.items():
            due += [(v.done_s, name, v) for v in lorry.take_due(now_s)]
        for _, name, visit in sorted(due, key=lambda d: d[:2]):
            self._do(name, visit)
        while self._rounds and self._start_s + 3600.0 * self._rounds[0].hour <= now_s:
            if self.lorries and not self.free(now_s):
                break  # it begins when one is back
            self._begin(self._rounds.pop(0), now_s)

    def _begin(self, crew: Round, now_s: float) -> None:
        fill = self._seeming_pct(now_s)
        fullest = np.argsort(-fill, kind="stable")[: crew.at_most]
        rows = fullest[fill[fullest] >= crew.fill_above_pct].tolist()
        if self.lorries:
            self.send([self._registry.bins[row].bin_id for row in rows], now_s)
            return
        for row in rows:
            self._bins.empty(row, now_s)

    def _seeming_pct(self, now_s: float) -> Floats:
        """Return how full bins seem to be who reads their sensors [%]: full, where a box is jammed under one."""
        jammed = [
            any(a.fault.fault == "blocked" and a.holds(now_s) for a in self._faults.get(b.device, ()))
            for b in self._registry.bins
        ]
        return np.where(jammed, 100.0, 100.0 * self._bins.fill)

    def _do(self, name: str, visit: Visit) -> None:
        call = visit.call
        if call.what == "bin":
            self._serve(name, call.bin_id, visit.done_s)
        elif call.what == "tip":
            self.tipped_kg += self._load_kg[name]
            self._load_kg[name] = 0.0
        elif call.what == "yard":
            self._lifts[name] = 0

    def _serve(self, name: str, bin_id: str, time_s: float) -> None:
        row = self._row[bin_id]
        here = self._faults.get(self._registry.bins[row].device, ())
        found = [FOUND[a.fault.fault] for a in here if a.fault.fault in FOUND and a.holds(time_s)]
        if not found:
            self._load_kg[name] += self._bins.empty(row, time_s).kg
            self._lifts[name] += 1
        self.acts.append(CrewAct(time_s, name, bin_id, found[0] if found else COLLECTED))

    # ---- what is asked

    def is_on(self, device: str, time_s: float) -> bool:
        """Whether a device measures at a time [s since 1970]: of lorries those on a round, or parked and on the hour."""
        lorry = self.lorries.get(device)
        if lorry is None or time_s % PARKED_EVERY_S < self._cadence_s[device]:
            return True
        back_s = lorry.free_at_s()
        return back_s is not None and time_s < back_s + RUNS_ON_S

    def state(self, lorry: str, time_s: float) -> LorryState:
        """Return where a lorry is at a time [s since 1970], and what it carried at the last step."""
        longitude, latitude, speed = self.lorries[lorry].at(time_s)
        return LorryState(longitude, latitude, speed, self._load_kg[lorry], self._lifts[lorry])
