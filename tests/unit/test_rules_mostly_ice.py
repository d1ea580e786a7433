"""Where most of a forecast's cases have ice the road counts as wet, however little water or hoar is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.dose import film_mm
from rules.core.gritting import assess
from rules.core.hazards import MOSTLY
from rules.core.matrix import TreatmentMatrix
from rules.core.outlook import Outlook

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix


def outlook(minimum_c: float, p_ice: float = 0.9, **more: Any) -> Outlook:
    given = {
        "segment_id": "s", "street": "S", "surface_c": 1.0, "state": "dry", "source": "forecast", "film_mm": 0.0, "deposit_mm": 0.0,
        "zero_in_h": 5.0, "ice_in_h": 3.0, "hoar_in_h": 4.0,
    }  # fmt: skip
    return Outlook(minimum_c=minimum_c, p_ice=p_ice, **{**given, **more})


@pytest.mark.parametrize(
    ("given", "says", "in_h"),
    [
        ({}, "ice in most of the forecast's cases", 3.0),
        ({"film_mm": 0.04}, "damp road that may freeze, taken for wet", 5.0),
        ({"film_mm": 0.07}, "damp road that may freeze, taken for wet", 5.0),
        ({"film_mm": 0.08}, "wet road that may freeze", 5.0),
        ({"film_mm": 0.02, "deposit_mm": 0.03}, "hoar frost likely, 0.03 mm, taken for wet", 4.0),
        ({"state": "damp", "damp": True}, "damp road that may freeze, taken for wet", 5.0),
    ],
)
def test_it_gets_a_wet_road_s_salt(given: dict[str, Any], says: str, in_h: float) -> None:
    for minimum_c, salt in ((-1.0, (8.0, 1)), (-4.0, (16.0, 1)), (-7.6, (15.0, 2))):
        found = assess(outlook(minimum_c, **given), P, MATRIX)
        assert (found.rate_g_m2, found.passes) == salt, found.why
        assert found.why.startswith(f"{says}, lowest")
        assert (found.film_mm, found.in_h) == (film_mm("frost", True, P.dose), in_h)


def test_below_half_of_the_cases_a_damp_road_is_a_damp_one() -> None:
    found = [assess(outlook(-4.0, chance, film_mm=0.04), P, MATRIX) for chance in (MOSTLY - 0.01, MOSTLY)]
    assert [a.rate_g_m2 for a in found] == [10.0, 16.0]
    nowcast = assess(outlook(-4.0, film_mm=0.04, source="nowcast"), P, MATRIX)
    assert nowcast.rate_g_m2 == 10.0, "what stations alone tell is too wide to act on"


def test_after_freezing_rain_the_largest_cell_counts() -> None:
    """At -7.6 °C that is a wet road's 2 × 15 g/m², not the 20 that are more than a damp road's."""
    for minimum_c, salt in ((-4.0, (20.0, 1)), (-7.6, (15.0, 2))):
        found = assess(outlook(minimum_c, film_mm=0.04, glazed=True), P, MATRIX)
        assert (found.rate_g_m2, found.passes) == salt, found.why


def without_wet() -> TreatmentMatrix:
    return structs.replace(MATRIX, rows=tuple(r for r in MATRIX.rows if r.surface != "wet"))


@pytest.mark.parametrize("given", [{}, {"film_mm": 0.04}, {"deposit_mm": 0.03}])
def test_a_matrix_with_less_or_nothing_for_wet_roads_takes_no_salt_away(given: dict[str, Any]) -> None:
    found = assess(outlook(-4.0, **given), P, without_wet())
    assert (found.outcome, found.rate_g_m2) == ("treat", 10.0), found.why


@pytest.mark.parametrize("damp", [True, False])
def test_no_film_that_is_told_protects_a_road_that_a_thinner_one_does_not(damp: bool) -> None:
    """0.075 mm, just wet, had less to keep liquid than 0.07, for which the usual wet film counted: 7 g/m² protected one, not the other."""
    seen = {"state": "damp" if damp else "wet", "damp": True, "wet": not damp, "surface_c": -0.5}
    told = np.array([0.0, 0.02, 0.03, 0.05, 0.07, 0.074, 0.075, 0.09, 0.1, 0.15])
    films = [assess(outlook(-1.5, 0.4, **{**seen, "film_mm": f}), P, MATRIX).film_mm for f in told.tolist()]
    assert films == sorted(f for f in films if f is not None)
    assert (films[0], films[-1]) == (film_mm("frost", not damp, P.dose), 0.15)


def test_hoar_that_is_told_needs_what_hoar_usually_needs_or_more() -> None:
    """Else 0.02 mm of it asked for less than hoar of which nobody told how much."""
    films = [
        assess(outlook(-3.0, 0.3, frost_point_c=-2.9, deposit_mm=mm), P, MATRIX).film_mm
        for mm in (0.0, 0.019, 0.02, 0.04, 0.08)
    ]
    assert films == [*[film_mm("frost", False, P.dose)] * 4, 0.08]


def test_after_freezing_rain_the_film_that_is_told_counts_too() -> None:
    """Where the dose decides, a damp road had 17 g/m² for what a dry one had 18 for."""
    p = structs.replace(P, dose=structs.replace(P.dose, decides="dose"))
    found = [
        assess(outlook(-2.1, 0.5, deposit_mm=0.25, glazed=True, **seen), p, MATRIX)
        for seen in ({}, {"state": "damp", "damp": True})
    ]
    assert [a.condition for a in found] == ["frost", "after_freezing_rain"]
    assert [a.rate_g_m2 for a in found] == [18.0, 18.0]
