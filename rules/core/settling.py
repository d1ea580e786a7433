"""Which readings are settled, and in which order they count: the watermark with allowed lateness.

A reading waits until event time is ``lateness_s`` past its own: then everything older that
was not more than that late on its way is here, and the rules see it all in order of time.
So within the lateness the order of arrival decides nothing. Readings wait in cells of a
twelfth of the lateness, and a cell is settled as a whole.

A reading is *late* when one measured after it is settled already. Late readings do not move
time and re-open nothing; each counts where it arrived, behind all that was settled by then,
and the rules take of it what still fits: a device's newest value, a gritter's fix.

The order depends on the readings in their order of receipt alone, not on how they are cut
into batches: each has one place in it, known when the readings before it are known.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rules.core.patience import Patience, Waiting, put
from rules.core.psychrometrics import Floats
from rules.core.readings import ReadingBatch, Readings
from rules.core.stitch import stitch

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of some readings.

    Attributes:
        readings: settled now, by kind; ``position`` is their place in the order they count in.
        marks_s: by position, event time once the reading counts [s since 1970]; never falls.
        late: by position, whether it was late.
        waiting: all that wait now.
        put_off: those of the new readings that wait now, by kind.
        seen_s: latest time of a reading [s since 1970], None before the first reading.
        clock_at: event time before a place in the new readings' receive order [s since 1970].
    """

    readings: ReadingBatch
    marks_s: Floats
    late: Bools
    waiting: Waiting
    put_off: ReadingBatch
    seen_s: float | None
    clock_at: Callable[[int], float]


def settle(
    waiting: Waiting,
    arrived: ReadingBatch,
    *,
    seen_s: float | None,
    settled_s: float | None,
    now_s: float,
    lateness_s: float,
    everything: bool = False,
) -> Settled:
    """Return what ``arrived`` settles.

    Args:
        waiting: readings from before, none of them older than ``settled_s``.
        arrived: new readings, by kind, in receive order.
        seen_s: latest time seen before [s since 1970].
        settled_s: time of the latest settled reading before [s since 1970].
        now_s: time is there after the readings [s since 1970]; one ahead of it does not move time past it.
        lateness_s: how long a reading waits for those before it [s].
        everything: nothing more is expected; what waits up to the latest time seen is settled.
    """
    patience = Patience(lateness_s)
    new_ts_s = _in_receive_order(arrived).ts_s
    new_seen_s = _seen(new_ts_s, seen_s, now_s)
    seen_at_end_s = float(new_seen_s[-1]) if len(new_seen_s) else seen_s
    reached_s = -np.inf if seen_at_end_s is None else max(seen_at_end_s, now_s)
    limit = float(patience.last_settled(np.array(reached_s)))
    due = [c for c in sorted(waiting.cells) if everything or c <= limit]
    pool = _Pool([part for c in due for part in waiting.cells[c]], arrived)
    before_s = np.concatenate([[-np.inf if seen_s is None else seen_s], new_seen_s[:-1]])[: len(new_seen_s)]
    counts_s, late = _places(pool, patience, patience.last_settled(before_s), settled_s)
    taken = late | ((pool.ts_s <= reached_s) if everything else (patience.cell(pool.ts_s) <= limit))
    if settled_s is not None:
        # What waits is newer than all that has counted: by that a restart knows it again.
        taken |= pool.ts_s <= settled_s
    chosen = np.flatnonzero(taken)
    chosen = chosen[np.argsort(counts_s[chosen], kind="stable")]
    put_off = pool.pick(np.flatnonzero(~taken))
    kept = Waiting({c: parts for c, parts in waiting.cells.items() if c not in due}) if due else waiting
    return Settled(
        pool.pick(chosen),
        _marks(pool.ts_s[chosen], late[chosen], settled_s),
        late[chosen],
        put(kept, put_off, patience) if put_off else kept,
        put_off,
        seen_at_end_s,
        partial(_clock_at, pool, patience, before_s, seen_at_end_s, settled_s),
    )


def _clock_at(
    pool: _Pool,
    patience: Patience,
    before_s: Floats,
    at_end_s: float | None,
    settled_s: float | None,
    position: int,
) -> float:
    """Return the time of the latest reading that counted when the reading at a position came; -inf: none."""
    came = int(np.searchsorted(pool.new_position, position))
    seen_s = float(before_s[came]) if came < len(before_s) else at_end_s
    start_s = -np.inf if settled_s is None else settled_s
    if seen_s is None:
        return start_s
    ts_s = pool.ts_s[: pool.first_new + came]
    return float(ts_s[patience.cell(ts_s) <= patience.last_settled(np.array(seen_s))].max(initial=start_s))


@dataclass(frozen=True, slots=True)
class _Order:
    """Readings of several kinds in receive order: number of the kind, row in it, time."""

    kinds: Ints
    rows: Ints
    ts_s: Floats


def _in_receive_order(batch: ReadingBatch) -> _Order:
    if not batch:
        return _Order(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    position = np.concatenate([r.position for r in batch.values()])
    kinds = np.concatenate([np.full(len(r), k) for k, r in enumerate(batch.values())])
    rows = np.concatenate([np.arange(len(r)) for r in batch.values()])
    ts_s = np.concatenate([r.ts_s for r in batch.values()])
    order = np.argsort(position, kind="stable")
    return _Order(kinds[order], rows[order], ts_s[order])


class _Pool:
    """Readings that waited, and new ones behind them, to choose from."""

    def __init__(self, waited: list[ReadingBatch], arrived: ReadingBatch) -> None:
        self._batch = stitch([*waited, arrived]) if waited else arrived
        self._order = _in_receive_order(self._batch)
        self.ts_s = self._order.ts_s
        self.first_new = len(self.ts_s) - sum(len(r) for r in arrived.values())
        self.new_position = np.sort(
            np.concatenate([r.position for r in arrived.values()]) if arrived else np.empty(0, np.int64)
        )

    def pick(self, chosen: Ints) -> ReadingBatch:
        """Return the chosen readings by kind, numbered in the order chosen."""
        return dict(self._picked(chosen))

    def _picked(self, chosen: Ints) -> Iterator[tuple[str, Readings]]:
        for number, (kind, readings) in enumerate(self._batch.items()):
            places = np.flatnonzero(self._order.kinds[chosen] == number)
            if len(places):
                yield kind, readings.pick(self._order.rows[chosen[places]], places)


def _seen(ts_s: Floats, seen_s: float | None, now_s: float) -> Floats:
    """Return the latest time seen after each new reading."""
    allowed = np.minimum(ts_s, now_s)
    if seen_s is not None:
        allowed = np.maximum(allowed, seen_s)
    return np.maximum.accumulate(allowed)


def _marks(ts_s: Floats, late: Bools, settled_s: float | None) -> Floats:
    """Return event time after each reading: that of the latest one in time."""
    start_s = -np.inf if settled_s is None else settled_s
    return np.maximum(np.maximum.accumulate(np.where(late, -np.inf, ts_s)), start_s)


def _places(pool: _Pool, patience: Patience, limits: Floats, settled_s: float | None) -> tuple[Floats, Bools]:
    """Return the time as of which each reading counts, and whether it is late.

    A late one counts as of the latest settled reading when it arrived, any other as of its
    own time. ``limits``: the last cell settled before each new reading.
    """
    ts_s, first_new = pool.ts_s, pool.first_new
    late = np.zeros(len(ts_s), dtype=bool)
    cells = patience.cell(ts_s)
    behind = cells[first_new:] <= limits
    if settled_s is not None:
        behind |= ts_s[first_new:] < settled_s
    if not behind.any():
        return ts_s, late  # all are newer than anything that may be settled: the usual case
    counts_s, clock_s = ts_s.copy(), -np.inf if settled_s is None else settled_s
    waiting = list(zip(cells[:first_new].tolist(), ts_s[:first_new].tolist(), strict=True))
    heapq.heapify(waiting)
    arrivals = zip(ts_s[first_new:].tolist(), cells[first_new:].tolist(), limits.tolist(), strict=True)
    for i, (at_s, cell, limit) in enumerate(arrivals, first_new):
        while waiting and waiting[0][0] <= limit:
            clock_s = max(clock_s, heapq.heappop(waiting)[1])
        if at_s < clock_s:
            counts_s[i], late[i] = clock_s, True
        else:
            heapq.heappush(waiting, (cell, at_s))
    return counts_s, late
