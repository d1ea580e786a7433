"""Boards against Grafana's own JSON schemas, where a copy of them is at hand.

They are in the repository grafana/grafana-foundation-sdk, folder ``jsonschema``
(Apache-2.0, 60 files); ``CITYOPS_TEST_GRAFANA_SCHEMAS`` names that folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.fakes.grafana_boards import BOARDS

FOLDER = os.environ.get("CITYOPS_TEST_GRAFANA_SCHEMAS")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="CITYOPS_TEST_GRAFANA_SCHEMAS names no folder with Grafana's schemas"
)

# The schemas say "object" where Grafana takes any value: an override may match by a
# name and set a text, and a map layer reads one query by its letter.
TOO_NARROW = ({"matcher", "options"}, {"properties", "value"}, {"filterData", "options"})


def _errors(schema: dict[str, Any], definition: str, value: Any) -> list[str]:
    whole = {"$ref": f"#/definitions/{definition}", "definitions": schema["definitions"]}
    found = jsonschema.Draft7Validator(whole).iter_errors(value)
    return [
        f"{list(error.absolute_path)}: {error.message}"
        for error in found
        if not any(path <= set(map(str, error.absolute_path)) for path in TOO_NARROW)
    ]


def _schema(name: str) -> dict[str, Any]:
    text = (Path(FOLDER or "") / f"{name}.jsonschema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@pytest.mark.parametrize("uid", BOARDS)
def test_board_fits_the_dashboard_schema(uid: str) -> None:
    schema = _schema("dashboard")
    board = BOARDS[uid]
    assert _errors(schema, "Dashboard", {**board, "panels": []}) == []
    for panel in board["panels"]:
        definition = "RowPanel" if panel["type"] == "row" else "Panel"
        assert _errors(schema, definition, panel) == [], panel["title"]


@pytest.mark.parametrize("uid", BOARDS)
def test_panel_options_fit_their_schemas(uid: str) -> None:
    for panel in BOARDS[uid]["panels"]:
        if panel["type"] == "row":
            continue
        schema = _schema(panel["type"].replace("-", ""))
        assert _errors(schema, "Options", panel["options"]) == [], panel["title"]
        custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom")
        if custom is not None and "FieldConfig" in schema["definitions"]:
            assert _errors(schema, "FieldConfig", custom) == [], panel["title"]
