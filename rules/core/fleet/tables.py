"""What the planner's loops work on: tables that stay, and the routes of a night that change.

Stops are numbered: job j's ways are 2j and 2j + 1; then, per lorry, where it starts, which as
the last stop of a route is where it ends. Times are in tenths of a second, salt in tenths of a
kilogram. A row of ``seq`` is a lorry's route: its start, the ways of its jobs, its end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.carp.compiled import Ints, flat

FAR = 1 << 28
"""Time of a step that is not possible."""


class Tables(NamedTuple):
    """The night, flat.

    Attributes:
        jobs, size, lorries, width: numbers of jobs, of stops, of lorries; places in a row of ``seq``.
        reach: entries per job in ``near``.
        late_cost, late_job: of a tenth of a second late, and of a job late at all.
        step, loading: size² times from stop to stop with what is done there, direct and by the best barn.
        into: ``step`` the other way round.
        serve, salt, due, soon: per job; ``soon`` is the earliest end of a job that may not begin before its time.
        moved: per job and lorry what it costs that this lorry does it.
        near: per job the others, nearest first.
        begin, until, holds, board: per lorry times, salt that it holds, and salt at the start.
        key: three rows of what removed jobs may be sorted by: due first, far first, salt first.
    """

    jobs: int
    size: int
    lorries: int
    width: int
    reach: int
    late_cost: int
    late_job: int
    step: Ints
    loading: Ints
    into: Ints
    serve: Ints
    salt: Ints
    due: Ints
    soon: Ints
    moved: Ints
    near: Ints
    begin: Ints
    until: Ints
    holds: Ints
    board: Ints
    key: Ints


class State(NamedTuple):
    """Routes and scratch paper.

    Attributes:
        seq: per lorry, and one row more for trials, the route.
        length, cost: per lorry.
        lorry_of, place_of: per job; lorry -1 = removed.
        touched, removed: lists whose lengths are in ``num``.
        at, slack, room, loads, waits: per place of the lorries' rows, see ``routes.price``.
        ready, parent: of the program over places to load, see ``clock``.
        best_seq, best_length: the best routes met.
        num: see the constants N_*.
    """

    seq: Ints
    length: Ints
    cost: Ints
    lorry_of: Ints
    place_of: Ints
    kept_seq: Ints
    kept_length: Ints
    kept_at: Ints
    touched: Ints
    removed: Ints
    at: Ints
    slack: Ints
    room: Ints
    loads: Ints
    waits: Ints
    ready: Ints
    parent: Ints
    best_seq: Ints
    best_length: Ints
    num: Ints
    random: Ints


N_COST, N_BEST, N_TOUCHED, N_REMOVED, N_STAMP = range(5)
"""Places in ``num``: cost now and of the best, lengths of lists, stamp of the iteration."""


def state_of(tables: Tables, seed: list[int]) -> State:
    """Return a state whose lorries stay at home and whose jobs are all still to be placed."""
    jobs, lorries, width = tables.jobs, tables.lorries, tables.width

    def filled(n: int, value: int = 0) -> Ints:
        return flat(np.full(n, value, dtype=np.int64))

    state = State(
        seq=filled((lorries + 1) * width),
        length=filled(lorries),
        cost=filled(lorries),
        lorry_of=filled(jobs, -1),
        place_of=filled(jobs),
        kept_seq=filled(lorries * width),
        kept_length=filled(lorries),
        kept_at=filled(lorries, -1),
        touched=filled(lorries),
        removed=filled(max(jobs, 1)),
        at=filled(lorries * width),
        slack=filled(lorries * width),
        room=filled(lorries * width),
        loads=filled(lorries * width),
        waits=filled(lorries * width),
        ready=filled(width + 1),
        parent=filled(width + 1),
        best_seq=filled(lorries * width),
        best_length=filled(lorries),
        num=filled(5),
        random=flat(np.array(seed, dtype=np.int64)),
    )
    for lorry in range(lorries):
        home, row = 2 * jobs + lorry, lorry * width
        state.seq[row] = state.seq[row + 1] = home
    return state
