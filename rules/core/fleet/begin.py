"""A first plan: the standing routes, and every other job where it costs least, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rules.core.carp.chance import seeded
from rules.core.fleet.night import Night, night_of
from rules.core.fleet.request import Request
from rules.core.fleet.routes import keep_best, place, price, put_in
from rules.core.fleet.search import BLINK, MOST, best_place
from rules.core.fleet.tables import N_STAMP, N_TOUCHED, State, state_of


def begun(request: Request, seed: int) -> tuple[Night, State]:
    """Return a night with the standing routes in it, and what they lack put in."""
    rng = np.random.default_rng(seed)
    usual = {name: lorry for lorry, names in request.standing.items() for name in names}
    noise = rng.random((len(request.jobs), len(request.jobs)))
    night = night_of(request.network, request.jobs, request.fleet, request.settings, usual, noise)
    state = state_of(night.tables, seeded(seed))
    for lorry in range(night.tables.lorries):
        price(night.tables, state, lorry)
    _put_standing(night, state, request.standing)
    _build(night, state)
    keep_best(night.tables, state)
    return night, state


def _put_standing(night: Night, s: State, standing: Mapping[str, Sequence[str]]) -> None:
    """Write the usual routes without what is not asked for tonight; each job in the cheaper way."""
    t = night.tables
    index = {job.name: j for j, job in enumerate(night.jobs)}
    for lorry, vehicle in enumerate(night.fleet.lorries):
        for name in standing.get(vehicle.lorry_id, ()):
            job = index.pop(name, None)
            if job is None or t.salt[job] > t.holds[lorry]:
                continue
            n, row = s.length[lorry], lorry * t.width
            before, home = s.seq[row + n], s.seq[row + n + 1]
            times = [
                t.into[(2 * job + w) * t.size + before] + t.step[(2 * job + w) * t.size + home]
                for w in (0, 1)
            ]
            s.seq[row + n + 1], s.seq[row + n + 2] = 2 * job + times.index(min(times)), home
            s.length[lorry] = n + 1
        place(t, s, lorry, 1)
        price(t, s, lorry)
        if s.cost[lorry] >= MOST:
            _empty(night, s, lorry)


def _empty(night: Night, s: State, lorry: int) -> None:
    """Take a route that can't be driven any more apart."""
    t, row = night.tables, lorry * night.tables.width
    for p in range(1, s.length[lorry] + 1):
        s.lorry_of[s.seq[row + p] >> 1] = -1
    s.seq[row + 1] = s.seq[row]
    s.length[lorry] = 0
    price(t, s, lorry)


def _build(night: Night, s: State) -> None:
    """Put in what is not on a route yet, by limit, then the farthest first."""
    t = night.tables
    missing = [job for job in range(t.jobs) if s.lorry_of[job] < 0]
    missing.sort(key=lambda job: (t.key[job], t.key[t.jobs + job], job))
    for job in missing:
        s.num[N_STAMP] += 1
        s.num[N_TOUCHED] = 0
        _, lorry, at, way = best_place(t, s, job, float(MOST), BLINK)
        if lorry < 0:  # where only one place is left, it must not be the one that is overlooked
            _, lorry, at, way = best_place(t, s, job, float(MOST), 0.0)
        if lorry >= 0:
            put_in(t, s, lorry, at, 2 * job + way)


def with_missing(night: Night, s: State) -> None:
    """Put into the best routes met what found no place in the first ones, and now may; the search moves only what is placed."""
    t = night.tables
    if all(s.lorry_of[job] >= 0 for job in range(t.jobs)):
        return
    for lorry in range(t.lorries):
        row, n = lorry * t.width, s.best_length[lorry]
        s.length[lorry] = n
        for p in range(row, row + n + 2):
            s.seq[p] = s.best_seq[p]
        place(t, s, lorry, 1)
        price(t, s, lorry)
    _build(night, s)
    keep_best(t, s)
