"""Roads that a gritter can't pass: limits by the map's tags, barriers on roads, and what a check says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cityops.errors import ConfigurationError
from ops_api.network_map import Made, Wanted, make
from rules.core.fleet.jobs import Wanted as Treat
from rules.core.fleet.jobs import jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.planner import Builder
from rules.core.fleet.request import Request
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check
from rules.core.network.barriers import closes
from rules.core.network.build import build
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Draft
from rules.core.network.lorry import Gritter
from rules.core.network.osm_limits import Limits, limits_of, said
from rules.network_files.assumptions import read_assumptions
from rules.network_files.read import read_map
from tests.fakes.road_maps import at, collection, edges, feature

GRITTER = Gritter()
TOWN = {1: (0.0, 0.0), 2: (2.0, 0.0), 3: (4.0, 0.0), 4: (4.0, 2.0), 5: (0.0, 2.0)}
RING = [(1, 2), (2, 3), (3, 4), (4, 5), (5, 1)]


@pytest.mark.parametrize(
    ("tags", "limits"),
    [
        ({}, Limits()),
        ({"hgv": "no"}, Limits(weight_t=3.5)),
        ({"hgv": "private", "maxweight": "18"}, Limits(weight_t=3.5)),
        ({"hgv": "destination"}, Limits()),
        ({"hgv": "designated", "maxheight": "none"}, Limits()),
        ({"hgv:backward": "no"}, Limits(weight_t=3.5)),
        ({"maxweightrating": "7.5"}, Limits(weight_t=7.5)),
        ({"maxweightrating:hgv": "7.5 t", "maxweight": "18 t"}, Limits(weight_t=7.5)),
        ({"maxgcweight": "17 lt"}, Limits(weight_t=pytest.approx(17.273, abs=0.001))),  # type: ignore[arg-type]
        ({"maxheight": "14'6\"", "maxheight:physical": "4.3"}, Limits(height_m=4.3)),
        ({"maxheight": ["default", "3.2"], "maxwidth": "2.1 m"}, Limits(height_m=3.2, width_m=2.1)),
    ],
)
def test_limits_of_tags(tags: dict[str, Any], limits: Limits) -> None:
    assert limits_of(tags) == limits


def test_what_is_said_and_not_kept_is_counted() -> None:
    assert said({"highway": "primary", "maxheight": "default", "hgv": "yes"}) == []
    assert said(
        {"hgv": "no", "maxheight": "below_default", "maxweight:conditional": "7.5 @ (22:00-06:00)"}
    ) == [
        "closed to heavy goods vehicles (hgv), taken for a limit of 3.5 t",
        "not kept: maxweight:conditional, for a time or for some only",
        "not kept: maxheight 'below_default' is no number with a unit",
    ]
    assert said({"maxaxleload": "8", "maxweightrating": "12"}) == [
        "a limit of weight",
        "not kept: maxaxleload is not read",
    ]


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"barrier": "bollard"}, "bollard"),
        ({"barrier": "bollard", "hgv": "yes"}, None),
        ({"barrier": "bollard", "bicycle": "yes", "access": "no"}, "bollard, closed to vehicles"),
        ({"barrier": "gate"}, None),
        ({"barrier": "gate", "locked": "yes"}, "gate, locked"),
        ({"barrier": "gate", "access": "private"}, "gate, closed to vehicles"),
        ({"barrier": "lift_gate", "access": "private", "motor_vehicle": "yes"}, None),
        ({"barrier": "height_restrictor", "maxheight": "2.1"}, "height_restrictor, 2.1 m high"),
        ({"barrier": "height_restrictor", "maxheight": "4.2 m"}, None),
        ({"barrier": "height_restrictor"}, "height_restrictor of unknown height"),
        ({"barrier": "bollard", "maxwidth": "2.1", "motor_vehicle": "yes"}, "bollard, 2.1 m wide"),
        ({"barrier": "gate", "hgv": "no"}, "gate, 3.5 t"),
        ({"barrier": "cattle_grid"}, None),
        ({"highway": "stop"}, None),
    ],
)
def test_which_barriers_close_a_road(tags: dict[str, Any], why: str | None) -> None:
    assert closes(tags, GRITTER) == why


def test_a_lower_and_lighter_gritter_passes_more() -> None:
    low = Gritter(weight_t=3.5, height_m=2.0, width_m=2.0)
    assert closes({"barrier": "height_restrictor", "maxheight": "2.1"}, low) is None
    assert closes({"barrier": "gate", "hgv": "no"}, low) is None
    with pytest.raises(ValueError, match=r"gritter's height_m is 0\.0; allowed: more than 0"):
        Gritter(height_m=0.0)


def point(x: float, y: float, **tags: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(at(x, y))},
        "properties": tags,
    }


def made(tmp_path: Path, *features: dict[str, Any], **how: Any) -> Made:
    path = tmp_path / "town.geojson"
    path.write_text(collection(features))
    return make(Wanted(file=path, **how))


def texts(found: Made, *levels: str) -> str:
    return "\n".join(f.text for f in found.findings if f.level in (levels or ("error", "warning", "note")))


def graph(**middle: Any) -> list[dict[str, Any]]:
    """A ring of streets; Low Street from 2 to 3 has these tags."""
    low = feature([TOWN[2], (3.0, 0.1), TOWN[3]], u=2, v=3, key=0, highway="residential", oneway=False,
                  name="Low Street", **middle)  # fmt: skip
    back = feature([TOWN[3], (3.0, 0.1), TOWN[2]], u=3, v=2, key=0, highway="residential", oneway=False,
                   name="Low Street", **middle)  # fmt: skip
    return [*edges([p for p in RING if p != (2, 3)], TOWN, name="Ring Road"), low, back]


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"hgv": "no"}, "3.5 t"),
        ({"maxweightrating": "7.5"}, "7.5 t"),
        ({"maxheight": "2.9"}, "2.9 m high"),
        ({"maxheight": "5'"}, "1.524 m high"),
    ],
)
def test_a_closed_road_is_told_and_neither_driven_nor_treated(
    tmp_path: Path, tags: dict[str, str], words: str
) -> None:
    found = made(tmp_path, *graph(**tags))
    said = texts(found, "warning")
    assert "1 segment (" in said
    assert f"(Low Street: {words})" in said
    assert "closed to a gritter of 18 t, 3.6 m high and 2.6 m wide, and neither driven nor treated" in said
    assert "no road of this map has a limit" not in said
    network = found.network
    wanted = tuple(Treat(s.segment_id, 10.0, 1) for s in network.segments)
    fleet = Fleet((Lorry("G1", 0, 9000.0, 0.0, 36000.0),), (0,))
    plan = Builder(1)(Request(network, jobs_of(network, wanted, FleetSettings()), fleet))
    low = {s.segment_id for s in network.segments if s.street == "Low Street"}
    driven = {
        network.segments[network.arcs[s.arc].segment].segment_id
        for t in plan.trips
        for s in t.steps
        if hasattr(s, "arc")
    }
    assert len(low) == 1
    assert not low & driven
    assert driven == {s.segment_id for s in network.segments} - low
    assert set(plan.left_out) == low
    assert Check(network, wanted, fleet, FleetSettings()).verdict(plan).wrong == ()


def test_what_lies_beyond_is_told_too(tmp_path: Path) -> None:
    beyond = edges([(3, 6)], {**TOWN, 6: (6.0, 0.0)}, name="Beyond Lane")
    weak = edges([(2, 3)], TOWN, name="Weak Bridge", maxweight="7.5")
    found = made(tmp_path, *edges([(1, 2), (2, 5), (5, 1)], TOWN, name="Ring Road"), *weak, *beyond)
    assert "(Weak Bridge: 7.5 t)" in texts(found, "warning")
    assert "1 segment (0.14 km) is open to it but can't be reached and left past what is closed" in texts(
        found
    )
    lighter = NetworkSettings(gritter=Gritter(weight_t=7.5))
    assert "Weak Bridge" not in texts(made(tmp_path, *graph(), settings=lighter), "warning")


def test_a_barrier_splits_a_street_of_a_graph_and_blocks_it(tmp_path: Path) -> None:
    found = made(tmp_path, *graph(), point(3.0, 0.1, barrier="bollard"))
    low = [s for s in found.network.segments if s.street == "Low Street"]
    assert len(low) == 2
    assert not {low[0].from_node, low[0].to_node} & {low[1].from_node, low[1].to_node}
    assert sum(s.length_m for s in low) == pytest.approx(138.0, abs=3.0)
    assert found.steps is not None
    (barrier,) = found.steps.barriers
    assert (barrier.what, barrier.place, barrier.street, barrier.closes) == (
        "bollard",
        at(3.0, 0.1),
        "Low Street",
        True,
    )
    assert "1 barriers close a road, nothing passes there: bollard in Low Street at 52.20010" in texts(
        found, "note"
    )
    ends = {
        found.network.graph.node_index[n] for s in low for n in (s.from_node, s.to_node)
    } & found.network.turning
    assert len(ends) == 2
    open_ = made(tmp_path, *graph(), point(3.0, 0.1, barrier="gate"))
    assert len([s for s in open_.network.segments if s.street == "Low Street"]) == 1
    assert open_.steps is not None
    assert open_.steps.barriers == ()


def test_barriers_at_a_node_between_two_and_where_three_meet_and_at_an_end(tmp_path: Path) -> None:
    end = edges([(2, 7)], {**TOWN, 7: (2.0, -2.0)}, name="Dead End")
    shut = made(tmp_path, *graph(), *end, point(*TOWN[4], barrier="block"))
    assert shut.steps is not None
    assert [b.closes for b in shut.steps.barriers] == [True]
    assert len(shut.network.nodes) == len(made(tmp_path, *graph(), *end).network.nodes) + 2
    unclear = made(
        tmp_path, *graph(), *end, point(*TOWN[2], barrier="block"), point(2.0, -2.0, barrier="block")
    )
    assert unclear.steps is not None
    assert [(b.place, b.closes) for b in unclear.steps.barriers] == [(at(*TOWN[2]), False)]
    assert "1 barriers are where three or more roads meet" in texts(unclear, "warning")


@pytest.mark.parametrize("turned", [False, True])
def test_a_barrier_splits_plain_ways_whatever_their_order(tmp_path: Path, turned: bool) -> None:
    ways = [
        feature([(0, 0), (1, 0), (2, 0)], **{"@id": "way/7"}, highway="residential", name="High Street"),
        feature(
            [(2, 0), (2, 1), (0, 1), (0, 0)], **{"@id": "way/8"}, highway="residential", name="Back Street"
        ),
    ]
    path = tmp_path / "ways.geojson"
    path.write_text(
        collection([*(ways[::-1] if turned else ways), point(1, 0, barrier="gate", locked="yes")])
    )
    content = read_map(path, NetworkSettings()).content
    assert isinstance(content, Draft)
    assert sorted(r.key for r in content.roads) == ["way/7.1|1", "way/7.1|2", "way/8.1"]
    network, _ = build(content, NetworkSettings())
    assert len(network.turning) == 2
    assert all(len(network.arcs_from[n]) == 1 for n in network.turning)


def test_a_map_without_such_tags_and_open_roads_say_so(tmp_path: Path) -> None:
    assert "no road of this map has a limit of weight, height or width" in texts(
        made(tmp_path, *graph()), "warning"
    )
    link = feature(
        [(0, 0), (1, 0)], identifier="l1", startNode="a", endNode="b", formOfWay="Single Carriageway"
    )
    found = texts(made(tmp_path, link), "warning")
    assert (
        "OS Open Roads has no one-way streets, turn restrictions, lanes, limits of weight and height, and barriers"
        in found
    )
    assert "no road of this map" not in found


def test_the_gritter_is_named_in_the_assumptions(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[gritter]\nweight_t = 7.5\nheight_m = 2.8\n")
    assert read_assumptions(path, NetworkSettings()).gritter == Gritter(7.5, 2.8, 2.6)
    path.write_text("[gritter]\nlength_m = 7.5\n")
    with pytest.raises(ConfigurationError, match="allowed: a table with weight_t, height_m, width_m"):
        read_assumptions(path, NetworkSettings())
    path.write_text("[gritter]\nweight_t = 0\n")
    with pytest.raises(ConfigurationError, match=r"gritter\.weight_t is 0; allowed: more than 0 to 100"):
        read_assumptions(path, NetworkSettings())


def test_planner_and_check_mean_the_same_lorry() -> None:
    own = FleetSettings()
    assert (own.weight_t, own.height_m, own.width_m) == (GRITTER.weight_t, GRITTER.height_m, GRITTER.width_m)
