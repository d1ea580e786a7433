"""From what is asked for to numbers: places on streets, ways between them, and who can empty what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from weakref import WeakKeyDictionary

from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network
from rules.core.rounds.case import UNIT, Case, Job, Tip, Truck
from rules.core.rounds.fleet import RoundFleet, RoundLorry
from rules.core.rounds.model import Candidate, Lock, LorryNow
from rules.core.rounds.plan import NotCollected
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.sites import Site, at_junctions, at_kerbs, on_the_way
from rules.core.rounds.travel import FAR_S, Table
from rules.core.street_match import Streets

Profile = tuple[float, float, float]


_KEPT: WeakKeyDictionary[RoundRequest, Case] = WeakKeyDictionary()
"""Cases of requests that are still asked: the ways between a thousand bins take seconds."""
_STREETS: WeakKeyDictionary[Network, Streets] = WeakKeyDictionary()
"""Of networks that are still planned on."""


def case_of(request: RoundRequest) -> Case:
    """Return the numbers of a request with all ways, worked out once.

    Raises:
        ValueError: it names what there is not, in words.
    """
    if request not in _KEPT:
        _KEPT[request] = _case_of(request)
    return _KEPT[request]


def _case_of(request: RoundRequest) -> Case:
    _check(request)
    ground = _Ground(request)
    skipped = {b: lock for lock in request.locks if lock.kind == "skip" for b in lock.bins}
    jobs: list[Job] = []
    left: list[NotCollected] = []
    for number, one in enumerate(request.candidates):
        if one.bin_id in skipped:
            left.append(_left(one, "skipped", f"left out today: {skipped[one.bin_id].reason}"))
            continue
        trucks, why = _who(request, ground, one, number)
        if trucks:
            jobs.append(_job(request, one, number, trucks))
        else:
            left.append(_left(one, *why))
    numbers = {job.candidate.bin_id: j for j, job in enumerate(jobs)}
    trucks_ = tuple(_truck(request, ground, n, numbers) for n in range(len(request.fleet.lorry)))
    tips = tuple(Tip(entry, ground.tip(t)) for t, entry in enumerate(request.fleet.tip))
    return Case(tuple(jobs), trucks_, tips, tuple(left), request.fleet.settings)


def _streets(network: Network) -> Streets:
    if network not in _STREETS:
        _STREETS[network] = Streets(network.graph)
    return _STREETS[network]


def profile_settings(fleet: RoundFleet, profile: Profile) -> FleetSettings:
    """Return how lorries of a weight [t], height and width [m] drive, as the gritters' ways take it."""
    s = fleet.settings
    weight_t, height_m, width_m = profile
    return FleetSettings(
        driving_share=s.driving_share,
        right_s=s.right_s,
        left_s=s.left_s,
        straight_s=s.straight_s,
        turn_round_s=s.turn_round_s,
        weight_t=weight_t,
        height_m=height_m,
        width_m=width_m,
    )


@dataclass(frozen=True)
class _Ground:
    """Sites in the order candidates, depots, tips, lorries on their way; and a table for each profile."""

    request: RoundRequest

    @cached_property
    def now(self) -> dict[str, LorryNow]:
        return {n.lorry_id: n for n in self.request.now}

    @cached_property
    def moving(self) -> list[LorryNow]:
        return [n for n in self.request.now if n.place is not None]

    def depot(self, depot_id: str) -> int:
        ids = [d.id for d in self.request.fleet.depot]
        return len(self.request.candidates) + ids.index(depot_id)

    def tip(self, number: int) -> int:
        return len(self.request.candidates) + len(self.request.fleet.depot) + number

    def start(self, lorry: RoundLorry) -> int:
        names = [n.lorry_id for n in self.moving]
        if lorry.id not in names:
            return self.depot(lorry.depot)
        return self.tip(len(self.request.fleet.tip)) + names.index(lorry.id)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        r = self.request
        streets = _streets(r.network)
        profiles = [profile_settings(r.fleet, p) for p in dict.fromkeys(v.profile for v in r.fleet.lorry)]
        bins = at_kerbs(r.network, streets, [c.place for c in r.candidates], r.fleet.settings.attach_m)
        yards = at_junctions(
            r.network, [*(d.place for d in r.fleet.depot), *(t.place for t in r.fleet.tip)], profiles
        )
        own = [on_the_way(r.network, streets, n.place) for n in self.moving if n.place is not None]
        return (*bins, *yards, *own)

    @cached_property
    def tables(self) -> Mapping[Profile, Table]:
        return {
            p: self._moved(p, self._table(profile_settings(self.request.fleet, p)))
            for p in dict.fromkeys(v.profile for v in self.request.fleet.lorry)
        }

    def _moved(self, profile: Profile, table: Table) -> Table:
        """Return the ways with lorries that stand where nothing leads on moved to the nearest junction."""
        lorries = [v for v in self.request.fleet.lorry if v.profile == profile and v.id in self.now]
        cut = {self.start(v) for v in lorries if not self._gets_home(table, v)}
        if not cut:
            return table
        junctions = at_junctions(self.request.network, [table.sites[i].place for i in cut], [table.settings])
        new = dict(zip(cut, junctions, strict=True))
        return replace(table, sites=tuple(new.get(i, site) for i, site in enumerate(table.sites)))

    def _gets_home(self, table: Table, lorry: RoundLorry) -> bool:
        own = [t for t, tip in enumerate(self.request.fleet.tip) if tip in self.request.fleet.tips_of(lorry)]
        return any(table.drive_s[self.start(lorry), self.tip(t)] < FAR_S for t in own)

    def _table(self, settings: FleetSettings) -> Table:
        """Return the ways of a profile; a bin that can't be come to from its own side is emptied from the other."""
        table = Table(self.request.network, self.sites, settings)
        cut = [
            i
            for i in range(len(self.request.candidates))
            if not self._open(table, i) and len(self.sites[i].on) > 1
        ]
        if not cut:
            return table
        first = len(self.request.candidates)
        small = Table(
            self.request.network,
            (*(replace(self.sites[i], on=self.sites[i].on[::-1]) for i in cut), *self.sites[first:]),
            settings,
        )
        turned = {i: small.sites[n] for n, i in enumerate(cut) if self._open(small, n, first - len(cut))}
        if not turned:
            return table
        sites = tuple(turned.get(i, site) for i, site in enumerate(self.sites))
        return Table(self.request.network, sites, settings)

    def _open(self, table: Table, site: int, fewer: int = 0) -> bool:
        """Whether a way leads from a depot to a site, and on to a tip; ``fewer`` bins are in the table."""
        first, last = len(self.request.candidates) - fewer, self.tip(0) - fewer
        tips = range(last, last + len(self.request.fleet.tip))
        return bool(
            (table.drive_s[first:last, site] < FAR_S).any()
            and any(table.drive_s[site, tip] < FAR_S for tip in tips)
        )

    def reaches(self, lorry: RoundLorry, site: int) -> bool:
        """Whether a lorry can come to a site, and from there to a tip of its own."""
        table, fleet = self.tables[lorry.profile], self.request.fleet
        own = [self.tip(t) for t, tip in enumerate(fleet.tip) if tip in fleet.tips_of(lorry)]
        start = self.start(lorry)
        return bool(
            (table.drive_s[start, site] < FAR_S or table.drive_s[self.depot(lorry.depot), site] < FAR_S)
            and any(table.drive_s[site, tip] < FAR_S for tip in own)
        )


def _who(
    request: RoundRequest, ground: _Ground, one: Candidate, site: int
) -> tuple[frozenset[int], tuple[str, str]]:
    """Return the trucks that can empty a bin; where there are none, why: a code and words."""
    fleet = request.fleet
    some = [n for n, lorry in enumerate(fleet.lorry) if one.stream in lorry.streams]
    some = [n for n in some if not _is_out(ground, fleet.lorry[n])]
    if not some:
        return frozenset(), ("no_lorry", f"no lorry that is in service takes {one.stream}")
    if fits := [n for n in some if _holds(fleet.lorry[n], one)]:
        some = fits
    else:
        return frozenset(), ("no_lorry", f"{one.mass_kg:.0f} kg and {one.litres:.0f} l: no lorry holds that")
    if not ground.sites[site].on:
        return frozenset(), ("stranded", f"no street within {fleet.settings.attach_m:g} m of the bin")
    some = [n for n in some if ground.reaches(fleet.lorry[n], site)]
    if not some:
        index = request.network.arcs[ground.sites[site].on[0][0]].segment
        street = request.network.segments[index].street
        if index in request.network.closed:
            return frozenset(), ("stranded", f"{street} is closed: {request.network.closed[index]}")
        return frozenset(), ("stranded", f"no lorry's streets lead to {street} and on to a tip")
    locked = {
        lock.lorry_id: lock for lock in request.locks if lock.kind != "skip" and one.bin_id in lock.bins
    }
    if locked:
        lorry_id, lock = next(reversed(locked.items()))
        if own := [n for n in some if fleet.lorry[n].id == lorry_id]:
            return frozenset(own), ("", "")
        return frozenset(), ("no_lorry", f"only {lorry_id} is to empty it, and can't: {lock.reason}")
    return frozenset(some), ("", "")


def _is_out(ground: _Ground, lorry: RoundLorry) -> bool:
    return lorry.id in ground.now and ground.now[lorry.id].out


def _holds(lorry: RoundLorry, one: Candidate) -> bool:
    return math.ceil(one.mass_kg) <= math.floor(lorry.max_kg) and math.ceil(one.litres) <= math.floor(
        lorry.max_l
    )


def _job(request: RoundRequest, one: Candidate, site: int, trucks: frozenset[int]) -> Job:
    s = request.fleet.settings
    gbp = s.must_gbp if one.must else s.rho_gbp * one.p_overflow
    return Job(one, site, math.ceil(one.mass_kg), math.ceil(one.litres), round(UNIT * gbp), trucks)


def _truck(request: RoundRequest, ground: _Ground, number: int, numbers: Mapping[str, int]) -> Truck:
    lorry = request.fleet.lorry[number]
    now = ground.now.get(lorry.id, LorryNow(lorry_id=lorry.id, at_s=lorry.start_s))
    fresh = now.place is None and now.load_kg == 0.0 and now.load_l == 0.0 and now.began_s is None
    began = lorry.start_s if fresh else now.at_s if now.began_s is None else now.began_s
    rule = request.fleet.settings.break_
    first = [b for k in request.locks if k.kind == "first" and k.lorry_id == lorry.id for b in k.bins]
    own = request.fleet.tips_of(lorry)
    return Truck(
        lorry=lorry,
        table=ground.tables[lorry.profile],
        start=ground.start(lorry),
        home=ground.depot(lorry.home),
        begins_s=max(now.at_s, began),
        shift_ends_s=began + lorry.shift_s,
        latest_s=began + lorry.shift_s + lorry.overtime_s,
        board_kg=math.ceil(now.load_kg),
        board_l=math.ceil(now.load_l),
        max_kg=math.floor(lorry.max_kg),
        max_l=math.floor(lorry.max_l),
        counted_s=0 if rule is None else now.driven_s if rule[0] == "driving" else now.worked_s,
        tips=tuple(t for t, tip in enumerate(request.fleet.tip) if tip in own),
        fresh=fresh,
        out=now.out,
        first=tuple(dict.fromkeys(numbers[b] for b in first if b in numbers)),
    )


def _left(one: Candidate, code: str, why: str) -> NotCollected:
    return NotCollected(bin_id=one.bin_id, must=one.must, code=code, why=why, p_overflow=one.p_overflow)


def _check(request: RoundRequest) -> None:
    _once("bin", [c.bin_id for c in request.candidates])
    _once("lorry", [n.lorry_id for n in request.now])
    known, lorries = {c.bin_id for c in request.candidates}, {v.id for v in request.fleet.lorry}
    for name in [n.lorry_id for n in request.now] + [k.lorry_id for k in request.locks if k.lorry_id]:
        if name not in lorries:
            raise ValueError(f"there is no lorry {name!r}; there are {', '.join(sorted(lorries))}")
    for lock in request.locks:
        _check_lock(lock, known)


def _check_lock(lock: Lock, known: set[str]) -> None:
    for name in lock.bins:
        if name not in known:
            raise ValueError(f"lock {lock.kind}: bin {name!r} is not among today's candidates")


def _once(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} is there twice")
        seen.add(name)
