"""``cityops winter plan`` and ``cityops bench fleet`` as people run them, on a made-up town."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from devices.registry import Depot, GrittingRoute, Registry, dump
from tests.fakes.command_line import cityops
from tests.fakes.fleet_towns import fleet_town

LORRIES = """
limits_min = {1 = 90, 2 = 150}
lorry = [
  {id = "G1", depot = "north", salt_t = 0.4, hours = 4},
  {id = "G2", depot = "south", salt_t = 0.4, hours = 4},
]
[settings]
spread_width_m = 9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = fleet_town(2)
    segments = [
        msgspec.structs.replace(s, route_id="R1" if s.road_class in "AB" else "R2") for s in network.segments
    ]
    registry = Registry(
        name="town",
        nodes=network.nodes,
        segments=tuple(segments),
        turn_bans=network.turn_bans,
        depots=(
            Depot(depot_id="south", label="South", node_id=network.nodes[0].node_id),
            Depot(depot_id="north", label="North", node_id=network.nodes[-2].node_id),
        ),
        routes=(
            GrittingRoute(route_id="R1", label="One", depot_id="south", priority=1),
            GrittingRoute(route_id="R2", label="Two", depot_id="north", priority=2),
        ),
    )
    (tmp_path / "town.json").write_bytes(dump(registry))
    (tmp_path / "lorries.toml").write_text(LORRIES)
    (tmp_path / "part.csv").write_text("segment_id,g_m2,due_min\ns1,15,\ns2,,30\ns3,,\n")
    return tmp_path


def plan(folder: Path, *more: str, status: int = 0) -> dict[str, object]:
    words = ("winter", "plan", str(folder / "town.json"), "--lorries", str(folder / "lorries.toml"))
    done = cityops(*words, "--iterations", "0", "--json", *more)
    assert done.returncode == status, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def names(told: dict[str, object]) -> dict[str, list[str]]:
    trips = told["trips"]
    assert isinstance(trips, list)
    return {t["lorry"]: [s["job"] for s in t["steps"] if "job" in s] for t in trips}


def test_a_night_is_planned_and_goes_on_when_a_lorry_fails(folder: Path) -> None:
    out = folder / "plan.json"
    told = plan(folder, "--out", str(out))
    assert told["holds"] is True
    assert json.loads(out.read_text()) == told
    again = plan(folder, "--standing", str(out))
    assert {k: set(v) for k, v in names(again).items()} == {k: set(v) for k, v in names(told).items()}
    rest = plan(folder, "--standing", str(out), "--broken", "G1", "--at-min", "30")
    assert list(names(rest)) == ["G2"]
    assert (rest["wrong"], rest["missed"]) == ([], [])
    assert set(names(rest)["G2"]) < {job for jobs in names(told).values() for job in jobs}


def test_what_is_not_kept_is_said_and_is_no_success(folder: Path) -> None:
    (folder / "lorries.toml").write_text(LORRIES.replace("1 = 90", "1 = 5"))
    told = plan(folder, status=1)
    assert told["wrong"] == []
    assert len(str(told["missed"]).split("is treated late")) == len(list(told["late"])) + 1  # type: ignore[call-overload]


def test_tonights_part_is_a_file(folder: Path) -> None:
    told = plan(folder, "--part", str(folder / "part.csv"))
    assert {job.partition("/")[0] for jobs in names(told).values() for job in jobs} == {"s1", "s2", "s3"}


def test_people_read_a_table_and_the_check(folder: Path) -> None:
    words = ("winter", "plan", str(folder / "town.json"), "--lorries", str(folder / "lorries.toml"))
    done = cityops(*words, "--iterations", "0")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["lorry", "G1", "G2", "all"]
    assert lines[-1] == "checked anew from the network: coverage, turns, times, salt, limits and hours hold"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "lorries.toml",
            LORRIES.replace("north", "west"),
            "lorry G1: no depot 'west'; there are north, south",
        ),
        ("lorries.toml", LORRIES.replace("spread_width_m", "wide"), "settings: there is no wide; allowed: "),
        ("part.csv", "segment_id\nelsewhere\n", "line 2: segment_id is 'elsewhere'; not in the network"),
        ("part.csv", "segment_id,g_m2\ns1,much\n", "line 2: g_m2 is 'much'; a number is wanted"),
        ("plan.json", "{}", "plan.json is no plan for these roads"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_words(folder: Path, file: str, text: str, words: str) -> None:
    (folder / file).write_text(text)
    files = ["--part", str(folder / "part.csv")]
    files += ["--standing", str(folder / "plan.json")] if file == "plan.json" else []
    command = ("winter", "plan", str(folder / "town.json"), "--lorries", str(folder / "lorries.toml"))
    done = cityops(*command, "--iterations", "0", *files)
    assert done.returncode != 0
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_the_benchmark_checks_a_whole_town(folder: Path) -> None:
    words = ("bench", "fleet", str(folder / "town.json"), "--iterations", "10", "--interpreted", "--json")
    done = cityops(*words, "--classes", "ABC", "--lorries", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["plan"]["holds"] is True
    assert told["conditions"]["compiled"] is False
    assert told["plan"]["cost_s"] <= told["plan"]["begun_s"]
    assert len(told["conditions"]["depots"]) == 2
