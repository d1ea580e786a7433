"""What salt a stretch of road needs in the coming hours, and why.

Nothing above the action threshold; on a dry road whose surface stays above the dew or
frost point nothing but watching; else what the treatment matrix says for the lowest
surface temperature of the coming hours. Where the matrix has a gap or no reading is there,
the duty officer decides. What follows for a route is in :mod:`rules.core.route_plan`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from rules.core.matrix import Condition, TreatmentMatrix
from rules.core.parameters import GrittingParameters

Outcome = Literal["treat", "no_action", "monitor", "refer"]
Precipitation = Literal["none", "rain", "snow", "freezing_rain"]
Hazard = tuple[Condition, bool, str]
"""Condition, whether the road is wet, and why."""
HOAR = "hoar frost likely"


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a segment for the coming hours. None = unknown; temperatures in °C.

    ``wet``: water is on the road or rain is falling; ``damp``: moist or white already.
    Hours until the surface reaches 0 °C (``zero_in_h``), 0 °C and its frost or dew point
    (``hoar_in_h``), nearly its lowest (``low_in_h``); None = not within the horizon.
    ``air_c``: of the town. ``snow_mm``: water equivalent of snow expected [mm].

    From a road forecast only, else None: the probabilities that the surface falls to 0 °C or
    below and that ice forms on it, the film of water when it does and the hoar that gathers
    [mm], hours until rain ends, and the standard deviation of the lowest surface temperature.
    ``source`` says which of the two this is.
    """

    segment_id: str
    street: str
    surface_c: float | None
    minimum_c: float | None
    zero_in_h: float | None = None
    hoar_in_h: float | None = None
    low_in_h: float | None = None
    dew_point_c: float | None = None
    frost_point_c: float | None = None
    air_c: float | None = None
    state: str = "unknown"
    wet: bool = False
    damp: bool = False
    precipitation: Precipitation = "none"
    snow_mm: float = 0.0
    p_below_0: float | None = None
    p_ice: float | None = None
    film_mm: float | None = None
    deposit_mm: float | None = None
    rain_ends_in_h: float | None = None
    spread_c: float | None = None
    source: Literal["forecast", "nowcast"] = "nowcast"


class Assessment(msgspec.Struct, frozen=True):
    """What one segment needs.

    Attributes:
        rate_g_m2, passes: the salt.
        why: in words.
        near: it needs nothing yet, but a lorry that goes out anyway treats it.
        in_h: hours until it is slippery without salt, None = not within the horizon.
    """

    outlook: Outlook
    outcome: Outcome
    rate_g_m2: float = 0.0
    passes: int = 1
    why: str = ""
    near: bool = False
    in_h: float | None = None


def assess(o: Outlook, p: GrittingParameters, matrix: TreatmentMatrix) -> Assessment:
    """Return what a segment needs in the coming hours, with the reason in words."""
    if o.minimum_c is None:
        return _unknown(o, p)
    if o.minimum_c > p.action_c:
        why = f"stays above {p.action_c:g} °C, lowest {o.minimum_c:.1f} °C"
        return _near(Assessment(o, "no_action", why=why), o.minimum_c, p, matrix)
    found = _hazard(o, o.minimum_c, p.hoar_margin_c)
    if found is None:
        why = f"may fall to {o.minimum_c:.1f} °C, but is dry and the air too dry for hoar"
        return _near(Assessment(o, "monitor", why=why), o.minimum_c, p, matrix)
    condition, wet, why = found if o.snow_mm < p.light_snow_mm else _heavy(found)
    row = matrix.find(condition, wet, o.minimum_c)
    rate = None if row is None else row.rate_g_m2(p.spread.material)
    if row is None or rate is None:
        return Assessment(
            o, "refer", why=f"{why}, lowest {o.minimum_c:.1f} °C: the treatment matrix has no rate for it"
        )
    in_h = o.hoar_in_h if found[2].startswith(HOAR) else o.zero_in_h
    return Assessment(o, "treat", rate, row.passes, f"{why}, lowest {o.minimum_c:.1f} °C", in_h=in_h)


def _near(found: Assessment, minimum_c: float, p: GrittingParameters, matrix: TreatmentMatrix) -> Assessment:
    """Mark a segment that needs no salt now but nearly does."""
    if minimum_c > p.action_c + p.join_c:
        return found
    hazard = _hazard(found.outlook, minimum_c, p.hoar_margin_c + p.join_c)
    row = None if hazard is None else matrix.find(hazard[0], hazard[1], minimum_c)
    rate = None if row is None else row.rate_g_m2(p.spread.material)
    if row is None or rate is None:
        return found
    return replace(found, rate_g_m2=rate, passes=row.passes, near=True)


def _heavy(found: Hazard) -> Hazard:
    """Return heavy snow instead of light snow."""
    return ("heavy_snow", *found[1:]) if found[0] == "light_snow" else found


def _unknown(o: Outlook, p: GrittingParameters) -> Assessment:
    """Without a road reading only air far too warm for frost excuses from asking a person."""
    why = "no fresh reading from here or nearby"
    if o.air_c is not None and o.air_c > p.action_c + p.air_margin_c:
        return Assessment(o, "no_action", why=f"{why}, but the air is at {o.air_c:.1f} °C")
    return Assessment(o, "refer", why=why)


def _hazard(o: Outlook, minimum_c: float, hoar_margin_c: float) -> Hazard | None:
    """Return condition, wet road, and why; None where a dry road stays dry."""
    if o.precipitation == "freezing_rain":
        return "freezing_rain", True, "freezing rain"
    if o.state == "snow" or o.precipitation == "snow":
        return "light_snow", True, "snow"
    if o.state == "ice":
        return "ice", True, "ice on the road"
    if o.wet:
        return "frost", True, "wet road that may freeze"
    if o.damp:
        return "frost", False, "damp road that may freeze"
    point = o.frost_point_c if minimum_c < 0.0 and o.frost_point_c is not None else o.dew_point_c
    if point is not None and minimum_c <= point + hoar_margin_c:
        name = "frost point" if point is o.frost_point_c else "dew point"
        return "frost", False, f"{HOAR}, {name} {point:.1f} °C"
    return None
