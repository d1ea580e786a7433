"""The whole answer: stations, the way, its range, the next best, and what a closed road does to it."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from devices.registry import Depot, RoadNode, RoadSegment
from rules.catalogue.ops_files import load_way
from rules.core.emergency.finding import AskedWay, NoPlaceError, WayAnswer, find_way
from rules.core.emergency.parameters import SURFACES
from rules.core.emergency.roster import EmergencyRoster, Station, checked, stand_ins
from rules.core.emergency.surface import Conditions
from rules.core.network.network import Network

P = load_way()
STEP = 0.01
"""Of a crossing to the next [°]: 1.1 km to the north, 0.7 km to the east."""


def place(x: float, y: float) -> tuple[float, float]:
    return 52.0 + y * STEP, x * STEP


def road(name: str, a: int, b: int, street: str, **more: object) -> RoadSegment:
    fields = {
        "segment_id": name,
        "street": street,
        "road_class": "C",
        "from_node": a,
        "to_node": b,
        "length_m": 1000.0,
    }
    return msgspec.convert(fields | more, RoadSegment)


def town(**more: object) -> Network:
    """A square of four roads: the low road is short, the high way round is long; a lane leaves the far corner."""
    nodes = [
        RoadNode(node_id=n, latitude_deg=lat, longitude_deg=lon)
        for n, (lat, lon) in enumerate([place(0, 0), place(1, 0), place(1, 1), place(0, 1), place(2, 0)])
    ]
    return Network(
        nodes,
        [
            road("low", 0, 1, "Low Road", **more),
            road("west", 0, 3, "West Street"),
            road("high", 3, 2, "High Road"),
            road("east", 2, 1, "East Street"),
            road("lane", 1, 4, "Bin Lane"),
        ],
    )


STATIONS = (
    Station(id="near", label="Near", latitude_deg=place(0, 0)[0], longitude_deg=place(0, 0)[1]),
    Station(id="far", label="Far", latitude_deg=place(0, 1)[0], longitude_deg=place(0, 1)[1]),
)


def asked(x: float = 1.5, y: float = 0.0, vehicle: str = "fire-engine", exempt: bool = False) -> AskedWay:
    return AskedWay(*place(x, y), vehicle=vehicle, exempt=exempt)


def with_ice(network: Network, *names: str, treated: bool = False) -> Conditions:
    ids = [s.segment_id for s in network.segments]
    icy = np.array([name in names for name in ids])
    return Conditions(
        code=np.where(icy, SURFACES.index("ice"), 0).astype(np.int8), age_s=np.full(len(ids), 600.0),
        p_ice=np.zeros(len(ids)), treated_s=np.where(icy & treated, 1800.0, np.inf),
    )  # fmt: skip


def find(network: Network, c: Conditions | None = None, a: AskedWay | None = None) -> WayAnswer:
    return find_way(network, c or Conditions.all_dry(len(network.segments)), STATIONS, a or asked(), P)


def test_the_nearer_station_by_the_short_road() -> None:
    found = find(town())
    assert found.best is not None
    assert [s.id for s in found.stations] == ["near", "far"]
    assert [s.street for s in found.best.streets] == ["Low Road", "Bin Lane"]
    assert found.best.metres == pytest.approx(1500.0, abs=1.0)
    # 1.5 km at nine tenths of 48 km/h, straight on once.
    assert found.best.minutes == pytest.approx(1.5 / (0.9 * 48.0) * 60.0 + 1.0 / 60.0, abs=0.02)
    assert found.best.minutes == found.best.dry_min
    assert found.best.line[0] == pytest.approx((0.0, 52.0))
    assert found.best.line[-1] == pytest.approx((0.015, 52.0))
    assert (found.late_min, found.closed, found.notes) == (0.0, (), ())


def test_the_next_best_goes_another_way_and_says_how_much_it_shares() -> None:
    found = find(town())
    assert found.other is not None
    assert [s.street for s in found.other.streets] == ["West Street", "High Road", "East Street", "Bin Lane"]
    assert found.shared_pct == 25
    assert found.other.minutes > (found.best.minutes if found.best else math.inf)


def test_ice_is_named_with_what_is_bare_and_the_range_holds_the_time() -> None:
    network = town()
    found = find(network, with_ice(network, "low"))
    best = found.best
    assert best is not None
    assert best.streets[0].surfaces == ("ice",)
    assert (best.streets[0].icy, best.streets[0].treated, best.streets[0].age_min) == (True, False, 10.0)
    assert (best.icy_m, best.bare_m) == (1000.0, 1000.0)
    assert best.fast_min < best.minutes < best.slow_min
    assert best.minutes > best.dry_min
    salted = find(network, with_ice(network, "low", treated=True)).best
    assert salted is not None
    assert (salted.icy_m, salted.bare_m) == (1000.0, 0.0)
    assert salted.minutes < best.minutes


def test_a_closed_road_is_gone_round_and_what_it_costs_is_said() -> None:
    network = town()
    found = find(network.closing({"low": "burst main, until 10:00"}))
    assert found.best is not None
    assert found.best.segments == ("high", "east", "lane")
    assert found.stations[0].id == "far"
    assert [(c.street, c.why) for c in found.closed] == [("Low Road", "burst main, until 10:00")]
    open_ = find(network).best
    assert open_ is not None
    assert found.late_min == pytest.approx(found.best.minutes - open_.minutes, abs=0.02)


def test_a_place_on_a_closed_road_is_reached_at_its_end() -> None:
    found = find(town().closing({"lane": "works"}))
    assert found.target.closed == "works"
    assert found.best is not None
    assert found.best.segments == ("low",)


def test_where_no_way_leads_it_says_so() -> None:
    network = town()
    found = find(network.closing({"low": "x", "east": "x"}))
    assert (found.best, found.other) == (None, None)
    assert found.stations[0].minutes is None
    assert "No way leads there" in found.notes[-1]
    with pytest.raises(NoPlaceError, match="no road within 300 m"):
        find(network, a=asked(5.0, 5.0))
    with pytest.raises(NoPlaceError, match="there is no vehicle 'tank'; there are fire-engine"):
        find(network, a=asked(vehicle="tank"))


@pytest.mark.parametrize("limit", [{"max_weight_t": 7.5}, {"width_m": 3.5}, {"max_height_m": 3.0}])
def test_a_narrow_or_weak_road_is_the_ambulances_alone(limit: dict[str, object]) -> None:
    network = town(**limit)
    engine, ambulance = find(network).best, find(network, a=asked(vehicle="ambulance")).best
    assert engine is not None
    assert ambulance is not None
    assert "low" not in engine.segments
    assert "low" in ambulance.segments


def test_against_a_one_way_street_only_where_the_order_exempts() -> None:
    nodes = [RoadNode(node_id=n, latitude_deg=52.0, longitude_deg=n * STEP) for n in range(3)]
    network = Network(nodes, [road("a", 0, 1, "A"), road("b", 2, 1, "B", one_way=True)])
    bound, exempt = (find(network, a=asked(1.5, exempt=e)) for e in (False, True))
    assert bound.best is None
    assert exempt.best is not None
    assert exempt.best.streets[-1].against
    assert "only where the traffic order exempts" in exempt.notes[0]


def test_stations_as_written_down() -> None:
    roster = msgspec.toml.decode(
        b'[[station]]\nid = "s"\nlabel = "S"\nlatitude_deg = 52\nlongitude_deg = 0\nvehicles = ["car"]\n',
        type=EmergencyRoster,
    )
    assert checked(roster, P.vehicle) is roster
    assert (roster.of("car"), roster.of("ambulance")) == (roster.station, ())
    for wrong, words in (
        ({"vehicles": ("tank",)}, "no vehicle 'tank'"),
        ({"latitude_deg": 99.0}, "no place"),
        ({"id": " "}, "empty or there twice"),
    ):
        with pytest.raises(ValueError, match=words):
            checked(
                EmergencyRoster(station=(msgspec.structs.replace(roster.station[0], **wrong),)), P.vehicle
            )
    with pytest.raises(ValueError, match="there is none"):
        checked(EmergencyRoster(station=()), P.vehicle)
    depots = [Depot(depot_id="d", label="Yard", node_id=3), Depot(depot_id="gone", label="Gone", node_id=9)]
    assert [(s.id, s.label) for s in stand_ins(depots, town().nodes).station] == [("d", "Yard")]
