"""What `cityops grafana check` finds without a database: each fault put into a good board is found, and no other."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cityops.errors import ConfigurationError
from dashboards.check import check_boards, panels_of, read_boards
from dashboards.check_refs import page_of, variables_in
from dashboards.check_schema import FOLDER, WAIVED, board_problems, contact_problems, rule_group_problems
from ops_api.routes import page_paths

BOARDS = read_boards()
PAGES = dict.fromkeys(("/ops", "/", "/winter", "/winter/{route_id}", "/bins", "/alarms"), ())
ALL_PAGES = page_paths()
NAME = "cityops-winter"


def findings(board: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (check, what) of everything that is found when this board takes the place of the good one."""
    found = check_boards({**BOARDS, NAME: board}, schemas=board_problems, pages=ALL_PAGES)
    mine = [finding for finding in found if finding.where.split("/")[0] == NAME]
    others = [finding for finding in found if finding not in mine]
    assert all(f"leads to the board '{NAME}'" in finding.what for finding in others), others
    return {(finding.check, finding.what) for finding in mine}


def first(board: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def _overlap(board: dict[str, Any]) -> None:
    one, two = [p for p in board["panels"] if p["type"] != "row"][:2]
    two["gridPos"] = dict(one["gridPos"])


def _wide(board: dict[str, Any]) -> None:
    board["panels"][-1]["gridPos"] |= {"x": 20, "w": 5, "y": 500}


def _twice(board: dict[str, Any]) -> None:
    board["panels"][3]["id"] = board["panels"][2]["id"]


def _source(board: dict[str, Any]) -> None:
    first(board, "table")["datasource"] = {"type": "prometheus", "uid": "somewhere"}


def _undefined(board: dict[str, Any]) -> None:
    first(board, "table")["targets"][0]["rawSql"] += " where x = '$nobody'"


def _unused(board: dict[str, Any]) -> None:
    board["templating"]["list"].append({"type": "constant", "name": "spare", "query": "1"})


def _page(board: dict[str, Any]) -> None:
    board["links"].append({**board["links"][-1], "url": "${web}/gone"})


def _parameter(board: dict[str, Any]) -> None:
    board["links"].append({**board["links"][-1], "url": "${web}/bins/ledger?month=2026-01&year=2026"})


def _board(board: dict[str, Any]) -> None:
    board["links"].append({**board["links"][-1], "url": "/d/cityops-gone?from=now-1h"})


def _layer(board: dict[str, Any]) -> None:
    first(board, "geomap")["options"]["layers"][0]["filterData"]["options"] = "Z"


def _schema(board: dict[str, Any]) -> None:
    first(board, "table")["options"]["cellHeight"] = "huge"


def _unknown_panel(board: dict[str, Any]) -> None:
    first(board, "table")["type"] = "flamegraph"


def _uid(board: dict[str, Any]) -> None:
    board["uid"] = "somebody-else"


FAULTS: dict[Callable[[dict[str, Any]], None], tuple[str, str]] = {
    _overlap: ("grid", "lies over"),
    _wide: ("grid", "is not on the grid of 24 columns"),
    _twice: ("ids", "has the id of"),
    _source: ("references", "data source 'somewhere' is not known"),
    _undefined: ("references", "$nobody is used and not defined"),
    _unused: ("references", "is defined and not used"),
    _page: ("references", "leads to the page /gone, which is not there"),
    _parameter: ("references", "asks the page /bins/ledger for 'year'"),
    _board: ("references", "leads to the board 'cityops-gone'"),
    _layer: ("references", "reads query 'Z'"),
    _schema: ("schema", "'huge'"),
    _unknown_panel: ("schema", "no schema of the panel 'flamegraph'"),
    _uid: ("ids", "is not the file's name"),
}


def test_the_committed_boards_have_nothing_wrong() -> None:
    assert check_boards(BOARDS, schemas=board_problems, pages=ALL_PAGES) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.lstrip("_"))
def test_a_fault_is_found(fault: Callable[[dict[str, Any]], None]) -> None:
    board = copy.deepcopy(dict(BOARDS[NAME]))
    fault(board)
    check, words = FAULTS[fault]
    found = findings(board)
    assert any(c == check and words in what for c, what in found), found
    assert {c for c, _ in found} == {check}


def test_panels_of_folded_rows_are_looked_at() -> None:
    inner = {"id": 9, "type": "text", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 2}}
    board = {"panels": [{"id": 1, "type": "row", "panels": [inner]}]}
    assert [panel["id"] for panel in panels_of(board)] == [1, 9]


def test_variables_of_every_spelling_are_seen_and_grafanas_own_are_not() -> None:
    text = "$route ${stream:csv} [[no]] $__interval ${__from} costs $5 ${web}/ops"
    assert variables_in(text) == {"route", "stream", "web"}


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/winter", True),
        ("/winter/R1", True),
        ("/winter/${route}", True),
        ("/winter/R1/x", False),
        ("/nowhere", False),
    ],
)
def test_pages(path: str, there: bool) -> None:
    assert (page_of(path, PAGES) is not None) is there


def test_the_schemas_are_those_that_were_taken() -> None:
    import hashlib

    about = json.loads((FOLDER / "VENDOR.json").read_text(encoding="utf-8"))
    assert about["licence"] == "Apache-2.0"
    files = {path.name: path for path in FOLDER.glob("*.jsonschema.json")}
    assert about["sha256"] == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }


def test_each_waiver_is_needed() -> None:
    """A complaint that nobody makes any more is not waived for nothing."""
    import jsonschema

    schema = json.loads((FOLDER / "dashboard.jsonschema.json").read_text(encoding="utf-8"))
    maps = json.loads((FOLDER / "geomap.jsonschema.json").read_text(encoding="utf-8"))

    def refused(document: dict[str, Any], definition: str, value: Any) -> bool:
        whole = {"$ref": f"#/definitions/{definition}", "definitions": document["definitions"]}
        return any(jsonschema.Draft7Validator(whole).iter_errors(value))

    assert refused(schema, "MatcherConfig", {"id": "byName", "options": "Battery"})
    assert refused(schema, "DynamicConfigValue", {"id": "unit", "value": "celsius"})
    view = {"id": "coords", "lat": 51.5, "lon": -2.6}
    assert refused(maps, "MapViewConfig", {**view, "lon": 0})
    assert refused(maps, "MapViewConfig", {**view, "lat": 0})
    assert len(WAIVED) == 4


def test_alert_rules_and_contact_points_are_checked_too() -> None:
    assert [what for _, what in rule_group_problems({"title": "g", "interval": "1m", "rules": []})] != []
    assert [what for _, what in contact_problems({"type": "pigeon", "settings": {}, "uid": "x"})] != []


def test_what_is_no_board_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no boards"):
        read_boards(tmp_path)
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="not a board but a list"):
        read_boards(tmp_path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ConfigurationError, match="no JSON"):
        read_boards(tmp_path)
