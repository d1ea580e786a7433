"""Acts of the duty officer, taken in commit order like readings: what gritters drive is what was ordered.

An act counts from the full minute after event time on. So which of two things in one minute came
first, it or a gritter's report, decides nothing, and the cut of batches neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rules.core.context import Context
from rules.core.memory import NO_ORDERS, Order, OrderAct, OrderMemory, RouteMemory
from rules.core.readings import Readings, known
from rules.core.winter_orders.driven import ACTS_KEPT, driven
from rules.core.winter_orders.rows import FIELDS, ROUTE, SEGMENT
from rules.core.work import Work

MINUTE_S = 60.0


def observe(work: Work, ctx: Context, rows: Readings, at_s: float) -> None:
    """Remember the acts in some rows; ``at_s``: event time when they count [s since 1970].

    An act on a route that is no longer installed is for nobody to drive.
    """
    from_s = float(np.floor(at_s / MINUTE_S) * MINUTE_S) + MINUTE_S
    for route, act in _acts(rows, from_s):
        if route in ctx.routes:
            before: OrderMemory = work.read("order").get(route, NO_ORDERS)
            work.write("order")[route] = OrderMemory((*before.acts, act)[-ACTS_KEPT:])


def driven_at(work: Work, route: str, memory: RouteMemory | None, at_s: float) -> Sequence[Order]:
    """Return the orders on a route that gritters may be driving at a time."""
    proposals = () if memory is None else memory.orders
    orders: OrderMemory = work.read("order").get(route, NO_ORDERS)
    return driven(proposals, orders.acts, at_s) if orders.acts else proposals


def _acts(rows: Readings, from_s: float) -> Iterator[tuple[str, OrderAct]]:
    numbers = rows.column("act")
    for number in np.unique(numbers).tolist():
        mine = np.flatnonzero(numbers == number)
        names = [rows.device[i] for i in mine.tolist()]
        route = next((n.removeprefix(ROUTE) for n in names if n.startswith(ROUTE)), None)
        if route is not None:
            segments = tuple(n.removeprefix(SEGMENT) for n in names if n.startswith(SEGMENT))
            yield route, _act([float(rows.column(f)[mine[0]]) for f in FIELDS], segments, from_s)


def _act(figures: Sequence[float], segments: tuple[str, ...], from_s: float) -> OrderAct:
    number, thread, answers_s, g_m2, passes, by_s, start_s = figures
    return OrderAct(
        int(number), int(thread), from_s, known(answers_s), g_m2, int(passes), segments, known(by_s), known(start_s)
    )  # fmt: skip
