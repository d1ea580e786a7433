"""Grafana's PostgreSQL macros and template variables, as its backend expands them.

After grafana/pkg/tsdb/grafana-postgresql-datasource/macros.go: the expression stops at
the first closing bracket, and a macro that it does not know is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

_MACRO = re.compile(r"\$(__[_a-zA-Z0-9]+)\(([^)]*)\)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def expand(
    sql: str,
    start: datetime,
    end: datetime,
    *,
    interval: str = "10m",
    variables: Mapping[str, Sequence[str]] | None = None,
    timescaledb: bool = False,
) -> str:
    """Return SQL that PostgreSQL reads; ValueError for an unknown macro or variable."""
    sql = sql.replace("$__interval", interval)
    for name, values in (variables or {}).items():
        quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
        sql = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", lambda _, q=quoted: q, sql)

    def one(match: re.Match[str]) -> str:
        name, arguments = match[1], [a.strip() for a in match[2].split(",")]
        return _macro(name, arguments, start, end, timescaledb)

    expanded = _MACRO.sub(one, sql)
    if left := re.search(r"\$\w+|\$\{\w+", expanded):
        raise ValueError(f"{left[0]}: neither a macro nor a variable of the board")
    return expanded


def _macro(name: str, arguments: list[str], start: datetime, end: datetime, timescaledb: bool) -> str:
    times = {"__timeFrom": f"'{start.isoformat()}'", "__timeTo": f"'{end.isoformat()}'"}
    if name in times:
        return times[name]
    if name == "__timeFilter":
        return f"{arguments[0]} BETWEEN {times['__timeFrom']} AND {times['__timeTo']}"
    if name in {"__timeGroup", "__timeGroupAlias"}:
        seconds = _duration_s(arguments[1].strip("'\""))
        group = f"floor(extract(epoch from {arguments[0]})/{seconds})*{seconds}"
        if timescaledb:
            group = f"time_bucket('{seconds:.3f}s',{arguments[0]})"
        return group if name == "__timeGroup" else f'{group} AS "time"'
    raise ValueError(f"${name}: not a macro of the PostgreSQL data source")


def _duration_s(text: str) -> int:
    return int(text[:-1]) * _SECONDS[text[-1]]
