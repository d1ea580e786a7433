"""Published conditions of winter treatment, re-typed as tables and run against our rules.

Two sources, facts only:

* Transport Scotland / Scottish Salt Group, "Scottish Road Network: lessons learned from winter
  2009/10" (August 2010), Appendix D: the matrix of rates.
* MetService New Zealand, MetConnect "Winter Service Decision Guide": whether a road is treated at
  all, by surface temperature, dew point and surface. It belongs to another country's materials
  (liquids, grit), so that treat or not is compared, not its rates.

Where our rule does otherwise, the row says why.
"""

from __future__ import annotations

import pytest

from rules.catalogue.loader import load
from rules.core.gritting import Outlook, Precipitation, assess
from rules.core.matrix import Condition

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix

# condition, wet, surface °C, dry salt, pre-wet [g/m² of a pass], passes; None = the table has no row
RATES: list[tuple[Condition, bool, float, tuple[float, float | None, int] | None]] = [
    ("frost", False, 0.5, (8, 8, 1)),
    ("frost", True, -1.99, (8, 8, 1)),
    ("frost", False, -2.0, (8, 8, 1)),  # "at or above -2"
    ("frost", True, -2.0, (8, 8, 1)),
    ("frost", False, -2.01, (10, 9, 1)),
    ("frost", False, -4.99, (10, 9, 1)),
    ("frost", False, -5.0, (18, 18, 1)),  # "-5 and below": the edge belongs to the colder row
    ("frost", False, -9.99, (18, 18, 1)),
    ("frost", False, -10.0, None),  # "above -10": nothing is printed for it
    ("frost", False, -14.0, None),
    ("frost", True, -2.01, (16, 15, 1)),
    ("frost", True, -4.99, (16, 15, 1)),
    ("frost", True, -5.0, (15, 15, 2)),
    ("frost", True, -9.99, (15, 15, 2)),
    ("frost", True, -10.0, None),
    ("light_snow", True, -1.0, (20, 18, 1)),
    ("heavy_snow", True, -1.0, (20, None, 2)),
    ("freezing_rain", True, -1.0, (20, None, 2)),
    ("ice", True, -4.99, (20, None, 1)),
    ("ice", True, -5.0, (20, None, 2)),
    ("snow_cover", True, -1.0, (20, None, 1)),  # ploughed, and successive
]


@pytest.mark.parametrize(("condition", "wet", "surface_c", "printed"), RATES)
def test_scottish_matrix(
    condition: Condition, wet: bool, surface_c: float, printed: tuple[float, float | None, int] | None
) -> None:
    row = MATRIX.find(condition, wet, surface_c)
    if printed is None:
        assert row is None, "a gap is a question for the duty officer"
        return
    assert row is not None
    dry, prewet, passes = printed
    assert row.rate_g_m2("dry_salt") == dry
    assert row.rate_g_m2("prewet") == (dry if prewet is None else prewet)  # note 2: dry salt on ice and snow
    assert row.passes == passes


UNCLAIMED = ("hard-packed snow or ice at or below -8 °C: salt and an abrasive, without a rate",)
"""Rows of the source that the shipped matrix does not claim: they need a person on the road."""


def test_what_is_not_claimed_is_not_there() -> None:
    assert UNCLAIMED
    assert {r.condition for r in MATRIX.rows} == {
        "frost", "ice", "light_snow", "heavy_snow", "snow_cover", "packed_snow", "freezing_rain",
        "after_freezing_rain",
    }  # fmt: skip
    assert [r.condition for r in MATRIX.rows if r.plough] == ["snow_cover"]
    packed = MATRIX.find("packed_snow", True, -8.0)
    assert packed is not None
    assert packed.rate_g_m2("dry_salt") is None, "a question for the duty officer"


MORE = "we are more careful"
LESS = "we treat less"

# surface °C, whether the dew point reaches it, what it says of the surface (frost: dry road, dew may freeze;
# wet: water on it; ice: water that has frozen), precipitation, whether it treats, our deviation and why
GUIDE: list[tuple[float, bool, str, Precipitation, bool, str, str]] = [
    (0.5, False, "dry", "none", False, "", ""),
    (0.5, False, "wet", "none", False, MORE,
     "a wet road between 0 and 1 °C is treated: the action threshold of +1 °C is a UK custom"),
    (0.5, True, "frost", "none", True, "", ""),
    (0.5, True, "wet", "rain", False, MORE, "the same: rain on a road at 0.5 °C may freeze later"),
    (-1.0, False, "dry", "none", False, "", ""),
    (-1.0, False, "ice", "none", True, "", ""),
    (-1.0, True, "frost", "none", True, "", ""),
    (-1.0, True, "ice", "none", True, "", ""),
    (-4.0, False, "dry", "none", False, "", ""),
    (-4.0, False, "ice", "none", True, "", ""),
    (-4.0, True, "frost", "none", True, "", ""),
    (-4.0, True, "ice", "none", True, "", ""),
    (-7.0, False, "dry", "none", False, "", ""),
    (-7.0, False, "ice", "none", True, "", ""),
    (-7.0, True, "frost", "none", True, "", ""),
    (-7.0, True, "ice", "none", True, "", ""),
    (-12.0, True, "frost", "none", True, LESS,
     "below -10 °C the Scottish matrix prints no rate: the duty officer decides (refer)"),
]  # fmt: skip


def outlook(surface_c: float, dew: bool, surface: str, falls: Precipitation) -> Outlook:
    point = surface_c + 0.1 if dew else surface_c - 3.0
    return Outlook(
        segment_id="s0",
        street="High Street",
        surface_c=surface_c,
        minimum_c=surface_c,
        dew_point_c=point,
        frost_point_c=point,
        state="ice" if surface == "ice" else "dry",
        wet=surface in ("wet", "ice"),
        precipitation=falls,
    )


@pytest.mark.parametrize(("surface_c", "dew", "surface", "falls", "treats", "deviation", "why"), GUIDE)
def test_metconnect_guide(
    surface_c: float, dew: bool, surface: str, falls: Precipitation, treats: bool, deviation: str, why: str
) -> None:
    ours = assess(outlook(surface_c, dew, surface, falls), P, MATRIX).outcome
    if deviation == "":
        assert (ours == "treat") is treats
    else:
        assert why
        assert (ours == "treat") is not treats, "no deviation any more: take its reason out of the table"
        assert ours in ({"treat"} if deviation == MORE else {"refer"})


def test_a_dry_road_above_its_dew_point_is_watched_not_salted() -> None:
    for surface_c in (0.9, -1.0, -4.0, -8.0):
        assert assess(outlook(surface_c, False, "dry", "none"), P, MATRIX).outcome == "monitor"
