"""Acts of crews and residents as rows of a batch, so that the engine takes them like readings, in commit order.

One row each. Its name has a prefix that no device's has. A row that withdraws has the number of the act withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.readings import Readings

KIND = "collection"
"""What the rows are called among the kinds of a batch."""
BIN = "bin:"
FIELDS = ("act", "what", "at_s")
"""Number of the act; its code (:mod:`rules.core.collection_acts.model`); when it happened [s since 1970]."""

Row = tuple[str, int, int, float, float]
"""Bin, number, code, when it happened and as of which event time it counts [s since 1970]."""


def rows_of(acts: Sequence[Row], first: int = 0) -> Readings:
    """Return acts as rows, in their order; ``first``: place of the first row in receive order."""
    n = len(acts)
    figures = np.array(
        [(counts_s, act, what, at_s) for _, act, what, at_s, counts_s in acts], dtype=np.float64
    )
    ts_s, *values = figures.reshape(n, 1 + len(FIELDS)).T
    return Readings(
        position=np.arange(first, first + n, dtype=np.int64), ts_s=ts_s, device=[BIN + a[0] for a in acts],
        quality=np.zeros(n, dtype=np.int64), fields=dict(zip(FIELDS, values, strict=True)),
    )  # fmt: skip
