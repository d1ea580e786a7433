"""What hides the sun from a road: surveyed horizons, and streets of which only sky view and direction are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rules.core.road_surface.sun import SECTOR_DEG, Sun, lit_share

Floats = NDArray[np.float64]

SECTORS = round(360.0 / SECTOR_DEG)
STEEPEST_DEG = 89.0


@dataclass(frozen=True, slots=True)
class Skyline:
    """What stands between roads and the sun.

    Attributes:
        horizon_deg: how high it reaches: segments × ``SECTORS``, from north over east [°].
        closed: along which share of its length a road has that beside it, 0..1: segments. The rest lies open.
    """

    horizon_deg: Floats
    closed: Floats

    def lit(self, sun: Sun) -> Floats:
        """Return how much of the direct sun reaches the roads, 0..1: times × segments."""
        hidden: Floats = 1.0 - lit_share(self.horizon_deg, sun)
        return 1.0 - self.closed * hidden


def surveyed(horizon_deg: ArrayLike) -> Floats:
    """Return a horizon in equal sectors from north over east, however many, in ``SECTORS`` of them [°]."""
    given = np.asarray(horizon_deg, dtype=np.float64)
    middle_deg = np.arange(len(given)) * 360.0 / len(given)
    found = np.interp(np.arange(SECTORS) * SECTOR_DEG, middle_deg, given, period=360.0)
    return np.asarray(found, dtype=np.float64)


def sky_view_of(horizon_deg: ArrayLike) -> float:
    """Return which share of the sky a level road sees above a horizon [-]: the mean of cos² (Oke 1987, chapter 8)."""
    return float(np.mean(np.cos(np.radians(surveyed(horizon_deg))) ** 2))


def between_houses(axis_deg: Floats, sky_view: Floats, frontage_share: float) -> Skyline:
    """Return the skyline of streets with houses on both sides, as high as is needed for the sky that is seen.

    The middle of a street without an end between walls at the elevation β sees cos β of the sky (Oke 1987, chapter 8;
    Johnson & Watson 1984). Where walls stand along the share f of it, it sees 1 - f (1 - cos β).

    Args:
        axis_deg: direction of the streets from north; NaN = not known: nothing hides the sun.
        sky_view: share of the sky that they see, 0..1.
        frontage_share: f; more where the sky view tells that the street is more closed than that.
    """
    closed = np.maximum(frontage_share, 1.0 - sky_view)
    rise_deg = np.degrees(np.arccos(np.clip(1.0 - (1.0 - sky_view) / closed, 0.0, 1.0)))
    steep = np.tan(np.radians(np.minimum(rise_deg, STEEPEST_DEG)))
    across = np.sin(np.radians(np.arange(SECTORS) * SECTOR_DEG - axis_deg[:, None]))
    horizon = np.degrees(np.arctan(steep[:, None] * np.abs(across)))
    unknown = np.isnan(axis_deg)
    return Skyline(np.where(unknown[:, None], 0.0, horizon), np.where(unknown, 0.0, closed))
