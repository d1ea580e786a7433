"""Files that networks come from: read whole, or refused in words that name the place."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.core.network.build import build
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Draft
from rules.core.network.national_grid import from_wgs84, to_wgs84
from rules.network_files.area import Area, area_of
from rules.network_files.assumptions import read_assumptions
from rules.network_files.geopackage import lines_of
from rules.network_files.read import read_map
from rules.network_files.survey import read_survey
from tests.fakes.road_maps import SOUTH, WEST, at, collection, edges, feature, geopackage

SETTINGS = NetworkSettings()
PLACES = {1: (0.0, 0.0), 2: (1.0, 0.0), 3: (1.0, 1.0), 4: (0.0, 1.0)}
RING = [(1, 2), (2, 3), (3, 4), (4, 1)]


def draft_in(path: Path, **how: Any) -> Draft:
    content = read_map(path, SETTINGS, **how).content
    assert isinstance(content, Draft)
    return content


# ---- GeoJSON of OpenStreetMap


def test_a_graph_of_osm(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    one_way = feature([(0, 0), (1, 1)], u=1, v=3, key=0, highway="primary", oneway=True, ref="A1")
    dropped = feature([(0, 0), (1, 1)], u=1, v=3, key=1, highway="bus_guideway", oneway=True)
    path.write_text(
        collection([*edges(RING, PLACES), one_way, dropped], attribution="(c) X", license="ODbL-1.0")
    )
    found = read_map(path, SETTINGS)
    assert (found.kind, found.attribution) == ("osm-geojson", "(c) X ODbL-1.0")
    network, steps = build(found.content, SETTINGS)  # type: ignore[arg-type]
    assert steps.dropped == {"highway=bus_guideway": 1, "there twice, as the same line": 4}
    assert (len(network.nodes), len(network.segments), len(network.arcs)) == (2, 3, 5)
    assert {n.node_id for n in network.nodes} == {1, 3}


def test_plain_ways_of_osm_are_cut_where_they_meet(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    high = feature([(0, 0), (1, 0), (2, 0)], **{"@id": "way/7"}, highway="primary", name="High Street")
    mill = feature([(1, 1), (1, 0)], **{"@id": "way/8"}, highway="residential", oneway="-1")
    point = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": at(0, 0)},
        "properties": {"highway": "stop"},
    }
    path.write_text(collection([high, point, mill]))
    found = draft_in(path)
    assert [(r.key, r.line) for r in found.roads] == [
        ("way/7.1", (at(0, 0), at(1, 0))), ("way/7.2", (at(1, 0), at(2, 0))), ("way/8.1", (at(1, 0), at(1, 1))),
    ]  # fmt: skip
    assert found.roads[2].one_way
    assert len(found.nodes) == 4


ODD: list[tuple[Any, str]] = [
    ("{", "is no JSON"),
    ('{"type": "FeatureCollection", "features": {}}', "is no GeoJSON FeatureCollection"),
    (collection([], crs={"type": "name", "properties": {"name": "EPSG:3857"}}), "crs is EPSG:3857; allowed: CRS84"),
    (collection([{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "properties": ["highway"]}]),
     "features[0]: properties is ['highway']; allowed: an object, or null"),
    (collection([{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "properties": "highway"}]),
     "features[0]: properties is 'highway'; allowed: an object, or null"),
    (collection([{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [10**400, 1]]}, "properties": {}}]),
     "its coordinates are no list of [longitude, latitude]"),
    (collection([{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [500000, 1]]}, "properties": {}}]),
     "features[0]: a point is (500000.0, 1.0); allowed: longitude -180 to 180"),
    (collection([{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], ["a", 1]]}, "properties": {}}]),
     "its coordinates are no list of [longitude, latitude]"),
    (collection([{"type": "Feature", "geometry": {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]},
                  "properties": {}}]), "its 2 lines do not follow each other"),
    (collection([feature([(0, 0), (1, 0)], kind="river")]), "have neither highway (OpenStreetMap) nor startNode"),
    (collection([feature([(0, 0), (1, 0)], u=1, v=2, highway="primary"), feature([(0, 0), (2, 0)], highway="primary")]),
     "features[1] has no u and v, as others have"),
    (collection([feature([(0, 0), (1, 0)], u=1, v=2, highway="primary"), feature([(5, 0), (2, 0)], u=1, v=3, highway="primary")]),
     "node 1 is at"),
    (collection([feature([(0, 0), (1, 0)], id=7, highway="primary"), feature([(0, 0), (2, 0)], id=7, highway="primary")]),
     "way/7 is there more than once"),
    *((collection([feature([(0, 0), (1, 0)], highway="primary"),
                   {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": odd}]),
       f"features[1]: properties is {odd!r}; allowed: an object, or null") for odd in (5, "barrier", ["barrier"])),
    (collection([feature([(0, 0), (1, 0)], startNode="a", identifier="i")]), "a link of OS Open Roads needs its end"),
    (collection([feature([(0, 0), (1, 0)], startNode="a", endNode="b", identifier="i")] * 2), "link i is there twice"),
    ('{"nodez": []}', "missing required field `name`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), ODD, ids=[said[:50] for _, said in ODD])
def test_odd_files_are_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_map(path, SETTINGS)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "more", [{"highway": "primary"}, {"highway": "primary", "u": 1, "v": 1}, {"startNode": "a"}]
)
def test_a_line_of_one_point_is_left_out_and_counted_and_the_others_are_read(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    path = tmp_path / "x.geojson"
    other = more | ({"v": 2} if "u" in more else {}) | ({"endNode": "b"} if "startNode" in more else {})
    ends = {"endNode": "c"} if "startNode" in more else {}
    whole = feature([(0, 0), (1, 0)], **other, identifier="i")
    short = [feature(line, **more, **ends, identifier=f"j{n}") for n, line in enumerate(([], [(0, 0)]))]
    path.write_text(collection([*short, whole]))
    found = draft_in(path)
    assert len(found.roads) == 1
    assert found.dropped == {"a line of fewer than 2 points": 2}


def test_formats_files_and_areas_that_there_are_not(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(collection(edges(RING, PLACES)))
    for how, said in (
        ({"kind": "shape"}, "format is 'shape'; allowed: osm-pbf, osm-geojson"),
        ({"area": Area(0.0, 0.0, 1.0, 1.0)}, "0 lines have neither"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            read_map(path, SETTINGS, **how)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_map(tmp_path / "none.json", SETTINGS)


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "52,0,51,1", "52,1,53,0", "-91,0,0,1", "nan,0,1,1"])
def test_areas_in_words(text: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: south,west,north,east in degrees"):
        area_of(text)
    assert area_of("52.15, 0.05,52.25,0.20") == Area(52.15, 0.05, 52.25, 0.20)


# ---- OS Open Roads


def os_link(name: str, start: str, end: str, **more: str) -> dict[str, str]:
    return {
        "id": name, "start_node": start, "end_node": end, "name_1": "Rose Street", "road_classification": "Unclassified",
        "form_of_way": "Single Carriageway", "road_function": "Local Road", **more,
    }  # fmt: skip


GRID_LINKS = [
    (os_link("l1", "n1", "n2"), [(545000.0, 258000.0), (545100.0, 258000.0)]),
    (os_link("l2", "n2", "n3", road_function="Restricted Local Access Road"), [(545100.0, 258000.0), (545100.0, 258100.0)]),
    (os_link("l3", "n2", "n4", form_of_way="Roundabout"), [(545100.0, 258000.0, 3.0), (545200.0, 258000.0, 4.0)]),
    (os_link("far", "n8", "n9"), [(325000.0, 673000.0), (325100.0, 673000.0)]),
]  # fmt: skip


def test_a_geopackage_of_os_open_roads(tmp_path: Path) -> None:
    path = tmp_path / "oproad.gpkg"
    geopackage(path, GRID_LINKS, 27700)
    found = draft_in(path)
    assert {r.key for r in found.roads} == {"l1", "l3", "far"}
    assert found.dropped == {"restricted access": 1}
    assert found.inferred == {"one side of a road whose direction nothing tells: taken as two-way": 1}
    assert [r.length_m for r in found.roads] == pytest.approx([100.0] * 3, abs=0.1)
    near = draft_in(path, area=Area(52.1, 0.0, 52.3, 0.3))
    assert {r.key for r in near.roads} == {"l1", "l3"}


def test_a_geopackage_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(ConfigurationError, match="is no GeoPackage that can be read"):
        read_map(path, SETTINGS)
    path.unlink()
    geopackage(path, [], 3857)
    with pytest.raises(ConfigurationError, match="srs_id is 3857; allowed: 27700 or 4326"):
        read_map(path, SETTINGS)


@pytest.mark.parametrize(
    ("blob", "said"),
    [
        (None, "is none of a GeoPackage"), (b"XX", "is none of a GeoPackage"), (b"GP\0\1", "ends too early"),
        (b"GP\0\x11\0\0\0\0", "is empty"), (b"GP\0\1\0\0\0\0\1\2\0\0\0\2\0\0\0", "ends too early"),
        (b"GP\0\1\0\0\0\0\1\3\0\0\0\1\0\0\0", "geometry of kind 3; allowed: lines"),
    ],
)  # fmt: skip
def test_geometry_that_is_none(blob: bytes | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        lines_of(blob, "here")


def test_the_national_grid_as_ordnance_survey_works_it_out() -> None:
    """Caister water tower of the guide's worked example, here in WGS 84, and there and back all over Britain."""
    lon, lat = to_wgs84(np.array([651409.903]), np.array([313177.270]))
    assert (lon[0], lat[0]) == pytest.approx((1.716052, 52.657979), abs=2e-6)
    east, north = np.meshgrid(np.linspace(80_000, 650_000, 6), np.linspace(10_000, 1_200_000, 6))
    again = from_wgs84(*to_wgs84(east.ravel(), north.ravel()))
    # Heights are taken as 0 on both ellipsoids, which turns them a little against each other.
    assert np.abs(again[0] - east.ravel()).max() < 0.01
    assert np.abs(again[1] - north.ravel()).max() < 0.01


# ---- OpenStreetMap's own files


def osm_file(path: Path) -> Path:
    osmium = pytest.importorskip("osmium")
    from osmium.osm import mutable

    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1), 5: (1, 2)}.items():
            tags = {"highway": "turning_circle"} if number == 4 else {}
            writer.add_node(mutable.Node(id=number, location=at(*place), tags=tags))
        for number, nodes, tags in (
            (10, [1, 2], {"highway": "primary", "name": "High Street"}),
            (11, [2, 3], {"highway": "primary", "name": "High Street"}),
            (12, [2, 4, 5], {"highway": "residential", "name": "Mill Lane"}),
            (13, [1, 4], {"building": "yes"}),
        ):
            writer.add_way(mutable.Way(id=number, nodes=nodes, tags=tags))
        for number, tags, members in (
            (20, {"restriction": "no_left_turn"}, [("w", 10, "from"), ("n", 2, "via"), ("w", 12, "to")]),
            (21, {"restriction": "only_straight_on"}, [("w", 11, "from"), ("n", 2, "via"), ("w", 10, "to")]),
            (22, {"restriction": "no_u_turn"}, [("w", 10, "from"), ("w", 11, "via"), ("w", 10, "to")]),
            (
                23,
                {"restriction": "no_right_turn", "except": "psv;hgv"},
                [("w", 12, "from"), ("n", 2, "via"), ("w", 11, "to")],
            ),
            (24, {"restriction:conditional": "no_left_turn @ (08:00-09:00)"}, []),
            (25, {"restriction": "no_left_turn"}, [("w", 10, "from"), ("n", 2, "via"), ("w", 99, "to")]),
        ):
            writer.add_relation(
                mutable.Relation(id=number, members=members, tags={"type": "restriction"} | tags)
            )
    return path


def test_a_map_of_osm(tmp_path: Path) -> None:
    found = draft_in(osm_file(tmp_path / "x.osm.pbf"))
    assert [r.key for r in found.roads] == ["way/10.1", "way/11.1", "way/12.1", "way/12.2"]
    assert found.unread == {
        "over a way, or from or to several": 1, "another kind, or for a part of the time only": 1, "roads not in the network": 1,
    }  # fmt: skip
    assert found.turning == {"4"}
    network, steps = build(found, SETTINGS)
    assert {n.node_id: n.turning_place for n in network.nodes} == {
        1: False,
        2: False,
        3: False,
        4: True,
        5: False,
    }
    assert steps.bans_read == 2
    assert {(b.from_segment, b.via_node, b.to_segment) for b in network.turn_bans} == {
        ("way/10.1", 2, "way/12.1"), ("way/11.1", 2, "way/12.1"),
    }  # fmt: skip
    assert (
        draft_in(tmp_path / "x.osm.pbf", area=Area(SOUTH - 1, WEST - 1, SOUTH, WEST)).roads[0].key
        == "way/10.1"
    )


def test_limits_and_barriers_of_a_map_of_osm(tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium")
    from osmium.osm import mutable

    path = tmp_path / "x.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (2, 1)}.items():
            writer.add_node(
                mutable.Node(
                    id=number, location=at(*place), tags={"barrier": "bollard"} if number == 2 else {}
                )
            )
        for number, nodes, tags in (
            (10, [1, 2, 3], {"highway": "residential", "name": "High Street"}),
            (11, [3, 4], {"highway": "residential", "hgv": "no", "maxheight": "3.1"}),
            (12, [4, 1], {"highway": "residential", "maxweightrating": "7.5"}),
            (13, [2, 4], {"barrier": "fence"}),
        ):
            writer.add_way(mutable.Way(id=number, nodes=nodes, tags=tags))
    found = draft_in(path)
    assert [r.key for r in found.roads] == ["way/10.1|1", "way/10.1|2", "way/11.1", "way/12.1"]
    assert [(b.what, b.street, b.closes) for b in found.barriers] == [("bollard", "High Street", True)]
    assert [(r.traits.max_weight_t, r.traits.max_height_m) for r in found.roads[2:]] == [
        (3.5, 3.1),
        (7.5, None),
    ]
    assert found.limits == {
        "closed to heavy goods vehicles (hgv), taken for a limit of 3.5 t": 1, "a limit of height": 1, "a limit of weight": 1,
    }  # fmt: skip


def test_without_osmium_the_reader_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "osmium", None)
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"needs osmium, an extra: pip install 'cityops\[network\]'"):
        read_map(path, SETTINGS)


def test_a_map_that_is_none(tmp_path: Path) -> None:
    pytest.importorskip("osmium")
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(b"rubbish")
    with pytest.raises(ConfigurationError, match="can't be read as a map"):
        read_map(path, SETTINGS)


# ---- surveys


def test_a_survey(tmp_path: Path) -> None:
    path = tmp_path / "sky.csv"
    path.write_text("latitude_deg,longitude_deg,sky_view_factor,altitude_m\n52.2,0.1,0.55,\n52.3,0.2,,12\n")
    first, second = read_survey(path)
    assert (first.sky_view_factor, first.altitude_m) == (0.55, None)
    assert (second.sky_view_factor, second.altitude_m) == (None, 12.0)


def test_a_survey_of_horizons(tmp_path: Path) -> None:
    path = tmp_path / "sky.csv"
    path.write_text("latitude_deg,longitude_deg,horizon_deg\n52.2,0.1,0 5 30;30 30 5 0 0\n52.3,0.2,\n")
    first, second = read_survey(path)
    assert first.horizon_deg == (0.0, 5.0, 30.0, 30.0, 30.0, 5.0, 0.0, 0.0)
    assert second.horizon_deg == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lat,lon\n", "columns are lat, lon; allowed: latitude_deg, longitude_deg and one or more of"),
        ("latitude_deg,longitude_deg\n", "allowed: latitude_deg, longitude_deg and one or more of"),
        (
            "latitude_deg,longitude_deg,sky_view_factor\n52,0.1,0\n",
            "line 2: sky_view_factor is '0'; allowed: more than 0",
        ),
        (
            "latitude_deg,longitude_deg,sky_view_factor\n52,east,1\n",
            "line 2: longitude_deg is 'east'; allowed: -180 to 180",
        ),
        (
            "latitude_deg,longitude_deg,altitude_m\n52,,1\n",
            "line 2: latitude_deg and longitude_deg are needed",
        ),
        (
            "latitude_deg,longitude_deg,altitude_m,altitude_m\n52,0.1,1,2\n",
            "altitude_m, horizon_deg, each once",
        ),
        (
            "latitude_deg,longitude_deg,altitude_m\n52,0.1,1,2\n",
            "line 2: more fields than columns; allowed: 3",
        ),
        (
            "latitude_deg,longitude_deg,horizon_deg\n52,0.1,5 6 7\n",
            "line 2: horizon_deg has 3 elevations; allowed: 8 to 72",
        ),
        (
            "latitude_deg,longitude_deg,horizon_deg\n52,0.1,1 2 3 4 5 6 7 91\n",
            "line 2: horizon_deg is '91'; allowed: 0 to 90",
        ),
    ],
)
def test_surveys_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sky.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_survey(path)
    assert said in str(caught.value)


def test_a_survey_with_a_field_without_end_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "sky.csv"
    path.write_text('latitude_deg,longitude_deg,altitude_m\n52,0.1,"' + "1" * 200_000)
    with pytest.raises(ConfigurationError, match="can't be read: field larger than field limit"):
        read_survey(path)


# ---- assumptions


def test_an_authoritys_own_assumptions(tmp_path: Path) -> None:
    path = tmp_path / "assume.toml"
    path.write_text("bridge_sky_view = 1\n[sky_view]\nA = 0.95\n[one_way_width_m]\nU = 3.2\n")
    found = read_assumptions(path, NetworkSettings(altitude_m=12.0))
    assert (found.sky_view, found.bridge_sky_view) == (dict(SETTINGS.sky_view) | {"A": 0.95}, 1.0)
    assert (found.one_way_width_m["U"], found.two_way_width_m, found.altitude_m) == (
        3.2,
        SETTINGS.two_way_width_m,
        12.0,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sky = 1", "'sky' is no field; allowed: two_way_width_m, one_way_width_m, sky_view"),
        ("sky_view = 1", "sky_view is 1; allowed: a table with A, B, C, U"),
        ("[sky_view]\nM = 1", "allowed: a table with A, B, C, U"),
        ("[sky_view]\nA = 0", "sky_view.A is 0; allowed: more than 0 to 1"),
        ("[two_way_width_m]\nA = true", "two_way_width_m.A is True; allowed: more than 0 to 100"),
        ("altitude_m = 9001", "altitude_m is 9001; allowed: -500 to 9000"),
        ("a = ", "can't be read"),
    ],
)
def test_assumptions_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "assume.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_assumptions(path, SETTINGS)
    assert said in str(caught.value)


def test_a_registry_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "town.json"
    path.write_text(
        json.dumps({"name": "x", "nodes": [{"node_id": 1, "latitude_deg": 52.0, "longitude_deg": 0.0}]})
    )
    found = read_map(path, SETTINGS)
    assert (found.kind, len(found.content.nodes)) == ("registry", 1)
