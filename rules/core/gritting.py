"""What salt a stretch of road needs in the coming hours, and why.

Nothing above the action threshold, where nothing slippery is there already: that is watched, and
deep snow ploughed, at any temperature; on a dry road whose surface stays above the dew or
frost point nothing but watching; else what the treatment matrix says for the lowest
surface temperature of the coming hours, beside the physical dose (:mod:`rules.core.dose`).
Where the matrix has a gap, salt no longer works or no reading is there, the duty officer
decides. What follows for a route is in :mod:`rules.core.route_plan`.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from rules.core.dose import dose, gated_g_m2, material_of
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import (
    Hazard,
    film_for,
    foreseen_ice,
    hazard_of,
    is_likely,
    is_ploughed,
    is_seen,
    lasts,
    slippery_in_h,
)
from rules.core.matrix import MatrixRow, TreatmentMatrix
from rules.core.outlook import Outlook as Outlook
from rules.core.outlook import Precipitation as Precipitation

Outcome = Literal["treat", "no_action", "monitor", "refer"]
"""What is written of a decision; ``Action`` says what of it there is to do."""
Action = Literal["no_action", "monitor", "treat", "treat_twice", "plough", "refer"]


class Assessment(msgspec.Struct, frozen=True):
    """What one segment needs.

    Attributes:
        rate_g_m2, passes: the salt.
        why: in words.
        near: it needs nothing yet, but a lorry that goes out anyway treats it.
        in_h: hours until it is slippery without salt, None = not within the horizon.
        film_mm: of water that is to stay liquid, where it is frost that threatens; else None.
        dose_g_m2: the physical dose on top of the salt that lies there, all passes [g/m²]; None where nothing is treated.
        cell_g_m2: what the matrix has, all passes [g/m²].
        plough: whether the snow is ploughed before.
        condition: of the hazard, as the matrix knows it; "" where none is treated or referred.
        gap: whether the matrix has no rate for it; of a treatment, whether it had none were it ``dose.back_c`` colder.
        lasts: of :func:`rules.core.hazards.lasts`.
    """

    outlook: Outlook
    outcome: Outcome
    rate_g_m2: float = 0.0
    passes: int = 1
    why: str = ""
    near: bool = False
    in_h: float | None = None
    film_mm: float | None = None
    dose_g_m2: float | None = None
    cell_g_m2: float | None = None
    plough: bool = False
    condition: str = ""
    gap: bool = False
    lasts: bool = False


def assess(
    o: Outlook, p: GrittingParameters, matrix: TreatmentMatrix, residual_g_m2: float = 0.0
) -> Assessment:
    """Return what a segment needs in the coming hours, with the reason in words.

    ``residual_g_m2``: salt that lies there; the physical dose beside the cell is what is still missing.
    """
    if o.minimum_c is None:
        return _unknown(o, p)
    hazard = hazard_of(o, o.minimum_c, p.hoar_margin_c, p, matrix)
    if o.minimum_c > p.action_c and not is_likely(o, p) and not is_ploughed(o, hazard):
        return _near(_warm(o, o.minimum_c, hazard, p), o.minimum_c, p, matrix)
    if hazard is None:
        return _near(Assessment(o, "monitor", why=_dry(o, o.minimum_c, p)), o.minimum_c, p, matrix)
    why = f"{hazard.why}, lowest {o.minimum_c:.1f} °C{_in_cases(o, p)}"
    if o.minimum_c < p.dose.coldest_c:
        why += f": salt does not work below {p.dose.coldest_c:g} °C"
        return Assessment(o, "refer", why=why, condition=hazard.condition)
    row = matrix.find(hazard.condition, hazard.wet, o.minimum_c)
    rate = None if row is None else row.rate_g_m2(p.spread.material)
    if row is None or rate is None:
        note = "" if row is None or not row.note else f" ({row.note})"
        why += f": the treatment matrix has no rate for it{note}"
        return Assessment(o, "refer", why=why, condition=hazard.condition, gap=True)
    below = matrix.find(hazard.condition, hazard.wet, o.minimum_c - p.dose.back_c)
    gap = below is None or below.rate_g_m2(p.spread.material) is None
    return replace(_treated(o, o.minimum_c, hazard, row, rate, why, p, residual_g_m2), gap=gap)


def _warm(o: Outlook, minimum_c: float, hazard: Hazard | None, p: GrittingParameters) -> Assessment:
    """Return what a road needs that stays above the threshold: nothing, but what is there already is watched."""
    why = f"stays above {p.action_c:g} °C, lowest {minimum_c:.1f} °C"
    if not is_seen(o, minimum_c, p):
        return Assessment(o, "no_action", why=why)
    seen = "hoar frost on the road" if hazard is None or o.state == "hoar" else hazard.why
    return Assessment(o, "monitor", why=f"{seen}, though it {why}")


def _treated(
    o: Outlook,
    minimum_c: float,
    hazard: Hazard,
    row: MatrixRow,
    cell: float,
    why: str,
    p: GrittingParameters,
    residual_g_m2: float,
) -> Assessment:
    """Return a treatment by a cell of the matrix, with the dose beside it."""
    film = film_for(o, hazard, p)
    rains = hazard.condition == "freezing_rain"
    material = material_of(row, p.spread.material)
    physical = dose(film, min(0.0, minimum_c), p.dose, residual_g_m2, material, rains).total_g_m2
    return Assessment(
        outlook=o,
        outcome="treat",
        rate_g_m2=rate_of(row, cell, film, minimum_c, p),
        passes=row.passes,
        why=why + _beside(physical, row, cell * row.passes, minimum_c, p),
        in_h=slippery_in_h(o, hazard, p),
        film_mm=film if hazard.condition == "frost" else None,
        dose_g_m2=physical,
        cell_g_m2=cell * row.passes,
        plough=row.plough,
        condition=hazard.condition,
        lasts=lasts(o, hazard, row.successive),
    )


def rate_of(row: MatrixRow, cell: float, film: float, minimum_c: float, p: GrittingParameters) -> float:
    """Return the rate of a pass that is ordered [g/m²]: the cell, or the dose held near it."""
    if p.dose.decides == "matrix":
        return cell
    films_mm, coldest_c = np.array([film]), np.array([min(0.0, minimum_c)])
    return float(gated_g_m2(row, cell, films_mm, coldest_c, p.dose, p.spread.material)[0])


def _beside(
    dose_g_m2: float, row: MatrixRow, cell_g_m2: float, minimum_c: float, p: GrittingParameters
) -> str:
    """Return what is to be said of a treatment that salt alone may not do."""
    said = "; again as long as it lasts" if row.successive else ""
    if dose_g_m2 > cell_g_m2 + p.dose.gate_g_m2:
        said += f"; so much water needs {dose_g_m2:.0f} g/m², the matrix has {cell_g_m2:.0f}"
    if minimum_c < p.dose.weak_below_c:
        said += f"; salt works slowly below {p.dose.weak_below_c:g} °C"
    return said


def _in_cases(o: Outlook, p: GrittingParameters) -> str:
    """Return the forecast's chance of ice where it is a reason."""
    return "" if o.p_ice is None or not is_likely(o, p) else f", ice in {100.0 * o.p_ice:.0f} % of cases"


def _dry(o: Outlook, minimum_c: float, p: GrittingParameters) -> str:
    chance = foreseen_ice(o)
    if chance is not None and o.film_mm is not None and o.film_mm >= p.dose.damp_from_mm:
        return (
            f"may fall to {minimum_c:.1f} °C, but icy in only {100.0 * chance:.0f} % of the forecast's cases"
        )
    if o.film_mm is not None and (o.wet or o.damp):
        return f"may fall to {minimum_c:.1f} °C, but is dry by then, and the air too dry for hoar"
    return f"may fall to {minimum_c:.1f} °C, but is dry and the air too dry for hoar"


def _near(found: Assessment, minimum_c: float, p: GrittingParameters, matrix: TreatmentMatrix) -> Assessment:
    """Mark a segment that needs no salt now but nearly does."""
    if minimum_c > p.action_c + p.join_c or minimum_c < p.dose.coldest_c:
        return found
    o = found.outlook
    hazard = hazard_of(o, minimum_c, p.hoar_margin_c + p.join_c, p, matrix)
    row = None if hazard is None else matrix.find(hazard.condition, hazard.wet, minimum_c)
    rate = None if row is None else row.rate_g_m2(p.spread.material)
    if hazard is None or row is None or rate is None:
        return found
    film = film_for(o, hazard, p)
    return replace(
        found,
        rate_g_m2=rate_of(row, rate, film, minimum_c, p),
        passes=row.passes,
        near=True,
        film_mm=film if hazard.condition == "frost" else None,
    )


def _unknown(o: Outlook, p: GrittingParameters) -> Assessment:
    """Without a road reading only air far too warm for frost excuses from asking a person."""
    why = "no fresh reading from here or nearby and no road forecast: nothing measures this road"
    if o.air_c is not None and o.air_c > p.action_c + p.air_margin_c:
        return Assessment(o, "no_action", why=f"{why}, but the air is at {o.air_c:.1f} °C")
    return Assessment(o, "refer", why=why)
