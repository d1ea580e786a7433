"""What hides the sun from a road: surveyed horizons, and streets of which only sky view and direction are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rules.core.road_surface.sun import SECTOR_DEG, Sun, lit_share

Floats = NDArray[np.float64]

SECTORS = round(360.0 / SECTOR_DEG)
STEEPEST_DEG = 89.0
FINE = 8
"""Parts of a sector by which a survey is averaged."""
USUAL_RISE_DEG = 30.0
"""How high houses and trees reach, seen from the middle of a road, where only the sky view is known: houses of two storeys
(7 m) on both sides of a street of 24 m from front to front. Chosen; a road that sees more sky than such a street has gaps."""


@dataclass(frozen=True, slots=True)
class Skyline:
    """What stands between roads and the sun.

    Attributes:
        horizon_deg: how high it reaches: segments × ``SECTORS``, from north over east [°].
        closed: along which share of its length a road has that beside it, 0..1: segments. The rest lies open.
        assumed: where nobody surveyed it: segments.
    """

    horizon_deg: Floats
    closed: Floats
    assumed: NDArray[np.bool_]

    def lit(self, sun: Sun) -> Floats:
        """Return how much of the direct sun reaches the roads, 0..1: times × segments."""
        hidden: Floats = 1.0 - lit_share(self.horizon_deg, sun)
        return 1.0 - self.closed * hidden


def open_country(segments: int) -> Skyline:
    """Return the skyline of so many segments with nothing beside them."""
    return Skyline(np.zeros((segments, SECTORS)), np.zeros(segments), np.zeros(segments, dtype=np.bool_))


def surveyed(horizon_deg: ArrayLike) -> Floats:
    """Return a horizon in equal sectors from north over east, however many, in ``SECTORS`` of them [°].

    The first sector's middle is north. Of finer ones each gets the mean of what lies in it, of coarser ones the line between.
    """
    given = np.asarray(horizon_deg, dtype=np.float64)
    middle_deg = np.arange(len(given)) * 360.0 / len(given)
    parts = 1 if len(given) <= SECTORS else FINE
    aside_deg = (np.arange(parts) - 0.5 * (parts - 1)) * SECTOR_DEG / parts
    at_deg = np.arange(SECTORS)[:, None] * SECTOR_DEG + aside_deg
    found = np.interp(at_deg.ravel(), middle_deg, given, period=360.0).reshape(SECTORS, parts)
    return np.asarray(found.mean(axis=1), dtype=np.float64)


def sky_view_of(horizon_deg: ArrayLike) -> float:
    """Return which share of the sky a level road sees above a horizon [-]: the mean of cos² (Oke 1987, chapter 8)."""
    return float(np.mean(np.cos(np.radians(np.asarray(horizon_deg, dtype=np.float64))) ** 2))


def between_houses(axis_deg: Floats, sky_view: Floats, rise_deg: float = USUAL_RISE_DEG) -> Skyline:
    """Return the skyline of streets with houses on both sides that leave as much of the sky as is seen.

    The middle of a street without an end between walls at the elevation β sees cos β of the sky (Oke 1987, chapter 8;
    Johnson & Watson 1984). Where walls stand along the share f of it, it sees 1 - f (1 - cos β). β is ``rise_deg`` and f
    follows, up to a street without gaps; beyond it β is larger.

    Args:
        axis_deg: direction of the streets from north; NaN = not known: nothing hides the sun.
        sky_view: share of the sky that they see, 0..1.
        rise_deg: β where there are gaps.
    """
    closed = np.minimum(1.0, (1.0 - sky_view) / (1.0 - np.cos(np.radians(rise_deg))))
    beta_deg = np.maximum(rise_deg, np.degrees(np.arccos(sky_view)))
    steep = np.tan(np.radians(np.minimum(beta_deg, STEEPEST_DEG)))
    across = np.sin(np.radians(np.arange(SECTORS) * SECTOR_DEG - axis_deg[:, None]))
    horizon = np.degrees(np.arctan(steep[:, None] * np.abs(across)))
    unknown = np.isnan(axis_deg)
    return Skyline(
        np.where(unknown[:, None], 0.0, horizon),
        np.where(unknown, 0.0, closed),
        np.ones(len(unknown), dtype=np.bool_),
    )
