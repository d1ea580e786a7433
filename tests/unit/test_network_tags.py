"""What maps say of roads, tag by tag."""

from __future__ import annotations

from typing import Any

import pytest

from rules.core.network.draft import Traits
from rules.core.network.os_tags import one_side, traits_of
from rules.core.network.osm_tags import Way, way_of
from rules.core.network.osm_values import count, metres, speed_km_h, tonnes


@pytest.mark.parametrize(
    ("text", "km_h"),
    [("30 mph", 48.28), ("50", 50.0), ("20mph", 32.187), ("GB:nsl_single", 96.56), ("GB:nsl_dual", 112.65),
     ("walk", 8.0), ("none", None), ("signals", None), ("0", None), ("", None), ("30 knots", None)],
)  # fmt: skip
def test_speeds(text: str, km_h: float | None) -> None:
    assert speed_km_h(text) == (None if km_h is None else pytest.approx(km_h, abs=0.01))


@pytest.mark.parametrize(
    ("text", "m"),
    [
        ("7.3", 7.3),
        ("7,3 m", 7.3),
        ("14'6\"", 4.42),
        ("6'", 1.829),
        ("13 ft 6 in", 4.115),
        ("default", None),
        ("3 lanes", None),
    ],
)
def test_lengths(text: str, m: float | None) -> None:
    assert metres(text) == (None if m is None else pytest.approx(m, abs=0.001))


@pytest.mark.parametrize(("text", "m"), [("7.3", 7.3), ("24'", 7.315), ("999", None), ("1", None)])
def test_a_width_that_no_road_has_is_none(text: str, m: float | None) -> None:
    assert way(highway="primary", width=text).traits.width_m == m


@pytest.mark.parametrize(
    ("text", "t"),
    [("7.5", 7.5), ("7.5 t", 7.5), ("3500 kg", 3.5), ("18T", 18.0), ("none", None), ("7.5 m", None)],
)
def test_weights(text: str, t: float | None) -> None:
    assert tonnes(text) == t


@pytest.mark.parametrize(
    ("text", "n"), [("2", 2), ("20", 20), ("21", None), ("0", None), ("1.5", None), ("2;3", None)]
)
def test_lanes(text: str, n: int | None) -> None:
    assert count(text) == n


def way(**tags: Any) -> Way:
    found = way_of(tags)
    assert isinstance(found, Way), found
    return found


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"highway": "bus_guideway"}, "highway=bus_guideway"),
        ({"highway": ["footway", "steps"]}, "highway=footway"),
        ({"highway": ["unclassified", "bus_guideway"]}, "highway=bus_guideway"),
        ({}, "no highway"),
        ({"highway": "residential", "access": "private"}, "no access for vehicles"),
        ({"highway": "residential", "motor_vehicle": "no"}, "no access for vehicles"),
        ({"highway": "residential", "area": "yes"}, "an area"),
        ({"highway": "service"}, "service road"),
        ({"highway": "primary", "oneway": "reversible"}, "its direction changes with the time of day"),
    ],
)
def test_what_is_no_road_for_a_gritter_says_why(tags: dict[str, object], why: str) -> None:
    assert way_of(tags) == why


def test_service_roads_are_roads_where_they_are_asked_for() -> None:
    assert isinstance(way_of({"highway": "service"}, service=True), Way)
    assert way_of({"highway": "service", "service": "driveway"}, service=True) == "service road"
    assert isinstance(way_of({"highway": "residential", "access": "no", "motor_vehicle": "yes"}), Way)


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({}, 0), ({"oneway": True}, 1), ({"oneway": "yes"}, 1), ({"oneway": "-1"}, -1), ({"oneway": False}, 0),
        ({"junction": "roundabout"}, 1), ({"junction": "roundabout", "oneway": "no"}, 0), ({"junction": "approach"}, 0),
    ],
)  # fmt: skip
def test_directions(tags: dict[str, object], direction: int) -> None:
    assert way(highway="primary", **tags).direction == direction
    assert way(highway="motorway").direction == 1


@pytest.mark.parametrize(
    ("tags", "road_class", "carriageway"),
    [
        ({"highway": "motorway", "ref": "M11"}, "A", "dual"),
        ({"highway": "trunk_link"}, "A", "slip"),
        ({"highway": "secondary", "ref": "A603"}, "A", "single"),
        ({"highway": "primary", "ref": "B1049;A10"}, "B", "single"),
        ({"highway": "tertiary", "ref": "Bus"}, "C", "single"),
        ({"highway": ["residential", "tertiary_link", "tertiary"]}, "C", "single"),
        ({"highway": "living_street", "junction": "circular"}, "U", "roundabout"),
        ({"highway": "primary", "dual_carriageway": "yes"}, "A", "dual"),
    ],
)
def test_class_and_carriageway(tags: dict[str, object], road_class: str, carriageway: str) -> None:
    traits = way(**tags).traits
    assert (traits.road_class, traits.carriageway) == (road_class, carriageway)


def test_of_lists_the_lowest_limits_count_and_the_first_name() -> None:
    traits = way(
        highway="primary", name=["Mill Road", "East Road"], maxspeed=["30 mph", "20 mph"], lanes=["3", "2"], width="7.3",
        bridge="yes", tunnel="no", maxweight="7.5", maxheight="14'6\"", maxwidth="6'6\"",
    ).traits  # fmt: skip
    assert traits == Traits(
        street="Mill Road", road_class="A", lanes=2, width_m=7.3, speed_km_h=pytest.approx(32.187), bridge=True,
        max_weight_t=7.5, max_height_m=pytest.approx(4.42, abs=0.01), max_width_m=pytest.approx(1.981),
    )  # fmt: skip


@pytest.mark.parametrize("new", [False, True], ids=["older names", "GeoPackage's names"])
def test_links_of_os_open_roads(new: bool) -> None:
    names = {
        "class": "road_classification", "formOfWay": "form_of_way", "roadNumber": "road_classification_number",
        "name1": "name_1", "function": "road_function", "structure": "road_structure",
    }  # fmt: skip

    def link(**said: str) -> dict[str, str]:
        return {names[k]: v for k, v in said.items()} if new else said

    found = traits_of(link(**{"class": "A Road"}, formOfWay="Collapsed Dual Carriageway", roadNumber="A8", name1="Princes Street",
                           function="A Road", structure="Road On Bridge"))  # fmt: skip
    assert found == Traits(street="Princes Street", ref="A8", road_class="A", carriageway="dual", bridge=True)
    classes = {
        "Motorway": "A",
        "B Road": "B",
        "Classified Unnumbered": "C",
        "Unclassified": "U",
        "Unknown": "U",
    }
    for said, road_class in classes.items():
        read = traits_of(link(**{"class": said}, formOfWay="Single Carriageway"))
        assert isinstance(read, Traits)
        assert read.road_class == road_class
    private = link(function="Restricted Local Access Road")
    assert traits_of(private) == "restricted access"
    assert isinstance(traits_of(private, restricted=True), Traits)
    assert traits_of(link(formOfWay="Guided Busway")) == "guided busway"
    assert traits_of({"fictitious": "true"}) == "fictitious link"
    assert one_side(link(formOfWay="Dual Carriageway"))
    assert not one_side(link(formOfWay="Collapsed Dual Carriageway"))
