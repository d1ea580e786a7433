"""What salt each segment needs, in columns: :func:`rules.core.gritting.assess` of all of them, without words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.gritting import Outcome
from rules.core.matrix import Condition, MatrixRow, TreatmentMatrix
from rules.core.outlooks import Outlooks
from rules.core.parameters import GrittingParameters
from rules.core.psychrometrics import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
OUTCOMES: tuple[Outcome, ...] = ("no_action", "monitor", "refer", "treat")
NO_ACTION, MONITOR, REFER, TREAT = range(4)
HAZARDS: tuple[tuple[Condition, bool], ...] = (
    ("freezing_rain", True), ("light_snow", True), ("ice", True), ("frost", True), ("frost", False),
    ("frost", False), ("heavy_snow", True),
)  # fmt: skip
"""Condition and whether the road is wet, in the order in which they are looked for; -1: none."""
LIGHT_SNOW, HOAR, HEAVY_SNOW = 1, 5, 6


@dataclass(frozen=True, slots=True)
class Judged:
    """Of each segment, as in :class:`rules.core.gritting.Assessment`; ``outcome``: place in ``OUTCOMES``, NaN = none."""

    outcome: Ints
    rate_g_m2: Floats
    passes: Ints
    near: Bools
    in_h: Floats

    def of(self, at: Ints) -> Judged:
        """Return that of some segments."""
        return Judged(self.outcome[at], self.rate_g_m2[at], self.passes[at], self.near[at], self.in_h[at])


def judge(
    looks: Outlooks, p: GrittingParameters, matrix: TreatmentMatrix, by_c: float | None = None
) -> Judged:
    """Return what the segments need; ``by_c``: were they so much warmer [°C]."""
    lowest = looks.minimum_c if by_c is None else looks.minimum_c + by_c
    with np.errstate(invalid="ignore"):
        hazard = _hazards(looks, lowest, p.hoar_margin_c)
        if looks.town.snow_mm >= p.light_snow_mm:
            hazard = np.where(hazard == LIGHT_SNOW, HEAVY_SNOW, hazard)
        rate, passes = _rates(matrix, hazard, lowest, p.spread.material)
        outcome = np.select(
            [np.isnan(lowest), lowest > p.action_c, hazard < 0, np.isnan(rate)],
            [_without_reading(looks, p), NO_ACTION, MONITOR, REFER], default=TREAT,
        )  # fmt: skip
        nearly = _hazards(looks, lowest, p.hoar_margin_c + p.join_c)
        near_rate, near_passes = _rates(matrix, nearly, lowest, p.spread.material)
        near = (outcome <= MONITOR) & (lowest <= p.action_c + p.join_c) & ~np.isnan(near_rate)
    treat = outcome == TREAT
    in_h = np.where(hazard == HOAR, looks.hoar_in_h, looks.zero_in_h)
    return Judged(
        outcome=outcome,
        rate_g_m2=np.where(treat, rate, np.where(near, near_rate, 0.0)),
        passes=np.where(treat, passes, np.where(near, near_passes, 1)),
        near=near,
        in_h=np.where(treat, in_h, np.nan),
    )


def _without_reading(looks: Outlooks, p: GrittingParameters) -> int:
    air_c = looks.town.air_c
    return NO_ACTION if air_c is not None and air_c > p.action_c + p.air_margin_c else REFER


def _hazards(looks: Outlooks, lowest: Floats, hoar_margin_c: float) -> Ints:
    """Return the place in ``HAZARDS`` of each segment's, -1 where a dry road stays dry."""
    s, falls = looks.found.surfaces, looks.town.precipitation
    if falls == "freezing_rain":
        return np.zeros(len(lowest), dtype=np.int64)
    if falls == "snow":
        return np.full(len(lowest), LIGHT_SNOW)
    point = np.where((lowest < 0.0) & ~np.isnan(s.frost_point_c), s.frost_point_c, s.dew_point_c)
    fits = [looks.found.is_in("snow"), looks.found.is_in("ice"), looks.wet, looks.damp]
    fits.append(lowest <= point + hoar_margin_c)
    return np.select(fits, range(LIGHT_SNOW, HOAR + 1), default=-1)


def _rates(matrix: TreatmentMatrix, hazard: Ints, lowest: Floats, material: str) -> tuple[Floats, Ints]:
    """Return rate of a pass [g/m²] and passes by the matrix, NaN where it has none."""
    rate, passes = np.full(len(hazard), np.nan), np.ones(len(hazard), dtype=np.int64)
    for number in np.unique(hazard[hazard >= 0]).tolist():
        condition, wet = HAZARDS[number]
        left = hazard == number
        for row in matrix.rows:
            if row.is_for(condition, wet):
                here = left & _within(row, lowest)
                found = row.rate_g_m2(material)
                rate[here], passes[here] = np.nan if found is None else found, row.passes
                left &= ~here
    return rate, passes


def _within(row: MatrixRow, lowest: Floats) -> Bools:
    inside = np.ones(len(lowest), dtype=bool)
    if row.above_c is not None:
        inside &= lowest >= row.above_c if row.above_inclusive else lowest > row.above_c
    if row.below_c is not None:
        inside &= lowest <= row.below_c if row.below_inclusive else lowest < row.below_c
    return inside
