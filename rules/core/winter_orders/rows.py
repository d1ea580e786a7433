"""An officer's act as rows of a batch, so that the engine takes it like readings, in commit order.

The first row names the route, one more each stretch; all have the act's time and figures. Names have
a prefix that no device's has. An act that leaves nothing to be driven is its first row alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rules.core.readings import Readings
from rules.core.winter_orders.model import Act

KIND = "order"
"""What the rows are called among the kinds of a batch."""
ROUTE, SEGMENT = "route:", "segment:"
FIELDS = ("act", "thread", "answers_s", "g_m2", "passes", "by_s", "start_s")
"""Number of the act and of the first about the same order; when the proposal was made that it answers [s
since 1970], NaN for an order of an officer's own; rate of a pass [g/m²]; passes; when it must be done, and when
the lorry leaves [s since 1970]."""


def rows_of(acts: Sequence[tuple[Act, float, int, float | None]], first: int = 0) -> Readings:
    """Return acts as rows, in their order.

    Args:
        acts: each with the event time as of which it counts, the number of the first act about its
            order, and when the proposal was made that it answers.
        first: place of the first row in receive order.
    """
    names: list[str] = []
    columns: list[tuple[float, ...]] = []
    for act, counts_s, thread, answers_s in acts:
        t = act.treatment
        figures = (
            counts_s, float(act.act_id), float(thread), _nan(answers_s), 0.0 if t is None else t.g_m2,
            0.0 if t is None else float(t.passes), _nan(None if t is None else t.by_s),
            _nan(None if t is None else t.start_s),
        )  # fmt: skip
        named = [ROUTE + act.route_id, *(SEGMENT + s for s in (() if t is None else t.segments))]
        names += named
        columns += [figures] * len(named)
    return table(names, columns, first)


def table(names: Sequence[str], columns: Iterable[tuple[float, ...]], first: int = 0) -> Readings:
    """Return rows; each of ``columns``: time [s since 1970], then the fields."""
    ts_s, *values = np.array(list(columns), dtype=np.float64).reshape(-1, 1 + len(FIELDS)).T
    return Readings(
        position=np.arange(first, first + len(names), dtype=np.int64), ts_s=ts_s, device=list(names),
        quality=np.zeros(len(names), dtype=np.int64), fields=dict(zip(FIELDS, values, strict=True)),
    )  # fmt: skip


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
