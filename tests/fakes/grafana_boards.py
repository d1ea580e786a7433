"""Reading the generated boards: panels, queries, variables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboards.build import GENERATED

BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(GENERATED.glob("*.json"))
}


@dataclass(frozen=True)
class Query:
    """One query of a board: where it is, its SQL and the frame that Grafana makes of it."""

    where: str
    board: str
    panel_type: str
    sql: str
    frame: str


def queries() -> Iterator[Query]:
    """Yield every query of every panel, annotation and variable."""
    for uid, board in BOARDS.items():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                where = f"{uid}/{panel['id']} {panel['title']}/{target['refId']}"
                yield Query(where, uid, panel["type"], target["rawSql"], target["format"])
        for note in board.get("annotations", {}).get("list", []):
            if "target" in note:
                yield Query(
                    f"{uid}/annotation {note['name']}", uid, "annotation", note["target"]["rawSql"], "table"
                )
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield Query(f"{uid}/${variable['name']}", uid, "variable", variable["query"], "table")
