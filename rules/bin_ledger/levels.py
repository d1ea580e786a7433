"""From a bin's readings to the fills that the ledger is made from: the one place that knows how the rules filter.

An echo that can't be true is no reading, never 0 %; a bin on its side says nothing; then the median of the last three, which
begins anew at every emptying. One fill each half hour is kept: what an auditor is given must be of a size to be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rules.core.bin_ledger.values import Emptied, Trace
from rules.core.bin_level.geometry import Shape, measured_pct
from rules.core.bin_level.hampel import median
from rules.core.parameters import BinParameters

WINDOW = 3
"""Readings of which the median is taken."""
THIN_S = 1800.0
"""One fill is kept of so long [s]: the last."""

Row = tuple[float, float | None, float | None, float | None, float | None]
"""Time [s since 1970], distance [mm], fill [%], temperature [°C], tilt [degrees]; None = not told."""


def trace_of(
    bin_id: str, shape: Shape, rows: Iterable[Row], emptyings: Sequence[Emptied], p: BinParameters
) -> Trace | None:
    """Return a bin's filtered fills; None where fewer than two readings can be true.

    Args:
        bin_id: of the bin.
        shape: how its sensor sees it.
        rows: its readings, by time.
        emptyings: its own.
        p: how the rules filter.
    """
    told = [
        (at_s, fill)
        for at_s, distance, fill_pct, temperature, tilt in rows
        if (tilt is None or tilt <= p.filter.tilt_deg)
        and (fill := measured_pct(distance, fill_pct, temperature, shape, p.filter.reference_c)) is not None
    ]
    filtered = _filtered(told, sorted(e.t_s for e in emptyings), p.emptying.sparse_s * WINDOW)
    kept = {(cycle, at_s // THIN_S): (at_s, fill) for cycle, at_s, fill in filtered}
    if len(kept) < 2:
        return None
    values = np.array(list(kept.values()))
    fills = np.round(values[:, 1], 1)
    return Trace(bin_id=bin_id, t_s=values[:, 0], fill_pct=fills, sd_pct=round(shape.noise_pct, 2))


def _filtered(
    told: Sequence[tuple[float, float]], emptied_s: Sequence[float], within_s: float
) -> list[tuple[int, float, float]]:
    """Return cycle, time and median of the last three readings of that cycle; a time that comes twice counts once."""
    found, recent, cycle = list[tuple[int, float, float]](), list[tuple[float, float]](), 0
    for at_s, fill in told:
        if found and at_s <= found[-1][1]:
            continue
        while cycle < len(emptied_s) and at_s >= emptied_s[cycle]:
            cycle, recent = cycle + 1, []
        recent = [r for r in (*recent, (at_s, fill))[-WINDOW:] if at_s - r[0] <= within_s]
        found.append((cycle, at_s, median(f for _, f in recent)))
    return found
