"""Road state, treatment matrix and gritting decisions, at their published edges."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from msgspec import structs
from msgspec.structs import replace as with_

from rules.catalogue.loader import load
from rules.core.gritting import Assessment, Outlook, assess
from rules.core.matrix_check import OPTIONAL, gaps_of
from rules.core.nowcast import Nowcast
from rules.core.road_state import Sensed, Surface, build_transfer, classify, estimate
from tests.fakes.rules_town import hamlet
from tests.unit.test_rules_psychrometrics import real_data

CATALOGUE = load()
P = CATALOGUE.gritting.parameters
SURFACE = CATALOGUE.surface.parameters


@pytest.mark.parametrize(
    ("condition", "wet", "surface_c", "rate", "passes"),
    [
        ("frost", False, 0.5, 8, 1),
        ("frost", True, -2.0, 8, 1),  # -2.0 belongs to the warmer row
        ("frost", False, -2.001, 10, 1),
        ("frost", True, -2.001, 16, 1),
        ("frost", True, -4.999, 16, 1),
        ("frost", False, -5.0, 18, 1),  # -5.0 to the colder one
        ("frost", True, -5.0, 15, 2),
        ("frost", True, -9.999, 15, 2),
        ("ice", True, -4.999, 20, 1),
        ("ice", True, -5.0, 20, 2),
        ("light_snow", True, -20.0, 20, 1),
        ("freezing_rain", True, 0.0, 20, 2),
        ("packed_snow", True, -7.999, 20, 1),
        ("packed_snow", True, -8.0, None, 1),  # salt and abrasive: the duty officer's
        ("after_freezing_rain", True, -3.0, 20, 1),
    ],
)
def test_scottish_matrix_at_its_edges(condition, wet, surface_c, rate, passes) -> None:
    row = CATALOGUE.matrix.find(condition, wet, surface_c)
    assert row is not None
    assert (row.rate_g_m2("dry_salt"), row.passes) == (rate, passes)


@pytest.mark.parametrize("wet", [True, False])
def test_the_matrix_has_a_gap_from_minus_ten(wet: bool) -> None:
    assert CATALOGUE.matrix.find("frost", wet, -10.0) is None
    assert assess(outlook(minimum_c=-10.0, wet=wet, damp=True), P, CATALOGUE.matrix).outcome == "refer"


@pytest.mark.real_data
def test_the_shipped_matrix_has_the_published_frost_cells() -> None:
    path = real_data() / "road" / "rules" / "scottish_2010_treatment_matrix.csv"
    rows = [r for r in csv.DictReader(path.open()) if r["weather"] == "frost_or_forecast_frost"]
    assert len(rows) == 5
    for row in rows:
        low = float(row["rst_low_C"])
        inside = low + 1.0
        wet = row["condition"].startswith("wet")
        found = CATALOGUE.matrix.find("frost", wet, inside)
        assert found is not None
        assert found.dry_salt_g_m2 == float(row["dry_salt_g_m2"])
        assert found.prewet_g_m2 == float(row["prewet_g_m2"])
        assert found.passes == int(row["passes"])
        at_low = CATALOGUE.matrix.find("frost", wet, low)
        assert (at_low == found) is (row["rst_low_inclusive"] == "1")


def outlook(minimum_c: float | None = -1.0, **more) -> Outlook:
    given = {
        "segment_id": "s", "street": "High Street", "surface_c": 2.0, "dew_point_c": -8.0,
        "frost_point_c": -7.0, "state": "dry", **more,
    }  # fmt: skip
    return Outlook(minimum_c=minimum_c, **given)


@pytest.mark.parametrize(
    ("given", "outcome", "rate"),
    [
        ({"minimum_c": 1.1, "wet": True}, "no_action", 0),
        ({"minimum_c": 1.0, "wet": True}, "treat", 8),  # at the threshold itself
        ({"minimum_c": 0.0, "wet": True}, "treat", 8),  # zero is a value
        ({"minimum_c": -3.0}, "monitor", 0),  # dry road, dry air: never treated
        ({"minimum_c": -3.0, "wet": True}, "treat", 16),
        ({"minimum_c": -3.0, "damp": True}, "treat", 10),
        ({"minimum_c": -3.0, "frost_point_c": -3.4}, "treat", 10),  # within the margin of hoar
        ({"minimum_c": -3.0, "frost_point_c": -3.6, "dew_point_c": -4.1}, "monitor", 0),
        ({"minimum_c": 0.6, "frost_point_c": None, "dew_point_c": 0.3}, "treat", 8),
        ({"minimum_c": 0.5, "state": "ice"}, "treat", 20),
        ({"minimum_c": -1.0, "precipitation": "snow", "snow_mm": 3.0}, "treat", 20),
        ({"minimum_c": -3.0, "state": "snow"}, "treat", 20),  # hours old: packed
        ({"minimum_c": -8.0, "state": "snow"}, "refer", 0),  # salt and abrasive
        ({"minimum_c": -8.0, "state": "snow", "lying_mm": 0.5, "snow_mm": 0.5}, "treat", 20),  # fresh
        ({"minimum_c": -1.0, "wet": True, "glazed": True}, "treat", 20),
        ({"minimum_c": -3.0, "damp": True, "glazed": True}, "treat", 20),
        ({"minimum_c": 0.5, "wet": True, "glazed": True}, "treat", 8),  # it does not freeze
        ({"minimum_c": -6.0, "wet": True, "glazed": True}, "treat", 15),  # twice: more than after the rain
        ({"minimum_c": None, "surface_c": None}, "refer", 0),  # missing is not "no action"
        ({"minimum_c": None, "surface_c": None, "air_c": 11.0}, "refer", 0),
        ({"minimum_c": None, "surface_c": None, "air_c": 11.1}, "no_action", 0),  # far too warm
    ],
)
def test_what_a_segment_needs(given, outcome, rate) -> None:
    found = assess(outlook(**given), P, CATALOGUE.matrix)
    assert found.outcome == outcome
    if outcome == "treat":
        assert found.rate_g_m2 == rate
    assert found.why


def test_the_officer_is_told_what_packed_snow_needs_that_salt_alone_does_not_do() -> None:
    found = assess(outlook(minimum_c=-8.5, state="snow"), P, CATALOGUE.matrix)
    assert "snow that has lain for hours" in found.why
    assert "salt and abrasive" in found.why
    ours = structs.replace(
        CATALOGUE.matrix, rows=tuple(r for r in CATALOGUE.matrix.rows if r.condition not in OPTIONAL)
    )
    assert assess(outlook(minimum_c=-8.5, state="snow"), P, ours).rate_g_m2 == 20  # as it was
    assert assess(outlook(minimum_c=-1.0, wet=True, glazed=True), P, ours).rate_g_m2 == 8
    assert gaps_of(ours.rows) == gaps_of(CATALOGUE.matrix.rows)


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ({"minimum_c": -3.0, "frost_point_c": -4.4}, True),  # within a degree more of the margin of hoar
        ({"minimum_c": -3.0, "frost_point_c": -4.6}, False),
        ({"minimum_c": 1.9, "wet": True}, True),
        ({"minimum_c": 2.1, "wet": True}, False),
        ({"minimum_c": -3.0, "wet": True}, False),  # it needs salt anyway
    ],
)
def test_what_nearly_needs_salt_is_treated_by_a_lorry_that_goes_out_anyway(given, near) -> None:
    assert assess(outlook(**given), P, CATALOGUE.matrix).near is near


def surface(t: float | None, **more) -> Surface:
    given = {"dew_point_c": -5.0, "frost_point_c": -4.5, "wetness": None, **more}
    return Surface(surface_c=t, **given)


@pytest.mark.parametrize(
    ("view", "before", "state"),
    [
        (surface(None), "dry", "unknown"),
        (surface(3.0), "dry", "dry"),
        (surface(-2.0), "dry", "dry"),  # cold, but no water anywhere
        (surface(-2.0, frost_point_c=-1.5, dew_point_c=-1.7), "dry", "hoar"),
        (surface(-1.6, frost_point_c=-1.5, dew_point_c=-1.7), "dry", "hoar"),  # below Tf, above Td
        (surface(0.1, frost_point_c=None, dew_point_c=1.0), "dry", "damp"),  # dew, not frost
        (surface(0.0, wetness=2.0), "wet", "ice"),
        (surface(0.05, wetness=2.0), "wet", "wet"),
        (surface(0.25, wetness=2.0), "ice", "ice"),  # thaws only above the slack
        (surface(0.35, wetness=2.0), "ice", "wet"),
        (surface(-3.0, wetness=2.0, freezing_point_c=-6.0), "wet", "wet"),  # salted
        (surface(-6.0, wetness=2.0, freezing_point_c=-6.0), "wet", "ice"),
        (surface(-1.0, frost_point_c=-0.5, freezing_point_c=-6.0), "dry", "dry"),  # salt melts hoar
        (surface(2.0, code=4), "dry", "ice"),
        (surface(2.0, code=5), "dry", "snow"),
        (surface(0.0, snowing=True), "dry", "snow"),
    ],
)
def test_surface_states(view: Surface, before: str, state: str) -> None:
    found, reason = classify(view, before, SURFACE)
    assert found == state
    assert reason


def sensed(surface_c: list[float], fresh: list[bool]) -> Sensed:
    n = len(surface_c)
    return Sensed(
        np.array(fresh),
        np.array(surface_c),
        np.full(n, 1.0),
        np.full(n, 600.0),
        np.full(n, np.nan),
        np.zeros(n),
    )


def test_roads_without_a_sensor_follow_height_sky_and_bridges() -> None:
    town = hamlet()
    sensors = ("road-0", "road-1")
    t = build_transfer(town.segments, town.nodes, sensors, CATALOGUE.transfer.parameters)
    found = estimate(t, sensed([1.0, 1.0], [True, True]), -3.0)
    assert found.surface_c[0] == pytest.approx(1.0)  # its own sensor, unchanged
    assert found.surface_c[3] == pytest.approx(1.0)
    assert found.surface_c[2] < found.surface_c[1]  # the bridge under open sky is colder
    alone = estimate(t, sensed([1.0, 9.0], [True, False]), 0.0)
    assert alone.surface_c[3] == pytest.approx(1.0 - 0.0065 * 40.0)  # 40 m higher than its neighbour
    assert alone.leader[3] == 0
    none = estimate(t, sensed([1.0, 1.0], [False, False]), 0.0)
    assert np.isnan(none.surface_c).all()
    assert (none.leader == -1).all()


def test_a_road_far_from_every_sensor_is_not_estimated() -> None:
    town = hamlet()
    nodes = [with_(n, latitude_deg=n.latitude_deg + 0.46 * (n.node_id == 4)) for n in town.nodes]
    t = build_transfer(town.segments, nodes, ("road-0",), CATALOGUE.transfer.parameters)
    found = estimate(t, sensed([1.0], [True]), 0.0)
    assert np.isnan(found.surface_c).tolist() == [
        False,
        False,
        False,
        False,
        False,
    ]  # the middles: 26 km away
    nodes = [with_(n, latitude_deg=n.latitude_deg + 1.0 * (n.node_id == 4)) for n in town.nodes]
    t = build_transfer(town.segments, nodes, ("road-0",), CATALOGUE.transfer.parameters)
    found = estimate(t, sensed([1.0], [True]), 0.0)
    assert np.isnan(found.surface_c).tolist() == [False, False, False, True, True]  # 55 km away
    assert found.leader.tolist() == [0, 0, 0, -1, -1]


def test_the_nowcast_dies_out() -> None:
    cooling = Nowcast(3.0, -1.0, 3.0)
    assert cooling.after_c(0.0) == 3.0
    assert cooling.minimum_c(100.0) == pytest.approx(0.0)
    assert cooling.hours_until(1.0) == pytest.approx(3.0 * np.log(3.0))
    assert cooling.hours_until(-0.1) is None
    assert Nowcast(-0.5, 1.0, 3.0).hours_until(0.0) == 0.0
    assert Nowcast(3.0, 1.0, 3.0).minimum_c(6.0) == 3.0


def test_assessments_keep_what_they_saw() -> None:
    view = outlook(-3.0, wet=True)
    assert isinstance(assess(view, P, CATALOGUE.matrix), Assessment)
    assert assess(view, P, CATALOGUE.matrix).outlook is view
