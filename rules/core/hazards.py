"""What would make a stretch of road slippery in the coming hours: water, ice, snow or hoar, and why.

Without a road forecast it is what lies there now, and hoar where the surface comes near its frost or
dew point. With one it is the water that is left when the road freezes and the hoar that has gathered
by then, an accumulated flux; and where neither is enough, ice in so many of the forecast's cases that
salt costs less than none. A forecast takes a hazard away only where its own chance of ice is below that: then
its film is water that stays liquid, brine that salt has drawn out of the air for one, unless something falls on it
or sensors see water on a road at or below 0 °C.
"""

from __future__ import annotations

from typing import NamedTuple

from rules.core.dose import film_mm
from rules.core.gritting_parameters import GrittingParameters
from rules.core.matrix import Condition, TreatmentMatrix
from rules.core.outlook import Outlook

FALLING = ("freezing_rain", "light_snow", "heavy_snow", "snow_cover")
"""Conditions that come with precipitation."""

FREEZING: tuple[Condition, ...] = ("frost", "after_freezing_rain")
"""Conditions of water that lies there and may freeze: a forecast tells how much."""

SALTED_SNOW = ("light_snow", "heavy_snow", "packed_snow")
"""Conditions of snow that is salted where it lies, without a plough."""

PACKED_H = 3.0
"""Snow that has lain for less is not packed."""

WHITE = ("ice", "hoar", "snow")
"""States of a road that is slippery now."""

MOSTLY = 0.5
"""Where ice is as likely as that the road is taken for wet, however little water or hoar is told."""


class Hazard(NamedTuple):
    """What would be treated.

    Attributes:
        condition, wet: as the matrix knows them.
        why: in words.
        hoar: whether it comes out of the air.
        by_chance: whether nothing but so many of a forecast's cases tells of it.
    """

    condition: Condition
    wet: bool
    why: str
    hoar: bool = False
    by_chance: bool = False


FROZEN = Hazard("frost", True, "ice in most of the forecast's cases", by_chance=True)
"""Nothing else tells of it."""


def foreseen_ice(o: Outlook) -> float | None:
    """Return the chance of ice where somebody forecast the weather; what stations alone tell is too wide to act on."""
    return o.p_ice if o.source == "forecast" else None


def is_likely(o: Outlook, p: GrittingParameters) -> bool:
    """Whether a forecast has ice in so many of its cases that salt costs less than none."""
    chance = foreseen_ice(o)
    return chance is not None and chance >= p.cost.act_from


def hazard_of(
    o: Outlook, minimum_c: float, margin_c: float, p: GrittingParameters, matrix: TreatmentMatrix
) -> Hazard | None:
    """Return what makes a segment slippery; None where a dry road stays dry.

    Args:
        o: what is known of it.
        minimum_c: lowest surface temperature [°C].
        margin_c: a surface this close to the dew or frost point counts as reaching it [°C].
        p: parameters.
        matrix: without a row for snow that is ploughed, deep snow is heavy snow.
    """
    if o.precipitation == "freezing_rain":
        return Hazard("freezing_rain", True, "freezing rain")
    if o.state == "snow" or o.precipitation == "snow":
        return _snow(o, p, matrix)
    if o.state == "ice":
        return Hazard("ice", True, "ice on the road")
    wet, damp = water_of(o, p)
    as_wet = is_mostly_ice(o, p) and matrix.is_as_much_on_wet(minimum_c, p.spread.material)
    if (
        o.glazed
        and (wet or damp)
        and minimum_c <= 0.0
        and matrix.is_more_after_rain(wet or as_wet, minimum_c, p.spread.material)
    ):
        return Hazard("after_freezing_rain", True, "freezing rain has fallen, and the road may freeze")
    if wet:
        return Hazard("frost", True, "wet road that may freeze")
    told = Hazard("frost", False, "damp road that may freeze") if damp else _gathering(o, p)
    if as_wet:
        return FROZEN if told is None else told._replace(wet=True, why=f"{told.why}, taken for wet")
    return told or _hoar(o, minimum_c, margin_c, p) or _by_chance(o, p)


def is_mostly_ice(o: Outlook, p: GrittingParameters) -> bool:
    """Whether a road is icy in most of a forecast's cases: water that froze before is no film any more."""
    return is_likely(o, p) and o.p_ice is not None and o.p_ice >= MOSTLY


def water_of(o: Outlook, p: GrittingParameters) -> tuple[bool, bool]:
    """Return whether a road is wet, and damp, when it freezes: as it is now, or as a forecast has it.

    Where the forecast has ice too seldom to act on, it knows of the salt, and its film alone is no hazard.
    """
    if o.film_mm is None:
        return o.wet, o.damp
    wet, damp = o.film_mm >= p.dose.wet_from_mm, o.film_mm >= p.dose.damp_from_mm
    if foreseen_ice(o) is None or is_likely(o, p):
        return wet or o.wet, damp or o.damp
    cold, counts = o.surface_c is not None and o.surface_c <= 0.0, is_fallen_on(o)
    seen_wet = cold and o.state == "wet"
    return (counts and wet) or seen_wet, (counts and damp) or seen_wet or (cold and o.state == "damp")


def is_fallen_on(o: Outlook) -> bool:
    """Whether anything falls, or rain is to fall before the frost: it washes salt off, whatever a forecast says of it."""
    return o.precipitation != "none" or o.rain_ends_in_h is not None


def is_deep(o: Outlook, p: GrittingParameters) -> bool:
    """Whether so much snow lies that it is ploughed."""
    return o.state == "snow" and o.lying_mm >= p.plough_snow_mm


def is_ploughed(o: Outlook, hazard: Hazard | None) -> bool:
    """Whether a hazard is snow that lies and is ploughed: then it is, however warm the road stays."""
    return hazard is not None and hazard.condition == "snow_cover" and o.state == "snow"


def is_seen(o: Outlook, minimum_c: float, p: GrittingParameters) -> bool:
    """Whether a road is slippery now, though it is to stay above the threshold: its surface is white or icy, or freezing rain falls.

    Snow that falls counts as far as a lorry on its way would treat for it, ``join_c`` above the threshold: sleet on warm roads is water.
    """
    if o.state in WHITE:
        return True
    falls = o.precipitation == "freezing_rain" or (
        o.precipitation == "snow" and minimum_c <= p.action_c + p.join_c
    )
    return falls and not is_to_come(o)


def is_to_come(o: Outlook) -> bool:
    """Whether what falls is foreseen, not falling."""
    return o.falls_in_h is not None and o.falls_in_h > 0.0


def is_packed(o: Outlook) -> bool:
    """Whether snow lies that traffic has had hours to pack, and none falls or is foreseen; a sensor may see the first flakes before a gauge does."""
    is_new = o.lain_h is not None and o.lain_h < PACKED_H
    return o.state == "snow" and o.precipitation != "snow" and o.lying_mm == 0.0 and not is_new


def _snow(o: Outlook, p: GrittingParameters, matrix: TreatmentMatrix) -> Hazard:
    if is_deep(o, p) and matrix.knows("snow_cover"):
        return Hazard("snow_cover", True, f"about {10.0 * o.lying_mm:.0f} mm of snow")
    if is_packed(o) and matrix.knows("packed_snow"):
        return Hazard("packed_snow", True, "snow that has lain for hours")
    return Hazard("light_snow" if o.snow_mm < p.light_snow_mm else "heavy_snow", True, "snow")


def _gathering(o: Outlook, p: GrittingParameters) -> Hazard | None:
    if o.deposit_mm is None or o.deposit_mm < p.dose.hoar_mm:
        return None
    return Hazard("frost", False, f"hoar frost likely, {o.deposit_mm:.2f} mm", hoar=True)


def _hoar(o: Outlook, minimum_c: float, margin_c: float, p: GrittingParameters) -> Hazard | None:
    if o.deposit_mm is not None and foreseen_ice(o) is not None and not is_likely(o, p):
        return None
    point = o.frost_point_c if minimum_c < 0.0 and o.frost_point_c is not None else o.dew_point_c
    if point is None or minimum_c > point + margin_c:
        return None
    name = "frost point" if point is o.frost_point_c else "dew point"
    return Hazard("frost", False, f"hoar frost likely, {name} {point:.1f} °C", hoar=True)


def _by_chance(o: Outlook, p: GrittingParameters) -> Hazard | None:
    if not is_likely(o, p):
        return None
    return Hazard("frost", False, "dry in most, but not all, of the forecast's cases", by_chance=True)


def lasts(o: Outlook, hazard: Hazard, successive: bool) -> bool:
    """Whether what salt is spread against is there, and is salted again as long as it is: ice, or what the matrix treats so.

    ``successive``: of the row of the matrix.
    """
    if hazard.condition == "ice":
        return True
    falls = hazard.condition in FALLING and not is_to_come(o)
    return successive and (o.state == "snow" or falls)


def slippery_in_h(o: Outlook, hazard: Hazard, p: GrittingParameters) -> float | None:
    """Return the hours until a hazard is there; None = not within the horizon.

    Snow and freezing rain are when they fall, or a wet road freezes before. Else the surface reaches what freezes it; where the middle of the forecast never does, ice is likely
    enough; else it is nearly as cold as it will be. What only a chance tells of comes with the chance.
    """
    reached, chance = o.hoar_in_h if hazard.hoar else o.zero_in_h, o.ice_in_h if is_likely(o, p) else None
    if hazard.condition in FALLING:
        if o.state == "snow":
            return 0.0
        freezes = reached if any(water_of(o, p)) else None
        sooner = [h for h in (o.falls_in_h, freezes, chance) if h is not None]
        if sooner:
            return min(sooner)
    times = (chance, reached) if hazard.by_chance else (reached, chance)
    return next((h for h in (*times, o.low_in_h) if h is not None), None)


def film_for(o: Outlook, hazard: Hazard, p: GrittingParameters) -> float:
    """Return the film of water that must not freeze [mm]: the one that is usual for the hazard, or a forecast's that is thicker.

    A thinner one is the middle of the forecast's cases: with it, more water could ask for less salt.
    """
    usual = film_mm(hazard.condition, hazard.wet, p.dose)
    return max(usual, o.film_mm or 0.0, o.deposit_mm or 0.0) if hazard.condition in FREEZING else usual
