"""``cityops network`` as its user starts it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devices.registry import load
from tests.fakes.command_line import cityops
from tests.fakes.real_data import real_data
from tests.fakes.road_maps import at, collection, edges, feature

PLACES = {
    1: (0.0, 0.0),
    2: (3.0, 0.0),
    3: (3.0, 3.0),
    4: (0.0, 3.0),
    5: (3.0, 6.0),
    6: (9.0, 9.0),
    7: (9.0, 9.5),
}
STREETS = [(1, 2), (2, 3), (3, 4), (4, 1), (3, 5)]
NORTH = f"north={at(0, 0)[1]},{at(0, 0)[0]}"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.geojson"
    closed = feature([(0, 0), (3, 3)], u=1, v=3, key=0, highway="bus_guideway")
    path.write_text(collection([*edges([*STREETS, (6, 7)], PLACES, name="Mill Road"), closed]))
    return path


def test_a_map_becomes_a_registry_file(town: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = cityops("network", "import", str(town), "--name", "town", "--out", str(out), "--depot", NORTH)
    assert done.returncode == 0, done.stderr
    for said in (
        "left out: 6, there twice, as the same line", "left out: 1, highway=bus_guideway",
        "note: cut off: 1 roads, 0.06 km, Mill Road at", "1 places to turn round, 0 turn bans",
    ):  # fmt: skip
        assert said in done.stdout
    registry = load(out)
    assert (len(registry.segments), registry.depots[0].depot_id) == (4, "north")
    assert cityops("network", "check", str(out)).returncode == 0
    shown = cityops(
        "network", "show", str(out), "--street", "mill", "--geojson", str(tmp_path / "look.geojson")
    )
    assert shown.stdout.startswith("Mill Road: 4 segments, ")
    assert len(json.loads((tmp_path / "look.geojson").read_text())["features"]) == 4
    document = json.loads(cityops("network", "check", str(town), "--json").stdout)
    assert (document["format"], document["counts"]["segments"]) == ("osm-geojson", 4)


def test_mistakes_are_told_in_words(town: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out.json")
    for words, said in (
        (
            ("import", str(town), "--name", "x", "--out", out, "--depot", "north"),
            "depot is 'north'; allowed: id=latitude",
        ),
        (("import", str(town), "--name", "Town!", "--out", out), "name is 'Town!'; allowed: lower case"),
        (("check", str(town), "--altitude-m", "nan"), "altitude_m is nan; allowed: -500 to 9000"),
        (
            ("import", str(town), "--name", "x", "--out", out, "--depot", "n=53.9,0.1"),
            "allowed: up to 1000 m",
        ),
        (("import", str(town), "--name", "x"), "no database is set"),
        (("check", str(town), "--longest-m", "0"), "longest_m is 0.0; allowed: more than 0"),
        (("check", str(town), "--assume", str(town)), "assumptions"),
        (("check", str(town), "--area", "1,2"), "area is '1,2'; allowed: south,west,north,east"),
        (("show", str(town), "--street", "Nowhere"), "there is no street with 'Nowhere'"),
    ):
        done = cityops("network", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not Path(out).exists()


def test_errors_are_an_exit_code_and_import_nothing(tmp_path: Path) -> None:
    town, out = tmp_path / "town.geojson", tmp_path / "out.json"
    town.write_text(collection(edges([(1, 2), (6, 7), (3, 5)], PLACES | {7: (9.0, 11.0)})))
    done = cityops("network", "check", str(town))
    assert done.returncode == 1
    assert "is the map whole?" in done.stdout
    refused = cityops("network", "import", str(town), "--name", "x", "--out", str(out))
    assert (refused.returncode, out.exists()) == (2, False)
    assert "--anyway imports in spite of them" in refused.stderr
    assert (
        cityops("network", "import", str(town), "--name", "x", "--out", str(out), "--anyway").returncode == 0
    )
    assert out.exists()


async def test_a_map_becomes_the_databases_network(
    town: Path, pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    x, y = at(1.5, 0.0)
    await pg.execute(
        "insert into device (name, kind, shard, installed_at, latitude_deg, longitude_deg)"
        " values ('road-1', 'road', 1, now(), %s, %s), ('road-2', 'road', 1, now(), 53, 1)",
        [y, x],
    )
    words = ("network", "import", str(town), "--depot", NORTH)
    done = cityops(*words, "--name", "town", CITYOPS_DB__DSN=db_dsn)
    assert done.returncode == 0, done.stderr
    assert "road_segment: 4 changed, 0 removed" in done.stdout
    assert "warning: sensor road-2 is on no segment: no road within 25 m" in done.stdout
    cursor = await pg.execute(
        "select s.segment_id, d.name, s.network_id from road_segment s join device d using (device_id)"
    )
    assert await cursor.fetchall() == [("1-2-0/2", "road-1", "town")]
    town.write_text(collection(edges([(2, 3), (3, 4), (4, 2)], PLACES, name="Mill Road")))
    refused = cityops("network", "import", str(town), "--name", "town", CITYOPS_DB__DSN=db_dsn)
    assert refused.returncode == 2
    assert "which the new map has not: give --depot north=lat,lon" in refused.stderr
    again = cityops(*words, "--name", "town", CITYOPS_DB__DSN=db_dsn)
    assert again.returncode == 0, again.stderr
    assert "road_segment: 2 changed, 4 removed" in again.stdout
    shown = cityops("network", "show", CITYOPS_DB__DSN=db_dsn)
    assert shown.stdout.startswith("town: town.geojson (osm-geojson), ")
    assert "2 segments" in shown.stdout
    assert cityops("network", "check", CITYOPS_DB__DSN=db_dsn).returncode == 0


async def test_a_second_town_far_away_leaves_the_first_as_it_is(
    town: Path, tmp_path: Path, pg: psycopg.AsyncConnection[Any], db_dsn: str
) -> None:
    """The second is the larger; its streets are said to be out of reach until it has a depot of its own."""
    first = cityops(
        "network", "import", str(town), "--name", "town", "--depot", NORTH, CITYOPS_DB__DSN=db_dsn
    )
    assert first.returncode == 0, first.stderr
    second = tmp_path / "second.geojson"
    far = {100 + n: (3000 + 2 * x, 2 * y) for n, (x, y) in PLACES.items()}
    streets = [(100 + a, 100 + b) for a, b in STREETS]
    second.write_text(collection(edges(streets, far, name="Far Road")))
    words = ("network", "import", str(second), "--name", "second")
    done = cityops(*words, CITYOPS_DB__DSN=db_dsn)
    assert done.returncode == 0, done.stderr
    unserved = "km round Far Road, which no road joins to one: no lorry gets there"
    assert f"{unserved}: --depot puts one there" in done.stdout
    checked = cityops("network", "check", CITYOPS_DB__DSN=db_dsn)
    assert checked.returncode == 0, checked.stdout
    assert unserved in checked.stdout
    assert "2 networks that are not joined: " in checked.stdout
    lon, lat = at(3000, 0)
    done = cityops(*words, "--depot", f"far={lat},{lon}", CITYOPS_DB__DSN=db_dsn)
    assert (done.returncode, unserved in done.stdout) == (0, False), done.stderr
    assert unserved not in cityops("network", "check", CITYOPS_DB__DSN=db_dsn).stdout


@pytest.mark.real_data
def test_cambridge_and_edinburgh() -> None:
    """The figures of docs/networks.md, and the map's own lengths beside ours."""
    # Cambridge's file has no tag of limits at all, and check says so; Open Roads never has any, which is said with the rest.
    for name, segments, arcs, km, lacks in (
        ("cambridge_drive.geojson", 5660, 10485, 564.4, ["GeoJSON of OpenStreetMap", "no road of this map"]),
        ("edinburgh_os_roadlink.geojson", 1466, 2918, 132.0, ["OS Open Roads"]),
    ):  # fmt: skip
        path = real_data(f"network/{name}")
        done = cityops("network", "check", str(path), "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert (found["counts"]["segments"], found["counts"]["arcs"]) == (segments, arcs)
        assert found["counts"]["km"] == pytest.approx(km, abs=0.1)
        said = [f["text"].partition(" has ")[0] for f in found["findings"] if f["level"] != "note"]
        assert said == lacks
