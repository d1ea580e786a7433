"""What is a hazard on a road: one definition for the morning's score and for the hindcast of past winters. Pure.

A road is a hazard that is not dry and at or below the freezing point of what lies on it, never above 0 °C: the freezing
point that its own sensor measures, else that of the salt that lies there in the film. Ice, hoar or snow that is seen at or
below 0 °C is one whatever salt is reckoned to be there.

Salt that was spread because the night was warned of does not take away what it was spread against: else every treatment
that works were a false alarm. What lay there before counts, and where it was enough the rules do right to ask for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from rules.core.coat import Coat, Holds, coat
from rules.core.dose import DoseParameters
from rules.core.psychrometrics import Floats
from rules.core.road_surface.salt import point_of_one_c
from rules.core.treatment import Pass

Bools = NDArray[np.bool_]
Points = Sequence[tuple[float, float]]
"""When an hour ended [s since 1970], and the rain of it [mm], in order of time."""
HOUR_S = 3600.0
LOOK_BACK_S = 48 * HOUR_S
"""Salt that was spread so long before a night, and rain, are looked at: so long the rules remember a pass."""
FILMS = DoseParameters()


def is_hazard(surface_c: Floats, not_dry: Bools, white: Bools, freezing_c: Floats) -> Bools:
    """Return when a road was a hazard; NaN surfaces are none.

    Args:
        surface_c: of the road.
        not_dry: whether there was water on it, or ice, or snow.
        white: whether ice, hoar or snow was seen on it.
        freezing_c: of :func:`freezing_point_c`.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (not_dry & (surface_c <= freezing_c)) | (white & (surface_c <= 0.0)), dtype=np.bool_
        )


def freezing_point_c(measured_c: Floats, by_salt_c: Floats) -> Floats:
    """Return the freezing point that counts: the sensor's own, else that by the salt, else and at most 0 [°C]."""
    told = np.where(np.isnan(measured_c), by_salt_c, measured_c)
    return np.asarray(np.minimum(0.0, np.nan_to_num(told, nan=0.0)), dtype=np.float64)


def counts_until_s(warned_s: float | None, evening_s: float) -> float:
    """Return from when on salt was spread for this night, and counts no more against it [s since 1970].

    Args:
        warned_s: when the night was first warned of; None: never.
        evening_s: from when the road is judged. Salt that nobody was asked for hides no hazard after it.
    """
    return evening_s if warned_s is None else min(warned_s, evening_s)


def by_salt_c(
    passes: Sequence[Pass], rain: Points, at_s: Floats, film_mm: Floats, damp: Bools, p: Holds, traffic: float
) -> Floats:
    """Return the freezing point of what lies on a stretch by the salt on it [°C]; NaN where there is none.

    It is reckoned as :func:`rules.core.residual.freezes_at_c` does as of now.

    Args:
        passes: over it, whenever they were.
        rain: of the time since the first of them.
        at_s: times.
        film_mm: of water as its own sensor sees it, NaN = unknown: then the usual one, or the rain since.
        damp: whether it is damp rather than wet.
        p: how long a treatment holds.
        traffic: of the road, relative to a busy motorway.
    """
    found = np.full(len(at_s), np.nan)
    ordered = sorted(passes)
    if not ordered:
        return found
    gauge = _gauge_mm(rain, at_s)
    fallen = _gauge_mm(rain, np.array([one.at_s for one in ordered]))
    laid = [replace(one, rain_mm=mm) for one, mm in zip(ordered, fallen.tolist(), strict=True)]
    many = np.searchsorted(np.array([one.at_s for one in laid]), at_s, side="right")
    known: dict[tuple[int, float], Coat] = {}
    for i in np.flatnonzero(many > 0).tolist():
        key = int(many[i]), float(gauge[i])
        if key not in known:
            known[key] = coat(laid[: key[0]], key[1], p, traffic)
        here = known[key]
        left = here.left_g_m2(float(at_s[i]))
        if left > 0.0:
            seen = here.rained_mm if np.isnan(film_mm[i]) else float(film_mm[i])
            found[i] = point_of_one_c(left, max(seen, FILMS.damp_film_mm if damp[i] else FILMS.wet_film_mm))
    return found


def _gauge_mm(rain: Points, at_s: Floats) -> Floats:
    """Return the rain from the first hour that is told to each time [mm]."""
    if not rain:
        return np.zeros(len(at_s))
    ends_s, mm = (np.array(column, dtype=np.float64) for column in zip(*rain, strict=True))
    sums = np.cumsum(mm)
    times = np.stack([ends_s - HOUR_S, ends_s], axis=1).ravel()
    return np.asarray(np.interp(at_s, times, np.stack([sums - mm, sums], axis=1).ravel()), dtype=np.float64)
