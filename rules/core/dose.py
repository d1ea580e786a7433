"""How much salt keeps a road's water liquid: the physical dose beside the matrix's cell.

``rate = (1000 × film × c / (1 - c) - residual) / retention``, not below 8 g/m²: c is the mass fraction of NaCl whose
solution freezes at the coldest temperature of the band. The films are calibrated to the published cells of the
Scottish matrix, which are the formula's test: within 3 g/m² of each.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta

from rules.core.matrix import Condition, MatrixRow
from rules.core.road_surface.salt import fraction_of_one, freezing_fraction, point_of_one_c
from rules.core.road_surface.vapour import Array

Material = Literal["dry_salt", "prewet"]
Share = Annotated[float, Meta(ge=0, lt=1)]
Positive = Annotated[float, Meta(gt=0)]

RESOLUTION_C = 0.1
"""Temperatures are told in tenths: the coldest of a band "above -5" is -4.9."""
GRAMS_PER_MM = 1000.0
HALF_GRAM = 0.5
"""Spreaders are set in whole grams."""


class DoseParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the dose reckons with.

    Attributes:
        damp_film_mm, wet_film_mm: of water on a damp (or dry, with hoar to come) and on a wet road.
        ice_film_mm, light_snow_film_mm, heavy_snow_film_mm, packed_snow_film_mm: of water that is to stay or become liquid under ice and snow, so
            that it does not bond; not all of it melts.
        loss, prewet_loss: share that is gone before it works.
        prewet_salt: salt in the weight of a pre-wetted spread: 70 % salt, 30 % brine of 23 %.
        freezing_rain_factor: more where rain dilutes.
        least_g_m2: what spreaders spread evenly; less is not ordered.
        most_a_pass_g_m2, most_g_m2: above the first in two passes; never more than the second.
        coldest_c: below it NaCl is refused; below ``weak_below_c`` it works slowly.
        back_c: where it was refused it is ordered again only so much above ``coldest_c``.
        snow_c, rain_c: temperature where a row for snow or freezing rain names none.
        safety_c: salt that is there already counts only where it would do for a surface so much colder.
        damp_from_mm, wet_from_mm: a forecast's film from which a road is damp, and wet.
        hoar_mm: hoar is a hazard from so much on [mm of water].
        decides: what is ordered: the matrix's cell, or the dose held within ``gate_g_m2`` of it.
        gate_g_m2: a dose that asks for so much more than the cell is told in words [g/m², all passes].
    """

    damp_film_mm: Positive = 0.05
    wet_film_mm: Positive = 0.10
    ice_film_mm: Positive = 0.12
    light_snow_film_mm: Positive = 0.12
    heavy_snow_film_mm: Positive = 0.24
    packed_snow_film_mm: Positive = 0.075
    loss: Share = 0.5
    prewet_loss: Share = 0.35
    prewet_salt: Positive = 0.77
    freezing_rain_factor: Positive = 1.25
    least_g_m2: Positive = 8.0
    most_a_pass_g_m2: Positive = 20.0
    most_g_m2: Positive = 40.0
    coldest_c: float = -10.0
    weak_below_c: float = -7.0
    back_c: Annotated[float, Meta(ge=0)] = 0.5
    snow_c: float = -5.0
    rain_c: float = -10.0
    safety_c: Annotated[float, Meta(ge=0)] = 1.5
    damp_from_mm: Positive = 0.03
    wet_from_mm: Positive = 0.075
    hoar_mm: Positive = 0.02
    decides: Literal["matrix", "dose"] = "matrix"
    gate_g_m2: Annotated[float, Meta(ge=0)] = 3.0


class Dose(msgspec.Struct, frozen=True, kw_only=True):
    """What to spread. ``passes`` 0 = nothing is needed; ``refused``: salt does not work, in words; "" = it does.

    ``g_m2`` is of one pass, of the material as it is spread; ``needed_g_m2`` is the salt that must lie there.
    """

    passes: int
    g_m2: float
    needed_g_m2: float
    refused: str = ""
    capped: bool = False

    @property
    def total_g_m2(self) -> float:
        """Return all passes together [g/m²]."""
        return self.passes * self.g_m2


def needed_g_m2(film_mm: float, coldest_c: float) -> float:
    """Return the NaCl that keeps a film liquid down to a temperature [g/m²].

    Args:
        film_mm: of water.
        coldest_c: lowest temperature of the surface.
    """
    c = fraction_of_one(coldest_c)
    return GRAMS_PER_MM * film_mm * c / (1.0 - c)


def _needed(film_mm: Array, coldest_c: Array) -> Array:
    c = freezing_fraction(coldest_c)
    return GRAMS_PER_MM * film_mm * c / (1.0 - c)


def dose(
    film_mm: float,
    coldest_c: float,
    p: DoseParameters,
    residual_g_m2: float = 0.0,
    material: Material = "dry_salt",
    freezing_rain: bool = False,
) -> Dose:
    """Return what to spread on a road.

    Args:
        film_mm: of water that must not freeze.
        coldest_c: lowest temperature of the surface that is expected.
        p: parameters.
        residual_g_m2: salt that lies there already.
        material: dry salt, or pre-wetted (weight with its brine).
        freezing_rain: whether rain falls on the frozen road.
    """
    if coldest_c < p.coldest_c:
        why = f"salt does not work at {coldest_c:.1f} °C, below {p.coldest_c:.0f} °C"
        return Dose(passes=0, g_m2=0.0, needed_g_m2=needed_g_m2(film_mm, coldest_c), refused=why)
    needed = needed_g_m2(film_mm, coldest_c) * (p.freezing_rain_factor if freezing_rain else 1.0)
    missing = needed - residual_g_m2
    if missing <= 0.0:
        return Dose(passes=0, g_m2=0.0, needed_g_m2=needed)
    total = max(p.least_g_m2, missing / _kept(p, material))
    limited = min(total, p.most_g_m2)
    passes = 1 if limited <= p.most_a_pass_g_m2 + HALF_GRAM else 2
    return Dose(passes=passes, g_m2=limited / passes, needed_g_m2=needed, capped=total > p.most_g_m2)


def _kept(p: DoseParameters, material: str) -> float:
    """Return the share of what is spread that works as salt."""
    return 1.0 - p.loss if material == "dry_salt" else p.prewet_salt * (1.0 - p.prewet_loss)


def material_of(row: MatrixRow, material: str) -> Material:
    """Return what is spread by a row: dry salt where it has no pre-wetted rate."""
    return "prewet" if material == "prewet" and row.prewet_g_m2 is not None else "dry_salt"


def gated_g_m2(
    row: MatrixRow, rate_g_m2: float, film_mm: Array, coldest_c: Array, p: DoseParameters, material: str
) -> Array:
    """Return the rate of a pass that is ordered where the dose decides: it stays near the matrix's cell [g/m²].

    Args:
        row: of the matrix.
        rate_g_m2: its rate of a pass.
        film_mm: of water that must not freeze.
        coldest_c: lowest temperature of the surface that is expected, 0 at the most.
        p: parameters.
        material: dry_salt or prewet.

    Returns:
        Whole grams, no more than a lorry spreads well in a pass, no less than it can.
    """
    factor = p.freezing_rain_factor if row.condition == "freezing_rain" else 1.0
    total = _needed(film_mm, coldest_c) * factor / _kept(p, material_of(row, material))
    cell = rate_g_m2 * row.passes
    held = np.clip(total, cell - p.gate_g_m2, cell + p.gate_g_m2)
    whole = np.ceil(np.round(held / row.passes, 6))
    return cast("Array", np.clip(whole, p.least_g_m2, max(rate_g_m2, p.most_a_pass_g_m2)))


def film_mm(condition: Condition, wet: bool, p: DoseParameters) -> float:
    """Return the film that a condition puts on a road [mm]."""
    # A plough takes the snow: what is left needs what light snow needs.
    films = {
        "ice": p.ice_film_mm,
        "light_snow": p.light_snow_film_mm,
        "snow_cover": p.light_snow_film_mm,
        "heavy_snow": p.heavy_snow_film_mm,
        "packed_snow": p.packed_snow_film_mm,
        "after_freezing_rain": p.ice_film_mm,
    }
    return films.get(condition, p.wet_film_mm if wet or condition == "freezing_rain" else p.damp_film_mm)


def coldest_of(row: MatrixRow, p: DoseParameters) -> float:
    """Return the coldest temperature that belongs to a row, in tenths; where it ends nowhere, where salt does [°C]."""
    if row.above_c is not None:
        return row.above_c if row.above_inclusive else row.above_c + RESOLUTION_C
    snow = dict.fromkeys(("light_snow", "heavy_snow", "snow_cover", "after_freezing_rain"), p.snow_c)
    unbounded = {**snow, "freezing_rain": p.rain_c}
    return unbounded.get(row.condition, p.coldest_c)


def dose_of_row(row: MatrixRow, p: DoseParameters, material: Material = "dry_salt") -> Dose:
    """Return the physical dose for what a row of the matrix is meant for, with no salt there yet."""
    film = film_mm(row.condition, row.surface == "wet", p)
    return dose(
        film, coldest_of(row, p), p, material=material, freezing_rain=row.condition == "freezing_rain"
    )


def difference_g_m2(row: MatrixRow, p: DoseParameters, material: Material = "dry_salt") -> float | None:
    """Return the dose minus the cell, all passes together [g/m²]; None where the cell is empty."""
    cell = row.dry_salt_g_m2 if material == "dry_salt" else row.prewet_g_m2
    return None if cell is None else dose_of_row(row, p, material).total_g_m2 - cell * row.passes


def safe_down_to_c(salt_g_m2: float, film_mm: float) -> float:
    """Return the temperature at which a road with so much salt and water begins to freeze [°C].

    It is the dose's formula solved for the temperature: the hazard is a surface below this, not below 0.
    """
    return point_of_one_c(salt_g_m2, film_mm)
