"""Whether salt of an earlier run still keeps tonight's water liquid.

The dose's formula solved for the temperature: the hazard is a surface below the freezing point of what
lies on it, not below 0 °C. What is left is reckoned at the end of the hours that are looked at, and must
do for a surface colder than expected by the safety of the FHWA MDSS rules of practice, 1.5 °C. Hanke
found 2 to 3 g/m² to prevent hoar for days without rain, and 7 enough for drizzle at -1 to -2 °C.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np

from rules.core.coat import Coat
from rules.core.dose import DoseParameters, safe_down_to_c
from rules.core.gritting import Assessment
from rules.core.gritting_parameters import GrittingParameters
from rules.core.psychrometrics import Floats
from rules.core.road_state import DAMP, WET
from rules.core.road_surface.salt import freezing_point_c


def safe_c(a: Assessment, here: Coat, at_s: float, p: GrittingParameters) -> float | None:
    """Return the temperature down to which earlier salt keeps a segment's water liquid [°C].

    None where it is not the frost that threatens, or no salt is left.
    """
    left = left_g_m2(here, a.outlook.rain_mm, a.outlook.ahead_h, at_s, p)
    if a.film_mm is None or left == 0.0:
        return None
    return safe_down_to_c(left, a.film_mm)


def left_g_m2(
    here: Coat, rain_mm: float | None, ahead_h: float | None, at_s: float, p: GrittingParameters
) -> float:
    """Return what will be left at the end of the hours that are looked at [g/m²].

    Args:
        here: the salt.
        rain_mm: that a forecast has until the road freezes for the last time, None = unknown. With what has fallen since a pass it may wash that off.
        ahead_h: how far a forecast is looked at, None = there is none: as far as the trend.
        at_s: now [s since 1970].
        p: parameters.
    """
    end_s = at_s + 3600.0 * (p.horizon_h if ahead_h is None else ahead_h)
    return here.left_g_m2(end_s, 0.0 if rain_mm is None else rain_mm, p.treatment.rain_mm)


def protected(
    found: Sequence[Assessment],
    coats: Mapping[str, Coat],
    held: Container[str],
    at_s: float,
    p: GrittingParameters,
) -> dict[str, float]:
    """Return the segments that earlier salt protects, with the temperature down to which it does [°C].

    ``held``: those that a standing plan has treated; it is given up only where they are clearly warmer.
    """
    kept = {}
    for a in found if coats else ():
        segment, minimum_c = a.outlook.segment_id, a.outlook.minimum_c
        safe = safe_c(a, coats[segment], at_s, p) if segment in coats else None
        if safe is not None and minimum_c is not None and minimum_c >= safe + margin_c(segment in held, p):
            kept[segment] = safe
    return kept


def margin_c(is_held: bool, p: GrittingParameters) -> float:
    """Return how much warmer than its freezing point a surface must stay for earlier salt to do [°C]."""
    return p.dose.safety_c + (p.release_c if is_held else 0.0)


def safe_of_all_c(left_g_m2: Floats, film_mm: Floats) -> Floats:
    """Return :func:`safe_c` of segments in columns, NaN where there is none."""
    known = (left_g_m2 > 0.0) & ~np.isnan(film_mm)
    safe = freezing_point_c(np.where(known, left_g_m2, 0.0), np.where(known, film_mm, 1.0))
    return np.where(known, safe, np.nan)


def freezes_at_c(
    coats: Mapping[str, Coat],
    place: Mapping[str, int],
    film_mm: Floats,
    wetness: Floats,
    at_s: float,
    p: DoseParameters,
) -> Floats:
    """Return the temperature at which what lies on each treated segment freezes now [°C]; NaN where no salt lies.

    It is what is reckoned as of now; the safety of :func:`protected` is for hours to come.

    Args:
        coats: the salt, by segment id.
        place: of each segment in the columns.
        film_mm: of water as its own sensor sees it, NaN = unknown: then the usual one, or the rain since.
        wetness: DRY, DAMP, WET or between.
        at_s: now [s since 1970].
        p: of the dose.
    """
    left, rained_mm = np.zeros(len(film_mm)), np.zeros(len(film_mm))
    for segment, here in coats.items():
        if segment in place:
            left[place[segment]], rained_mm[place[segment]] = here.left_g_m2(at_s), here.rained_mm
    usual = np.where(wetness > (DAMP + WET) / 2.0, p.wet_film_mm, p.damp_film_mm)
    film = np.maximum(np.where(np.isnan(film_mm), rained_mm, film_mm), usual)
    return np.where(left > 0.0, freezing_point_c(left, film), np.nan)


def in_words(safe: float) -> str:
    """Return why such a segment needs nothing more."""
    return f"salt of an earlier run keeps it liquid down to {safe:.1f} °C"
