"""Generated boards: as the code says, on the grid, numbered, with what they refer to."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.models import units

from dashboards import build as build_module
from dashboards.board import BoardSpec, Section, assemble
from dashboards.boards.fleet import INTERVALS, WEAK_PCT
from dashboards.build import build, render
from dashboards.catalogue import NOT_SHOWN, SHOWN, kinds
from dashboards.meanings import BIN_WARM, FILL
from dashboards.names import DATASOURCE_UID
from dashboards.panels import number
from tests.fakes.grafana_boards import BOARDS, queries

RULES = Path(__file__).parents[2] / "rules" / "catalogue"
EXPECTED = {
    "cityops-alarms",
    "cityops-bin-trends",
    "cityops-bins",
    "cityops-city",
    "cityops-fleet",
    "cityops-homes",
    "cityops-platform",
    "cityops-winter",
    "cityops-winter-verify",
}
KNOWN_UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and name[0].isupper()}
EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
BUILT_IN = {"__interval", "__timeFilter", "__timeFrom", "__timeTo", "__timeGroupAlias", "__timeGroup"}


def test_all_boards_are_there_and_as_the_code_says() -> None:
    assert set(BOARDS) == EXPECTED
    assert build(check=True) == [], "run `python -m dashboards.build` and commit dashboards/generated"


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert render() == render()
    (tmp_path / "left-over.json").write_text("{}")
    first = build(folder=tmp_path)
    assert "left-over.json: not a board" in first
    assert len(first) == len(EXPECTED) + 1
    assert build(check=True, folder=tmp_path) == []


def test_drift_is_found(tmp_path: Path) -> None:
    build(folder=tmp_path)
    file = tmp_path / "cityops-bins.json"
    file.write_text(file.read_text().replace("To collect", "Edited by hand"))
    (tmp_path / "cityops-city.json").unlink()
    assert build(check=True, folder=tmp_path) == ["cityops-bins.json: changed", "cityops-city.json: missing"]


def test_check_fails_on_drift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(build_module.sys, "argv", ["build", "--check"])
    assert build_module.main() == 0
    monkeypatch.setattr(build_module, "build", lambda check: ["cityops-city.json: changed"])
    assert build_module.main() == 1
    assert "cityops-city.json: changed" in capsys.readouterr().out


def test_the_sdk_is_the_pinned_one() -> None:
    # 1769699998!10.1.0 sorts above 0.0.21 and writes boards for Grafana 10.
    assert version("grafana-foundation-sdk").removeprefix("v") == "0.0.21"
    root = Path(build_module.__file__).parents[1]
    assert "grafana-foundation-sdk==0.0.21" in (root / "pyproject.toml").read_text()
    assert "grafana-foundation-sdk==0.0.21" in (root / "requirements" / "dev.lock").read_text()
    assert {board["schemaVersion"] for board in BOARDS.values()} == {42}


@EACH_BOARD
def test_panel_ids_are_unique_and_count_up(board: dict[str, Any]) -> None:
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(board["panels"]) + 1))


@EACH_BOARD
def test_panels_stay_on_the_grid_and_apart(board: dict[str, Any]) -> None:
    places = [(p["title"], p["gridPos"]) for p in board["panels"]]
    for title, g in places:
        assert g["x"] >= 0, title
        assert g["x"] + g["w"] <= 24, title
        assert g["h"] >= 1, title
    for (one, a), (two, b) in combinations(places, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{one!r} lies over {two!r}"


def test_a_line_wider_than_the_grid_is_refused() -> None:
    cells = [number("A", "select 1", width=20), number("B", "select 1", width=5)]
    with pytest.raises(ValueError, match="wider than 24"):
        assemble(BoardSpec(uid="wide", title="Wide", description="", sections=[Section("", [cells])]))


@EACH_BOARD
def test_every_query_goes_to_our_data_source(board: dict[str, Any]) -> None:
    def uids(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["datasource"]["uid"]] if isinstance(node.get("datasource"), dict) else []
            return own + [uid for value in node.values() for uid in uids(value)]
        return [uid for value in node for uid in uids(value)] if isinstance(node, list) else []

    assert set(uids(board)) == {DATASOURCE_UID}


def test_every_variable_used_is_defined() -> None:
    for query in queries():
        defined = {v["name"] for v in BOARDS[query.board]["templating"]["list"]} | BUILT_IN
        used = set(re.findall(r"\$\{?(\w+)", query.sql))
        assert used <= defined, query.where


def test_every_variable_defined_is_used() -> None:
    for uid, board in BOARDS.items():
        text = str(board["panels"]) + str(board["links"])
        for variable in board["templating"]["list"]:
            assert re.search(rf"\$\{{?{variable['name']}\b", text), f"{uid}: {variable['name']}"


@EACH_BOARD
def test_units_exist(board: dict[str, Any]) -> None:
    for panel in board["panels"]:
        config = panel.get("fieldConfig", {})
        used = {config.get("defaults", {}).get("unit")} - {None}
        used |= {
            p["value"] for o in config.get("overrides", []) for p in o["properties"] if p["id"] == "unit"
        }
        assert used <= KNOWN_UNITS, f"{panel['title']}: {used - KNOWN_UNITS}"


@EACH_BOARD
def test_maps_need_no_tile_server(board: dict[str, Any]) -> None:
    for panel in board["panels"]:
        if panel["type"] == "geomap":
            base = panel["options"]["basemap"]
            assert base["type"] == "xyz"
            assert base["config"]["url"].startswith("data:image/png;base64,")
    assert "http" not in re.sub(r"http://127\.0\.0\.1:8080", "", str(board))


@EACH_BOARD
def test_map_layers_read_queries_that_exist(board: dict[str, Any]) -> None:
    for panel in board["panels"]:
        if panel["type"] == "geomap":
            refs = {target["refId"] for target in panel["targets"]}
            assert {layer["filterData"]["options"] for layer in panel["options"]["layers"]} == refs


def test_empty_panels_say_so() -> None:
    for uid, board in BOARDS.items():
        for panel in board["panels"]:
            if panel.get("targets") and panel["type"] != "geomap":
                assert panel["fieldConfig"]["defaults"].get("noValue"), f"{uid}: {panel['title']}"


def test_the_catalogue_accounts_for_every_field() -> None:
    declared = {(kind.name, f.name) for kind in kinds().values() for f in kind.fields}
    shown = {field for fields in SHOWN.values() for field in fields}
    assert shown | set(NOT_SHOWN) == declared
    assert not shown & set(NOT_SHOWN)


@pytest.mark.parametrize(("uid", "kind", "name"), [(u, k, n) for u, fs in SHOWN.items() for k, n in fs])
def test_a_board_queries_what_the_catalogue_says_it_shows(uid: str, kind: str, name: str) -> None:
    if kind == "frog":  # only through the functions that aggregate, named after the quantity
        assert any(
            name.split("_")[0] in q.sql and "board.home_" in q.sql for q in queries() if q.board == uid
        )
        return
    found = [
        q
        for q in queries()
        if q.board == uid and re.search(rf"\b{kind}_(reading|hourly|daily|latest)\b", q.sql)
    ]
    assert any(re.search(rf"\b{name}\b", q.sql) for q in found)


def test_limits_are_the_rules_own() -> None:
    """Boards may not read the rules: their numbers are written down twice, and held together here."""

    def parameters(rule: str) -> dict[str, Any]:
        text = (RULES / f"{rule}.toml").read_text(encoding="utf-8")
        return dict(tomllib.loads(text)["parameters"])

    fire = parameters("bins_fire")
    assert [value for value, _ in BIN_WARM[1:]] == [fire["rising_c"], fire["hot_c"]]
    assert FILL[-1][0] == parameters("bins_full")["overflow_pct"]
    assert parameters("device_silent")["intervals"] == INTERVALS
    assert parameters("quality_battery")["of"]["bin"]["low"] == WEAK_PCT


def test_homes_are_never_queried_one_by_one() -> None:
    closed = re.compile(r"\b(home|home_device|diary_entry|frog_\w+|public\.\w+)\b(?!\.|_)")
    for query in queries():
        text = re.sub(r"'[^']*'", "", query.sql)
        assert not closed.search(text), f"{query.where}: {closed.search(text)}"
    names = {v["name"] for v in BOARDS["cityops-homes"]["templating"]["list"]}
    assert names == {"web"}, "a variable would let a reader narrow the homes down"
