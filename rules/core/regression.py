"""Straight lines through measured points, with the standard error of what they say.

Days and nights resemble their neighbours, so that n of them tell less than n independent ones: the errors here
are widened by the residuals' correlation from one to the next, ``sqrt((1 + r) / (1 - r))``, never narrowed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.psychrometrics import Floats

MOST_CORRELATION = 0.9
"""Beyond it the widening says nothing any more."""


class Slope(NamedTuple):
    """A line through 0.

    Attributes:
        slope: its slope.
        standard_error: of the slope.
        residual: standard deviation of the points from the line.
        n: points.
    """

    slope: float
    standard_error: float
    residual: float
    n: int


class Line(NamedTuple):
    """A line by least squares, around the mean of x.

    Attributes:
        slope: its slope.
        slope_error: standard error of the slope.
        mean_x: mean of x.
        mean_y: mean of y.
        spread_x: sum of squared differences of x from its mean.
        residuals: of the points, in their order.
        n: points.
    """

    slope: float
    slope_error: float
    mean_x: float
    mean_y: float
    spread_x: float
    residuals: Floats
    n: int

    def at(self, x: float) -> float:
        """Return y on the line at ``x``."""
        return self.mean_y + self.slope * (x - self.mean_x)


def through_zero(x: Floats, y: Floats) -> Slope:
    """Return the line through 0 that fits best, ``y = slope x``.

    Raises:
        ValueError: fewer than 2 points, or x is 0 in all.
    """
    n, square = x.size, float(np.sum(x * x))
    if n < 2 or square == 0.0:
        raise ValueError(f"a slope needs 2 points with x other than 0, here are {n}")
    slope = float(np.sum(x * y)) / square
    residuals = y - slope * x
    residual = float(np.sqrt(np.sum(residuals**2) / (n - 1)))
    return Slope(slope, residual / square**0.5 * widening(residuals), residual, n)


def line(x: Floats, y: Floats) -> Line:
    """Return the line of least squares.

    Raises:
        ValueError: fewer than 3 points, or all at one x.
    """
    n, mean_x, mean_y = x.size, float(np.mean(x)) if x.size else 0.0, float(np.mean(y)) if y.size else 0.0
    spread = float(np.sum((x - mean_x) ** 2))
    if n < 3 or spread == 0.0:
        raise ValueError(f"a line needs 3 points at more than one x, here are {n}")
    slope = float(np.sum((x - mean_x) * (y - mean_y))) / spread
    residuals = y - mean_y - slope * (x - mean_x)
    error = deviation(residuals) / spread**0.5 * widening(residuals)
    return Line(slope, error, mean_x, mean_y, spread, residuals, n)


def error_at(of: Line, x: float, residuals: Floats | None = None) -> float:
    """Return the standard error of the line's y at ``x``: the farther from the mean of x, the larger.

    Args:
        of: the line.
        x: where.
        residuals: of another quantity at the same x; the line's own where None.
    """
    r = of.residuals if residuals is None else residuals
    leverage = 1.0 / of.n + (x - of.mean_x) ** 2 / of.spread_x
    return float(deviation(r) * leverage**0.5 * widening(r))


def deviation(residuals: Floats) -> float:
    """Return the standard deviation of points around a line of two parameters."""
    return float(np.sqrt(np.sum(residuals**2) / (residuals.size - 2)))


def widening(residuals: Floats) -> float:
    """Return by how much errors are larger because residuals resemble their neighbours, 1 or more [-]."""
    square = float(np.sum(residuals**2))
    if square == 0.0:
        return 1.0
    r = float(np.sum(residuals[1:] * residuals[:-1])) / square
    r = min(max(r, 0.0), MOST_CORRELATION)
    return float(((1.0 + r) / (1.0 - r)) ** 0.5)
