"""The chance that a bin is overfull when it is emptied, from emptyings alone: what the pace makes of the hours, put right.

The tail of a normal distribution about pace × hours says too much of itself and is worse than how often it was so; a
regression on the pace's fill and on the bin's own past, fitted anew each week by what has come, is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from rules.core.bin_forecast.calibration import fitted, log_odds, put_right
from rules.core.bin_forecast.emptyings import Intervals, Paces
from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class OverfullParameters:
    """What is asked and when it is fitted.

    Attributes:
        full_pct: from this fill on a bin is overfull.
        refit_h: between two fits [h].
        least: intervals before the first fit.
        earlier: intervals that a bin must have had.
    """

    full_pct: float = 100.0
    refit_h: float = 168.0
    least: int = 300
    earlier: int = 5


def overfull(seen: Intervals, known: Paces, p: OverfullParameters) -> tuple[Floats, Floats]:
    """Return the chances of each interval's end, by the normal tail and put right; NaN where nothing can be told.

    The hours are those after which it is emptied, which who sends the lorry knows; the fill found is not used.
    """
    asked = known.earlier >= p.earlier
    due = np.where(asked, known.mass_pct_h * seen.hours, np.nan)
    beside = np.column_stack(
        [np.log(due / 100.0), log_odds(known.over), known.mean_fill_pct / 100.0, np.log(seen.hours)]
    )
    tail, right = np.full(len(due), np.nan), np.full(len(due), np.nan)
    happened = seen.fill_pct >= p.full_pct
    for first in np.arange(seen.end_h.min(), seen.end_h.max() + 1e-9, p.refit_h):
        past, now = (
            asked & (seen.end_h < first),
            asked & (seen.end_h >= first) & (seen.end_h < first + p.refit_h),
        )
        if int(past.sum()) < p.least or not now.any():
            continue
        spread = float(np.sqrt(np.mean((seen.fill_pct[past] - due[past]) ** 2)))
        tail[now] = ndtr((due[now] - p.full_pct) / spread)
        right[now] = put_right(fitted(beside[past], happened[past]), beside[now])
    return tail, right
