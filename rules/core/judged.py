"""What salt each segment needs, in columns: :func:`rules.core.gritting.assess` of all of them, without words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.dose import film_mm, gated_g_m2
from rules.core.fits import first_fit, is_one_of
from rules.core.gritting import Outcome
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import FREEZING, MOSTLY, PACKED_H
from rules.core.matrix import Condition, MatrixRow, TreatmentMatrix
from rules.core.outlooks import Outlooks
from rules.core.psychrometrics import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
OUTCOMES: tuple[Outcome, ...] = ("no_action", "monitor", "refer", "treat")
NO_ACTION, MONITOR, REFER, TREAT = range(4)
HAZARDS: tuple[tuple[Condition, bool], ...] = (
    ("freezing_rain", True), ("light_snow", True), ("ice", True), ("frost", True), ("frost", False),
    ("frost", False), ("frost", False), ("heavy_snow", True), ("snow_cover", True), ("frost", True),
    ("packed_snow", True), ("after_freezing_rain", True), ("frost", True), ("frost", True),
)  # fmt: skip
"""Condition and whether the road is wet, in the order in which they are looked for; -1: none."""
FREEZING_RAIN, LIGHT_SNOW, ICE, WET, HOAR, BY_CHANCE, HEAVY_SNOW, SNOW_COVER, MOSTLY_ICE = (
    0,
    1,
    2,
    3,
    5,
    6,
    7,
    8,
    9,
)
DAMP_ROAD, PACKED_SNOW, AFTER_RAIN, DAMP_AS_WET, HOAR_AS_WET = 4, 10, 11, 12, 13
FALLING = (FREEZING_RAIN, LIGHT_SNOW, HEAVY_SNOW, SNOW_COVER)
"""Those of :data:`rules.core.hazards.FALLING`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each segment, as in :class:`rules.core.gritting.Assessment`; ``outcome``: place in ``OUTCOMES``, ``hazard``: in ``HAZARDS``, NaN = none."""

    outcome: Ints
    rate_g_m2: Floats
    passes: Ints
    near: Bools
    in_h: Floats
    film_mm: Floats
    plough: Bools
    hazard: Ints
    lasts: Bools
    gap: Bools

    def of(self, at: Ints) -> Judged:
        """Return that of some segments."""
        return Judged(
            self.outcome[at], self.rate_g_m2[at], self.passes[at], self.near[at], self.in_h[at], self.film_mm[at],
            self.plough[at], self.hazard[at], self.lasts[at], self.gap[at],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Cells:
    """What the matrix has for segments: rate of a pass [g/m²], NaN where nothing; film of frosts [mm], else NaN."""

    rate_g_m2: Floats
    passes: Ints
    plough: Bools
    film_mm: Floats
    successive: Bools


def judge(
    looks: Outlooks, p: GrittingParameters, matrix: TreatmentMatrix, by_c: float | None = None
) -> Judged:
    """Return what the segments need; ``by_c``: were they so much warmer [°C]."""
    lowest = looks.minimum_c if by_c is None else looks.minimum_c + by_c
    with np.errstate(invalid="ignore"):
        likely, cold = looks.p_ice >= p.cost.act_from, lowest <= p.action_c
        hazard = _hazards(looks, lowest, p.hoar_margin_c, likely, p, matrix)
        cell = _cells(looks, hazard, lowest, p, matrix)
        dead = lowest < p.dose.coldest_c
        outcome = first_fit(
            [np.isnan(lowest), ~(cold | likely | _ploughed(looks, hazard)), hazard < 0, dead | np.isnan(cell.rate_g_m2)],
            [_without_reading(looks, p), np.where(_seen(looks, lowest, p), MONITOR, NO_ACTION), MONITOR, REFER],
            np.full(len(lowest), TREAT, dtype=np.int64),
        )  # fmt: skip
        nearly = _hazards(looks, lowest, p.hoar_margin_c + p.join_c, likely, p, matrix)
        beside = _cells(looks, nearly, lowest, p, matrix)
        near = (outcome <= MONITOR) & (lowest <= p.action_c + p.join_c) & ~dead & ~np.isnan(beside.rate_g_m2)
        in_h = _slippery_in_h(looks, hazard, likely, p)
    treat = outcome == TREAT
    refer = (outcome == REFER) & ~np.isnan(lowest) & ~dead
    return Judged(
        outcome=outcome,
        rate_g_m2=np.where(treat, cell.rate_g_m2, np.where(near, beside.rate_g_m2, 0.0)),
        passes=np.where(treat, cell.passes, np.where(near, beside.passes, 1)),
        near=near,
        in_h=np.where(treat, in_h, np.nan),
        film_mm=np.where(treat, cell.film_mm, np.where(near, beside.film_mm, np.nan)),
        plough=treat & cell.plough,
        hazard=hazard,
        lasts=treat & _lasts(looks, hazard, cell),
        gap=refer | (treat & ~_has_rate(np.where(treat, hazard, -1), lowest - p.dose.back_c, p, matrix)),
    )


def _ploughed(looks: Outlooks, hazard: Ints) -> Bools:
    """Return :func:`rules.core.hazards.is_ploughed` of all."""
    ploughed: Bools = (hazard == SNOW_COVER) & looks.found.is_in("snow")
    return ploughed


def _lasts(looks: Outlooks, hazard: Ints, cell: _Cells) -> Bools:
    """Return :func:`rules.core.hazards.lasts` of all."""
    falls = is_one_of(hazard, FALLING) & ~(looks.falls_in_h > 0.0)  # NaN is not
    found: Bools = (hazard == ICE) | (cell.successive & (looks.found.is_in("snow") | falls))
    return found


def _seen(looks: Outlooks, lowest: Floats, p: GrittingParameters) -> Bools:
    """Return :func:`rules.core.hazards.is_seen` of all."""
    white = looks.found.is_in("ice") | looks.found.is_in("hoar") | looks.found.is_in("snow")
    snows = looks.snows & ~looks.freezing_rain & (lowest <= p.action_c + p.join_c)
    return white | ((looks.freezing_rain | snows) & ~(looks.falls_in_h > 0.0))  # NaN is not


def _slippery_in_h(looks: Outlooks, hazard: Ints, likely: Bools, p: GrittingParameters) -> Floats:
    """Return :func:`rules.core.hazards.slippery_in_h` of all."""
    reached = np.where(is_one_of(hazard, (HOAR, HOAR_AS_WET)), looks.hoar_in_h, looks.zero_in_h)
    chance, by_chance = np.where(likely, looks.ice_in_h, np.nan), is_one_of(hazard, (BY_CHANCE, MOSTLY_ICE))
    first, second = np.where(by_chance, chance, reached), np.where(by_chance, reached, chance)
    found = np.where(np.isnan(first), second, first)
    wet, damp = _water(looks, likely, p)
    sooner = np.fmin(np.fmin(looks.falls_in_h, np.where(wet | damp, reached, np.nan)), chance)
    sooner = np.where(looks.found.is_in("snow"), 0.0, sooner)
    found = np.where(is_one_of(hazard, FALLING) & ~np.isnan(sooner), sooner, found)
    return np.where(np.isnan(found), looks.low_in_h, found)


def _without_reading(looks: Outlooks, p: GrittingParameters) -> int:
    air_c = looks.town.air_c
    return NO_ACTION if air_c is not None and air_c > p.action_c + p.air_margin_c else REFER


def _hazards(
    looks: Outlooks,
    lowest: Floats,
    hoar_margin_c: float,
    likely: Bools,
    p: GrittingParameters,
    matrix: TreatmentMatrix,
) -> Ints:
    """Return the place in ``HAZARDS`` of each segment's, -1 where a dry road stays dry."""
    s, lies = looks.found.surfaces, looks.found.is_in("snow")
    point = np.where((lowest < 0.0) & ~np.isnan(s.frost_point_c), s.frost_point_c, s.dew_point_c)
    wet, damp = _water(looks, likely, p)
    gathers = looks.deposit_mm >= p.dose.hoar_mm  # NaN does not
    told_dry = ~np.isnan(looks.deposit_mm) & ~np.isnan(looks.p_ice) & ~likely
    hoar = gathers | (~told_dry & (lowest <= point + hoar_margin_c))
    fits = [looks.freezing_rain, lies | looks.snows, looks.found.is_in("ice"), wet, damp, hoar, likely]
    found = first_fit(fits, range(FREEZING_RAIN, BY_CHANCE + 1), np.full(len(lowest), -1, dtype=np.int64))
    mostly = likely & (looks.p_ice >= MOSTLY)
    if mostly.any():
        found = _as_wet(found, mostly & _as_much_on_wet(lowest, p, matrix), gathers)
    if looks.town.glazed:
        for k in np.flatnonzero(is_one_of(found, (WET, DAMP_ROAD, DAMP_AS_WET)) & (lowest <= 0.0)).tolist():
            if matrix.is_more_after_rain(bool(found[k] != DAMP_ROAD), float(lowest[k]), p.spread.material):
                found[k] = AFTER_RAIN
    return _deeper(found, looks, lies, p, matrix)


def _as_wet(found: Ints, counts: Bools, gathers: Bools) -> Ints:
    """Return the hazards with what counts as wet, as most of a forecast's cases have ice there."""
    dry = counts & is_one_of(found, (HOAR, BY_CHANCE))
    found = np.where(dry, np.where(gathers, HOAR_AS_WET, MOSTLY_ICE), found)
    return np.where(counts & (found == DAMP_ROAD), DAMP_AS_WET, found)


def _as_much_on_wet(lowest: Floats, p: GrittingParameters, matrix: TreatmentMatrix) -> Bools:
    """Return :meth:`rules.core.matrix.TreatmentMatrix.is_as_much_on_wet` of all."""
    total, left = np.zeros((2, len(lowest))), np.ones((2, len(lowest)), dtype=bool)
    for row in matrix.rows:
        inside = _within(row, lowest)
        for i, wet in enumerate((False, True)):
            if row.is_for("frost", wet):
                total[i, left[i] & inside] = (row.rate_g_m2(p.spread.material) or 0.0) * row.passes
                left[i] &= ~inside
    damp, of_wet = total
    as_much: Bools = of_wet >= damp
    return as_much


def _deeper(
    found: Ints, looks: Outlooks, lies: Bools, p: GrittingParameters, matrix: TreatmentMatrix
) -> Ints:
    """Return heavy snow instead of light snow, and snow to be ploughed, where there is so much."""
    light = found == LIGHT_SNOW
    if looks.town.snow_mm == 0.0 and matrix.knows("packed_snow"):
        is_new = looks.lain_h < PACKED_H  # NaN is not
        found = np.where(light & lies & ~looks.snows & ~is_new, PACKED_SNOW, found)
        light = found == LIGHT_SNOW
    found = np.where(light & (looks.snow_mm >= p.light_snow_mm), HEAVY_SNOW, found)
    if looks.town.snow_mm >= p.plough_snow_mm and matrix.knows("snow_cover"):
        found = np.where(light & lies, SNOW_COVER, found)
    return found


def _water(looks: Outlooks, likely: Bools, p: GrittingParameters) -> tuple[Bools, Bools]:
    """Return which roads are wet, and damp, when they freeze."""
    told = ~np.isnan(looks.film_mm)
    as_now = ~told | np.isnan(looks.p_ice) | likely
    falls = looks.freezing_rain | looks.snows | (looks.town.precipitation != "none")
    counts = as_now | falls | ~np.isnan(looks.rain_ends_in_h)
    wet, damp = looks.film_mm >= p.dose.wet_from_mm, looks.film_mm >= p.dose.damp_from_mm
    cold = ~as_now & (looks.found.surfaces.surface_c <= 0.0)  # NaN is not
    seen_wet, seen_damp = cold & looks.found.is_in("wet"), cold & looks.found.is_in("damp")
    return (
        (as_now & looks.wet) | (counts & wet) | seen_wet,
        (as_now & looks.damp) | (counts & damp) | seen_wet | seen_damp,
    )


def _cells(
    looks: Outlooks, hazard: Ints, lowest: Floats, p: GrittingParameters, matrix: TreatmentMatrix
) -> _Cells:
    n = len(hazard)
    rate, film = np.full(n, np.nan), np.full(n, np.nan)
    passes, plough, successive = np.ones(n, dtype=np.int64), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    told = np.fmax(looks.film_mm, looks.deposit_mm)
    for number in np.unique(hazard[hazard >= 0]).tolist():
        condition, wet = HAZARDS[number]
        left = hazard == number
        films = np.full(n, film_mm(condition, wet, p.dose))
        if condition in FREEZING:
            films = np.fmax(films, told)  # NaN is not
        if condition == "frost":
            film[left] = films[left]
        for row in matrix.rows:
            if row.is_for(condition, wet):
                here = left & _within(row, lowest)
                rate[here] = _rate(row, films[here], lowest[here], p)
                passes[here], plough[here], successive[here] = row.passes, row.plough, row.successive
                left &= ~here
    return _Cells(rate, passes, plough, film, successive)


def _has_rate(hazard: Ints, lowest: Floats, p: GrittingParameters, matrix: TreatmentMatrix) -> Bools:
    """Return where the matrix has a rate for a hazard."""
    found, left = np.zeros(len(hazard), dtype=bool), np.ones(len(hazard), dtype=bool)
    for number in np.unique(hazard[hazard >= 0]).tolist():
        for row in matrix.rows:
            if row.is_for(*HAZARDS[number]):
                here = left & (hazard == number) & _within(row, lowest)
                left &= ~here
                if row.rate_g_m2(p.spread.material) is not None:
                    found |= here
    return found


def _rate(row: MatrixRow, films: Floats, lowest: Floats, p: GrittingParameters) -> Floats | float:
    cell = row.rate_g_m2(p.spread.material)
    if cell is None:
        return np.nan
    if p.dose.decides == "matrix":
        return cell
    return gated_g_m2(row, cell, films, np.minimum(0.0, lowest), p.dose, p.spread.material).astype(np.float64)


def _within(row: MatrixRow, lowest: Floats) -> Bools:
    inside = np.ones(len(lowest), dtype=bool)
    if row.above_c is not None:
        inside &= lowest >= row.above_c if row.above_inclusive else lowest > row.above_c
    if row.below_c is not None:
        inside &= lowest <= row.below_c if row.below_inclusive else lowest < row.below_c
    return inside
