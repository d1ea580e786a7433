from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from devices.registry import Registry
from firmware_sim.world import faults
from firmware_sim.world.gritters import HOPPER_KG, Gritter, Streets
from firmware_sim.world.script import Fault
from firmware_sim.world.town import TownSizes, generate_town


@pytest.fixture(scope="module")
def town() -> Registry:
    sizes = TownSizes(
        segments=200, homes=5, road_sensors=10, weather_stations=2, bins=80, gritters=2, routes=3
    )
    return generate_town(4, sizes, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_tour_is_connected_legal_and_ends_at_the_depot(town: Registry) -> None:
    streets = Streets(town)
    rows = [i for i, s in enumerate(town.segments) if s.route_id == town.routes[0].route_id]
    node = streets.depot
    for row, reached, _ in streets.order(rows, [True] * len(rows)):
        a, b = streets.ends[row]
        assert node in (a, b)
        assert reached == (b if node == a else a)
        assert not (town.segments[row].one_way and node == b)
        node = reached
    assert node == streets.depot


def test_a_gritter_spreads_what_it_says_and_comes_home(town: Registry) -> None:
    streets = Streets(town)
    rows = [i for i, s in enumerate(town.segments) if s.route_id == town.routes[1].route_id]
    gritter = Gritter(streets)
    assert gritter.at(0.0).salt_kg == HOPPER_KG
    legs = gritter.order(rows, [True] * len(rows), 10.0, 1000.0)
    treated = sum(town.segments[r].length_m * town.segments[r].width_m for r in rows) * 10.0 / 1000.0
    assert legs[-1].salt_kg == pytest.approx(HOPPER_KG - treated)
    spread = {leg.row for leg in legs if leg.rate_g_m2 > 0.0}
    assert spread == set(rows)
    assert 30.0 / 3.6 < gritter.at(legs[2].start_s + 1.0).speed_m_s < 55.0 / 3.6
    start, end = gritter.at(999.0), gritter.at(legs[-1].end_s + 1.0)
    assert (start.longitude_deg, start.latitude_deg) == (end.longitude_deg, end.latitude_deg)
    assert end.speed_m_s == 0.0
    with pytest.raises(ValueError, match="still out"):
        gritter.order(rows, [True] * len(rows), 10.0, legs[-1].end_s - 1.0)


def test_a_gritter_moves_without_jumps(town: Registry) -> None:
    gritter = Gritter(Streets(town))
    rows = [i for i, s in enumerate(town.segments) if s.route_id == town.routes[2].route_id]
    legs = gritter.order(rows, [True] * len(rows), 20.0, 0.0)
    times = np.arange(0.0, legs[-1].end_s, 2.0)
    where = (
        np.array([(gritter.at(t).longitude_deg * 0.614, gritter.at(t).latitude_deg) for t in times])
        * 111_195.0
    )
    assert np.hypot(*np.diff(where, axis=0).T).max() < 40.0


def test_an_empty_hopper_spreads_no_more(town: Registry) -> None:
    gritter = Gritter(Streets(town))
    rows = [i for i, s in enumerate(town.segments) if s.route_id is not None]
    legs = gritter.order(rows, [True] * len(rows), 400.0, 0.0)
    assert min(leg.salt_kg for leg in legs) >= 0.0
    assert any(leg.rate_g_m2 == 0.0 and leg.row in rows for leg in legs)


def active(**changes: object) -> faults.Active:
    fault = Fault(**{"fault": "spike", "kind": "road", "count": 1, **changes})  # type: ignore[arg-type]
    return faults.Active(fault, 77, 0.0, 1e12)


def test_fault_functions_are_pure_and_do_what_they_say() -> None:
    assert faults.drift(20.0, -2.0, 43_200.0) == pytest.approx(19.0)
    assert faults.stuck(3.5) == 3.5
    spikes = [faults.spike(1.0, 5, tick, 9.0, 0.1) for tick in range(2000)]
    assert 120 < sum(s != 1.0 for s in spikes) < 280
    assert set(spikes) == {1.0, 10.0, -8.0}
    assert spikes == [faults.spike(1.0, 5, tick, 9.0, 0.1) for tick in range(2000)]
    swings = [faults.swing(1.0, since_s, 1.5, 600.0) for since_s in (0.0, 599.0, 600.0, 1199.0, 1200.0)]
    assert swings == [2.5, 2.5, -0.5, -0.5, 2.5]
    assert faults.fire(10.0, 210.0, -1.0) == 10.0
    assert faults.fire(10.0, 210.0, 600.0) == pytest.approx(110.0)
    assert faults.fire(10.0, 210.0, 1200.0) == 125.0
    assert faults.fire(10.0, 210.0, 1e5) == 10.0
    down = [faults.is_down(9, 60.0 * i, 0.4, 600.0) for i in range(20_000)]
    assert 0.35 < np.mean(down) < 0.45
    assert sum(a != b for a, b in pairwise(down)) < 1300


def test_corrupt_touches_only_the_named_field() -> None:
    good = {"surface_temperature_c": 1.0, "air_temperature_c": 2.0}
    hit = faults.corrupt(dict(good), active(fault="sentinel", field="surface_temperature_c"), None, 1, 1.0)
    assert hit == {"surface_temperature_c": -127.0, "air_temperature_c": 2.0}
    loose = active(fault="swing", field="surface_temperature_c", value=3.0, spell_s=60.0)
    assert faults.corrupt(dict(good), loose, None, 1, 70.0) == {**good, "surface_temperature_c": -2.0}
    gone = faults.corrupt(dict(good), active(fault="dropout"), None, 1, 1.0)
    assert gone == {}
    held = faults.corrupt(dict(good), active(fault="stuck"), {"surface_temperature_c": 9.0}, 1, 1.0)
    assert held == {"surface_temperature_c": 9.0, "air_temperature_c": 2.0}


def test_faults_are_assigned_by_seed_and_unknown_devices_are_named(town: Registry) -> None:
    fault = Fault(fault="drift", kind="bin", share=0.25)
    one, two = (faults.assign([fault], town.devices, seed, 0.0) for seed in (1, 2))
    assert len(one) == 20
    assert set(one) != set(two)
    with pytest.raises(ValueError, match="road-999"):
        faults.assign([Fault(fault="drift", devices=("road-999",))], town.devices, 1, 0.0)


def test_a_jammed_box_and_a_bin_that_lies_change_what_a_sensor_sees() -> None:
    good = {"distance_mm": 800.0, "tilt_deg": 2.0}
    box = [
        faults.corrupt(dict(good), active(fault="blocked"), None, tick, 1.0)["distance_mm"]
        for tick in range(200)
    ]
    assert 225.0 < np.mean(box) < 235.0
    assert 1 < len(set(box)) < 40
    lower = faults.corrupt(dict(good), active(fault="blocked", value=150.0), None, 7, 1.0)
    assert lower["tilt_deg"] == 2.0
    assert abs(lower["distance_mm"] - 150.0) < 20.0
    lies = [
        faults.corrupt(dict(good), active(fault="tilt", value=80.0), None, tick, 1.0) for tick in range(200)
    ]
    assert {v["tilt_deg"] for v in lies} == {80.0}
    seen = [v["distance_mm"] for v in lies]
    assert 320.0 <= min(seen) < 400.0
    assert 880.0 < max(seen) <= 960.0
    none = {"distance_mm": 65535.0, "tilt_deg": 2.0}
    assert faults.corrupt(none, active(fault="tilt"), None, 7, 1.0)["distance_mm"] == 65535.0
    for crew_only in ("contaminated", "not_out"):
        assert faults.corrupt(dict(good), active(fault=crew_only), None, 7, 1.0) == good
