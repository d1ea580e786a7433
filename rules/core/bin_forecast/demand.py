"""What days put into bins, in steps of the reading, as a trace to replay policies on: the demand does not depend on who collects when.

A day's demand is the rise of the reading, or what is in the bin on the day after an emptying. A small fall (settling,
rounding) and a day without a reading say nothing: such days get the demand of another day of the same bin, drawn (nothing where none is known). A bin
that was really full shows no rise whatever was brought; the stricter trace takes such days for unknown, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.next_day import Daily
from rules.core.psychrometrics import Floats

Steps = NDArray[np.int64]
EMPTIED_PCT = 60.0
UNKNOWN = -1


class Demand(NamedTuple):
    """Demand of days in steps, days - 1 × bins (row t: from day t to t + 1).

    Attributes:
        known: as the record says, ``UNKNOWN`` where it does not; what policies may learn from.
        drawn: draws × days - 1 × bins, the unknown filled; what policies are replayed on.
        full: steps that a bin holds; above, it overflows.
    """

    known: Steps
    drawn: Steps
    full: int


def demand(daily: Daily, draws: int, seed: int, split: int, full_pct: float | None = None) -> Demand:
    """Return the demand of the readings, with the unknown days drawn ``draws`` times.

    Args:
        daily: readings.
        draws: traces that are alike but for the unknown days.
        seed: of the draws.
        split: day; unknown days before it are drawn from known days before it, so that nothing later is in what is tuned on.
        full_pct: days that begin with this reading or above are unknown, too; without it they are as the record has them.
    """
    known = _known(daily.fill_pct, daily.cell_pct)
    if full_pct is not None:
        known[daily.fill_pct[:-1] >= full_pct] = UNKNOWN
    rng = np.random.default_rng(seed)
    drawn = np.repeat(known[None], draws, axis=0)
    for b in range(known.shape[1]):
        for days, of in ((slice(0, split), known[:split, b]), (slice(split, None), known[:, b])):
            told, missing = of[of != UNKNOWN], np.flatnonzero(known[days, b] == UNKNOWN) + (days.start or 0)
            if len(told):
                drawn[:, missing, b] = rng.choice(told, (draws, len(missing)))
    return Demand(known, np.maximum(drawn, 0), round(100.0 / daily.cell_pct))


def _known(fill_pct: Floats, cell_pct: float) -> Steps:
    before, after = fill_pct[:-1], fill_pct[1:]
    rise = after - before
    amount = np.where(rise >= 0.0, rise, np.where(rise <= -EMPTIED_PCT, after, np.nan))
    return np.where(np.isnan(amount), UNKNOWN, np.nan_to_num(amount) // cell_pct).astype(np.int64)
