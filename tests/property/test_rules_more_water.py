"""More water or more hoar never leads to less salt, nor to less that salt of an earlier run has to keep liquid."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.gritting import assess
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import MOSTLY
from rules.core.outlook import Outlook
from tests.fakes.examples import examples

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
D = P.dose
RANK = {"no_action": 0, "monitor": 1, "treat": 2, "refer": 3}
FILMS = st.one_of(
    st.sampled_from([0.0, D.hoar_mm, D.damp_from_mm, D.damp_film_mm, D.wet_from_mm, D.wet_film_mm]),
    st.floats(0.0, 0.3),
)
MORE = st.one_of(st.just(0.0), st.sampled_from([0.005, 0.01, 0.02, 0.05]), st.floats(0.0, 0.3))
CHANCES = st.sampled_from([0.0, 0.05, P.cost.act_from, 0.3, 0.499, MOSTLY, 0.9, 1.0])
CELSIUS = st.one_of(
    st.sampled_from([P.action_c, 0.0, -2.0, -2.1, -4.0, -5.0, -7.6, D.coldest_c]), st.floats(D.coldest_c, 3.0)
)
SETTINGS = st.builds(
    lambda decides, material: structs.replace(
        P, dose=structs.replace(D, decides=decides), spread=structs.replace(P.spread, material=material)
    ),
    st.sampled_from(["matrix", "dose"]), st.sampled_from(["dry_salt", "prewet"]),
)  # fmt: skip
STATES = {"unknown": {}, "dry": {}, "damp": {"damp": True}, "wet": {"damp": True, "wet": True}}


@st.composite
def outlooks(draw: st.DrawFn) -> dict[str, Any]:
    """Any road of which a forecast is there, by what is the same whatever water is told."""
    frost = draw(st.one_of(st.none(), CELSIUS))
    state = draw(st.sampled_from(list(STATES)))
    return {
        "segment_id": "s", "street": "S", "surface_c": draw(st.one_of(st.none(), CELSIUS)), "minimum_c": draw(CELSIUS),
        "frost_point_c": frost, "dew_point_c": None if frost is None else 1.12 * frost, "state": state, **STATES[state],
        "precipitation": draw(st.sampled_from(["none", "none", "rain"])), "glazed": draw(st.booleans()),
        "p_ice": draw(CHANCES), "source": draw(st.sampled_from(["forecast", "forecast", "nowcast"])),
        "rain_ends_in_h": draw(st.sampled_from([None, None, 3.0])),
    }  # fmt: skip


@given(outlooks(), FILMS, FILMS, MORE, MORE, SETTINGS)
@examples(300)
def test_more_water_or_hoar_is_never_less_salt(
    road: dict[str, Any], film_mm: float, hoar_mm: float, water: float, white: float, p: GrittingParameters
) -> None:
    less = assess(Outlook(**road, film_mm=film_mm, deposit_mm=hoar_mm), p, MATRIX)
    more = assess(Outlook(**road, film_mm=film_mm + water, deposit_mm=hoar_mm + white), p, MATRIX)
    assert RANK[more.outcome] >= RANK[less.outcome]
    if less.outcome == "treat":
        assert more.rate_g_m2 * more.passes >= less.rate_g_m2 * less.passes, (less.why, more.why)
        if less.film_mm is not None and more.film_mm is not None:
            assert more.film_mm >= less.film_mm, (less.why, more.why)


@given(outlooks(), FILMS, FILMS, SETTINGS)
@examples(200)
def test_a_road_seen_damp_or_wet_is_never_given_less_than_a_dry_one(
    road: dict[str, Any], film_mm: float, hoar_mm: float, p: GrittingParameters
) -> None:
    found = [
        assess(
            Outlook(**{**road, "wet": False, "damp": False, "state": s, **STATES[s]}, film_mm=film_mm, deposit_mm=hoar_mm), p, MATRIX
        )
        for s in ("dry", "damp", "wet")
    ]  # fmt: skip
    assert [RANK[a.outcome] for a in found] == sorted(RANK[a.outcome] for a in found)
    salt = [a.rate_g_m2 * a.passes for a in found if a.outcome == "treat"]
    assert salt == sorted(salt)
