"""The boards' queries as Grafana would send them: macros and variables expanded, for ``bench boards``. Pure.

After grafana/pkg/tsdb/grafana-postgresql-datasource/macros.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

POINTS = 900
"""Points that a panel of half a screen's width asks for."""
_MACRO = re.compile(r"\$(__[_a-zA-Z0-9]+)\(([^)]*)\)")
_STEPS = ("10s", "30s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a board: where it is, and its text with macros."""

    where: str
    board: str
    sql: str


def queries(boards: Mapping[str, str]) -> Iterator[Query]:
    """Yield every query of panels, annotations and variables of boards as JSON text by file name."""
    for text in boards.values():
        board = json.loads(text)
        uid = board["uid"]
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield Query(f"{uid}/{panel['id']} {panel['title']}/{target['refId']}", uid, target["rawSql"])
        for note in board.get("annotations", {}).get("list", []):
            if "target" in note:
                yield Query(f"{uid}/annotation {note['name']}", uid, note["target"]["rawSql"])
        for name, sql in variables(board).items():
            yield Query(f"{uid}/${name}", uid, sql)


def variables(board: Mapping[str, Any]) -> dict[str, str]:
    """Return the queries of a board's variables by name."""
    return {v["name"]: v["query"] for v in board["templating"]["list"] if v["type"] == "query"}


def length(board: Mapping[str, Any]) -> timedelta:
    """Return the period that a board opens with."""
    number, unit = re.fullmatch(r"now-(\d+)([hd])", board["time"]["from"]).groups()  # type: ignore[union-attr]
    return timedelta(seconds=int(number) * _SECONDS[unit])


def expand(
    sql: str, start: datetime, end: datetime, choices: Mapping[str, Sequence[str]], *, timescaledb: bool
) -> str:
    """Return a query as PostgreSQL reads it."""
    sql = sql.replace("$__interval", _interval(end - start))
    for name, values in choices.items():
        quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values) or "''"
        literal = quoted.replace("\\", r"\\")  # re.sub reads backslashes
        sql = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", literal, sql)
    return _MACRO.sub(lambda m: _macro(m[1], m[2], start, end, timescaledb), sql)


def _interval(period: timedelta) -> str:
    wanted = period.total_seconds() / POINTS
    return next((step for step in _STEPS if _length_s(step) >= wanted), _STEPS[-1])


def _length_s(step: str) -> int:
    return int(step[:-1]) * _SECONDS[step[-1]]


def _macro(name: str, text: str, start: datetime, end: datetime, timescaledb: bool) -> str:
    arguments = [a.strip() for a in text.split(",")]
    times = {"__timeFrom": f"'{start.isoformat()}'", "__timeTo": f"'{end.isoformat()}'"}
    if name in times:
        return times[name]
    if name == "__timeFilter":
        return f"{arguments[0]} BETWEEN {times['__timeFrom']} AND {times['__timeTo']}"
    if name not in {"__timeGroup", "__timeGroupAlias"}:
        raise ValueError(f"${name}: not a macro of the PostgreSQL data source")
    seconds = _length_s(arguments[1].strip("'\""))
    group = f"floor(extract(epoch from {arguments[0]})/{seconds})*{seconds}"
    if timescaledb:
        group = f"time_bucket('{seconds:.3f}s',{arguments[0]})"
    return group if name == "__timeGroup" else f'{group} AS "time"'
