"""The chance that a bin reaches a level: a gamma-distributed amount on top of what is in it, which is known to a cell.

The amount added has the mean m and the variance v: a gamma distribution of shape m²/v and scale v/m. A reading that is
rounded down says that the fill is anywhere within its cell; the chance is its mean over the cell.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc

from rules.core.psychrometrics import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
PLACES, SHARES = (NODES + 1.0) / 2.0, WEIGHTS / 2.0
"""Where in a cell the chance is looked at, and what each place counts: Gauss and Legendre's."""


def p_reaches(
    fill_pct: Floats, cell_pct: float, level_pct: float, mean_pct: Floats, variance_pct2: Floats
) -> Floats:
    """Return the chance that each bin is at ``level_pct`` or above after an amount was added, 0..1.

    Args:
        fill_pct: as read, the lower end of its cell [% of fill].
        cell_pct: the step of the reading; 0 = it is exact.
        level_pct: that is to be reached.
        mean_pct: of what is added, above 0.
        variance_pct2: of what is added, above 0.
    """
    shape, scale = mean_pct**2 / variance_pct2, variance_pct2 / mean_pct
    within = fill_pct[:, None] + cell_pct * PLACES[None, :]
    missing = np.maximum(level_pct - within, 0.0)
    found: Floats = gammaincc(shape[:, None], missing / scale[:, None]) @ SHARES
    return np.clip(found, 0.0, 1.0)
