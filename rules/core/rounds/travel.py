"""Times and lengths of the ways between all stops, on the streets and turns that the gritters use.

One table for all lorries of the same weight, height and width. A stop is a point of an arc: who leaves it
goes on along that arc, and turns at its end as the road allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.units import NEVER
from rules.core.fleet.ways import Ways, arcs_to, drive_time, passable, ways_of, yard
from rules.core.network.network import Network
from rules.core.rounds.sites import Site

Whole = NDArray[np.int64]
Tenths = NDArray[np.float64]

FAR_S = 1_000_000
"""Time [s] and length [m] in a table where no way leads: large, yet no sum of them overflows."""


STEPS = 6
"""Steps back between two looks at which ways are not at their beginning yet."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """Ways out of sites, or into them: the site, the arc (or the yard's start), time [0.1 s] and length [m] on it.

    ``at`` is how far along its arc it is [m].
    """

    site: Whole
    start: Whole
    tenths: Tenths
    metres: Tenths
    at: Tenths


@dataclass(frozen=True)
class Table:
    """Ways between sites for one kind of lorry.

    Attributes:
        drive_s, metres: (sites, sites) whole seconds, rounded up, and metres; FAR_S where no way leads.
    """

    network: Network
    sites: tuple[Site, ...]
    settings: FleetSettings

    @cached_property
    def _ways(self) -> Ways:
        starts = dict.fromkeys(self._out.start.tolist())
        return ways_of(self.network, list(starts), self.settings)

    @cached_property
    def _length(self) -> Tenths:
        return np.array([a.length_m for a in self.network.arcs])

    @cached_property
    def _passable(self) -> NDArray[np.bool_]:
        return np.array([passable(self.network, a, self.settings) for a in range(len(self.network.arcs))])

    @cached_property
    def _drive(self) -> Tenths:
        return np.array(
            [drive_time(self.network, a, self.settings) for a in range(len(self.network.arcs))], dtype=float
        )

    @cached_property
    def _out(self) -> _Ends:
        rows: list[tuple[int, int, float]] = []
        for i, site in enumerate(self.sites):
            if site.node is not None:
                rows.append((i, yard(site.node), 0.0))
            else:
                rows += [(i, a, m) for a, m in self._own(site)]
        return self._ends(rows, outwards=True)

    @cached_property
    def _in(self) -> _Ends:
        rows: list[tuple[int, int, float]] = []
        for i, site in enumerate(self.sites):
            if site.node is not None:
                into = [a for a in arcs_to(self.network, site.node) if self._passable[a]]
                rows += [(i, a, float(self._length[a])) for a in into]
            else:
                rows += [(i, a, m) for a, m in self._own(site)]
        return self._ends(rows, outwards=False)

    def _own(self, site: Site) -> list[tuple[int, float]]:
        """Return the arcs by which a site is left and reached; none where lorries like these may not drive there."""
        arcs = [(a, m) for a, m in site.on if self._passable[a]]
        return arcs if site.either else arcs[:1]

    def _ends(self, rows: Sequence[tuple[int, int, float]], *, outwards: bool) -> _Ends:
        table = np.array(rows, dtype=float).reshape(-1, 3)
        start = table[:, 1].astype(np.int64)
        on_arc = start >= 0
        length = np.where(on_arc, self._length[start], 1.0)
        rest = np.where(on_arc, length - table[:, 2], 0.0) if outwards else table[:, 2]
        share = rest / np.maximum(length, 1e-9)
        drive = np.where(on_arc, self._drive[start], 0.0)
        return _Ends(table[:, 0].astype(np.int64), start, share * drive, rest, table[:, 2])

    # ---- tables

    @cached_property
    def _both(self) -> tuple[Whole, Whole]:
        time, metres = self._by_ends
        size = len(self.sites)
        best_s = np.full((size, size), float(NEVER))
        best_m = np.full((size, size), float(FAR_S))
        for o, n in self._layers():
            sites = np.ix_(self._out.site[o], self._in.site[n])
            better = time[np.ix_(o, n)] < best_s[sites]
            # Of ways as quick as each other the shorter.
            better |= (time[np.ix_(o, n)] == best_s[sites]) & (metres[np.ix_(o, n)] < best_m[sites])
            best_s[sites] = np.where(better, time[np.ix_(o, n)], best_s[sites])
            best_m[sites] = np.where(better, metres[np.ix_(o, n)], best_m[sites])
        self._set_same_places(best_s, best_m)
        no_way = best_s >= NEVER
        drive_s = np.where(no_way, FAR_S, np.ceil(best_s / 10.0 - 1e-6)).astype(np.int64)
        return drive_s, np.where(no_way, FAR_S, np.rint(best_m)).astype(np.int64)

    def _layers(self) -> Iterator[tuple[Whole, Whole]]:
        """Yield ways out and in such that each site has at most one of either at a time."""
        for o in _layers(self._out.site):
            for n in _layers(self._in.site):
                yield o, n

    @property
    def drive_s(self) -> Whole:
        """Times [s]."""
        return self._both[0]

    @property
    def metres(self) -> Whole:
        """Lengths [m]."""
        return self._both[1]

    @cached_property
    def _by_ends(self) -> tuple[Tenths, Tenths]:
        """Return times [0.1 s] and lengths [m] from each way out to each way in."""
        out, into = self._out, self._in
        rows = np.array([self._ways.row[s] for s in out.start.tolist()], dtype=np.int64)
        through = self._ways.through[np.ix_(rows, into.start)].astype(float)
        until = np.where(through < NEVER, through - self._drive[into.start], np.inf)
        time = out.tenths[:, None] + until + into.tenths[None, :]
        metres = out.metres[:, None] + self._between_m(rows) + into.metres[None, :]
        same = (out.start[:, None] == into.start[None, :]) & (into.at[None, :] >= out.at[:, None])
        if same.any():
            o, n = np.nonzero(same)
            time[o, n] = np.maximum(into.tenths[n] + out.tenths[o] - self._drive[into.start[n]], 0.0)
            metres[o, n] = into.at[n] - out.at[o]
        whole: Tenths = np.where(np.isfinite(time), time, float(NEVER))
        return np.asarray(whole.round(6), dtype=np.float64), metres

    def _between_m(self, rows: Whole) -> Tenths:
        """Return the length of the arcs between the one left and the one reached [m]: all ways walked back at once."""
        arcs, targets = len(self.network.arcs), self._in.start
        before = self._ways.before.reshape(-1)
        total = np.zeros(len(rows) * len(targets))
        base = np.repeat(rows * arcs, len(targets))
        at = before[base + np.tile(targets, len(rows))]
        pair = np.arange(len(total))
        while len(pair):
            going = (at >= 0) & (at < arcs)
            at, base, pair = at[going], base[going], pair[going]
            for _ in range(STEPS):
                on = (at >= 0) & (at < arcs)
                step = np.where(on, at, 0)
                total[pair] += np.where(on, self._length[step], 0.0)
                at = np.where(on, before[base + step], -1)
        return total.reshape(len(rows), len(targets))

    def _set_same_places(self, best_s: Tenths, best_m: Tenths) -> None:
        np.fill_diagonal(best_s, 0.0)
        np.fill_diagonal(best_m, 0.0)
        nodes = np.array([-1 if s.node is None else s.node for s in self.sites])
        same = (nodes[:, None] == nodes[None, :]) & (nodes[:, None] >= 0)
        best_s[same] = best_m[same] = 0.0

    # ---- one way

    def arcs(self, first: int, second: int) -> tuple[int, ...]:
        """Return the arcs driven from a site to another, the ones on which it begins and ends included."""
        a, b = self.sites[first], self.sites[second]
        if first == second or (a.node is not None and a.node == b.node):
            return ()
        time, metres = self._by_ends
        pairs = [(o, n) for o in self._of(self._out, first) for n in self._of(self._in, second)]
        way = min(pairs, key=lambda p: (time[p], metres[p]), default=None)
        if way is None or time[way] >= NEVER:
            raise ValueError(f"no way leads from site {first} to site {second}")
        return self._driven(*way)

    @staticmethod
    def _of(ends: _Ends, site: int) -> list[int]:
        return np.flatnonzero(ends.site == site).tolist()

    def _driven(self, o: int, n: int) -> tuple[int, ...]:
        out, into = self._out, self._in
        start, last = int(out.start[o]), int(into.start[n])
        if start == last and into.at[n] >= out.at[o]:
            return (last,)
        between = self._ways.to_arc(start, last)
        return (*((start,) if start >= 0 else ()), *between, last)


def _layers(sites: Whole) -> list[Whole]:
    """Return positions parted so that no site is twice in a part."""
    seen: dict[int, int] = {}
    nth = []
    for site in sites.tolist():
        seen[site] = seen.get(site, -1) + 1
        nth.append(seen[site])
    numbers = np.array(nth, dtype=np.int64)
    return [np.flatnonzero(numbers == n) for n in range(int(numbers.max(initial=-1)) + 1)]
