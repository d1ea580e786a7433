"""Grafana's PostgreSQL macros and template variables, as its backend expands them.

After grafana/pkg/tsdb/grafana-postgresql-datasource/macros.go: the expression stops at
the first closing bracket, and a macro that it does not know is an error. A
``$__timeGroup(..)`` before a comma names its column, as it did before Grafana 5.3.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_MACRO = re.compile(r"\$(__[_a-zA-Z0-9]+)\(([^)]*)\)")
_LEFT = re.compile(r"\$[A-Za-z_]\w*|\$\{\w+")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_STEPS = (
    *("1s", "2s", "5s", "10s", "15s", "20s", "30s", "1m", "2m", "5m", "10m", "15m", "20m", "30m"),
    *("1h", "2h", "3h", "6h", "12h", "1d", "7d"),
)
POINTS = 1000
"""Points that Grafana asks of a panel about as wide as a screen: the interval follows."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a macro is expanded with: the period and the data source's ``timescaledb``."""

    start: datetime
    end: datetime
    timescaledb: bool

    @property
    def quoted(self) -> tuple[str, str]:
        """Start and end as Grafana quotes them."""
        return f"'{self.start.isoformat()}'", f"'{self.end.isoformat()}'"

    @property
    def epochs(self) -> tuple[int, int]:
        """Start and end [s since 1970]."""
        return int(self.start.timestamp()), int(self.end.timestamp())


def expand(
    sql: str,
    start: datetime,
    end: datetime,
    *,
    interval: str = "10m",
    variables: Mapping[str, Sequence[str]] | None = None,
    single: Collection[str] = (),
    timescaledb: bool = False,
) -> str:
    """Return SQL that PostgreSQL reads; ValueError for an unknown macro or variable.

    Args:
        sql: with macros and variables.
        start: from when on.
        end: until when.
        interval: what ``$__interval`` is.
        variables: chosen values by name; written as a list of quoted texts, or as ``${name:raw}``.
        single: names of those that take one value only: written without quotes, as Grafana does.
        timescaledb: whether the data source says that the extension is there.
    """
    window = Window(start, end, timescaledb)
    sql = _built_in(sql, window, interval)
    for name, values in (variables or {}).items():
        sql = _variable(sql, name, values, quotes=name not in single)

    def one(match: re.Match[str]) -> str:
        name, arguments = match[1], [a.strip() for a in match[2].split(",")]
        if name.endswith("Group") and match.string[match.end() : match.end() + 1] == ",":
            name += "Alias"
        return _macro(name, arguments, window)

    expanded = _MACRO.sub(one, sql)
    if left := _LEFT.search(expanded):
        raise ValueError(f"{left[0]}: neither a macro nor a variable of the board")
    return expanded


def interval_of(period: timedelta) -> str:
    """Return the interval that Grafana takes for a period on a panel as wide as a screen."""
    wanted_s = period.total_seconds() / POINTS
    return next((step for step in _STEPS if seconds_of(step) >= wanted_s), _STEPS[-1])


def seconds_of(text: str) -> float:
    """Return a duration such as ``5m`` in seconds; ValueError where it is none."""
    match = re.fullmatch(r"(\d+)(ms|[smhdw])", text)
    if match is None:
        raise ValueError(f"{text!r} is no duration")
    return int(match[1]) * _UNITS[match[2]]


def _built_in(sql: str, window: Window, interval: str) -> str:
    millis = [str(1000 * second) for second in window.epochs]
    sql = sql.replace("$__interval_ms", str(int(1000 * seconds_of(interval))))
    sql = sql.replace("${__from}", millis[0]).replace("${__to}", millis[1])
    sql = re.sub(r"\$__from\b", millis[0], sql)
    sql = re.sub(r"\$__to\b", millis[1], sql)
    return re.sub(r"\$__interval\b|\$\{__interval\}", interval, sql)


def _variable(sql: str, name: str, values: Sequence[str], *, quotes: bool) -> str:
    mark = "'" if quotes else ""
    quoted = ",".join(mark + value.replace("'", "''") + mark for value in values)
    raw = ",".join(values)

    def chosen(match: re.Match[str]) -> str:
        return raw if match[1] in {"raw", "csv"} else quoted

    return re.sub(rf"\$(?:{name}\b|\{{{name}(?::(\w+))?\}})", chosen, sql)


def _macro(name: str, arguments: Sequence[str], window: Window) -> str:
    (start, end), (first_s, last_s) = window.quoted, window.epochs
    column = arguments[0]
    plain = {
        "__timeFrom": start,
        "__timeTo": end,
        "__timeFilter": f"{column} BETWEEN {start} AND {end}",
        "__time": f'{column} AS "time"',
        "__timeEpoch": f'extract(epoch from {column}) as "time"',
        "__unixEpochFilter": f"{column} >= {first_s} AND {column} <= {last_s}",
        "__unixEpochNanoFilter": f"{column} >= {first_s}000000000 AND {column} <= {last_s}000000000",
        "__unixEpochNanoFrom": f"{first_s}000000000",
        "__unixEpochNanoTo": f"{last_s}000000000",
    }
    if name in plain:
        return plain[name]
    base = name.removesuffix("Alias")
    if base in {"__timeGroup", "__unixEpochGroup"}:
        if len(arguments) < 2:
            raise ValueError(f"${name}: needs a time and an interval")
        group = _group(base, column, seconds_of(arguments[1].strip("'\"")), window.timescaledb)
        return group if name == base else f'{group} AS "time"'
    raise ValueError(f"${name}: not a macro of the PostgreSQL data source")


def _group(name: str, column: str, seconds: float, timescaledb: bool) -> str:
    if name == "__timeGroup":
        if timescaledb:
            return f"time_bucket('{seconds:.3f}s',{column})"
        column = f"extract(epoch from {column})"
    return f"floor({column}/{seconds:g})*{seconds:g}"
