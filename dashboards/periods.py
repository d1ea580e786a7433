"""Readings for a period of any length: rows, hours or days, whichever can be read in time.

The length is in the query as Grafana expands it, so PostgreSQL decides when it plans: two of the three
branches are constant false and are never run. Hours and days are the aggregates that each kind has, by the same
names on TimescaleDB and on plain PostgreSQL. Days are days of UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dashboards.catalogue import field

How = Literal["avg", "min", "max"]

LENGTH = "$__timeTo()::timestamptz - $__timeFrom()::timestamptz"
RAW_HOURS = 36
"""Up to this length readings themselves are read."""
HOURLY_DAYS: Mapping[str, int] = {"road": 10, "weather": 60, "gritter": 60, "lorry": 30, "bin": 4}
"""Up to this length [days] hours are read, by kind: some 200,000 rows at most in a town of 10,000 devices."""


def readings(kind: str, values: Mapping[str, tuple[How, str]], *, alias: str = "r") -> str:
    """Return a subquery with ``ts``, ``device_id`` and a column for each of ``values``.

    Args:
        kind: of devices.
        values: by column: how its hour or day is summed up, and the field; of a reading it is the field itself.
        alias: name of the subquery.
    """
    for _, name in values.values():
        field(kind, name)  # KeyError where there is none
    long = HOURLY_DAYS[kind] * 24
    raw = _branch(f"{kind}_reading", "ts", {c: f for c, (_, f) in values.items()}, f"<= {_hours(RAW_HOURS)}")
    summed = {c: f"{f}_{how}" for c, (how, f) in values.items()}
    hours = _branch(
        f"{kind}_hourly", "bucket", summed, f"> {_hours(RAW_HOURS)} and {LENGTH} <= {_hours(long)}"
    )
    days = _branch(f"{kind}_daily", "bucket", summed, f"> {_hours(long)}")
    return f"(\n{raw}\nunion all\n{hours}\nunion all\n{days}\n) {alias}"


def _hours(hours: int) -> str:
    return f"interval '{hours} hours'"


def _branch(table: str, time: str, columns: Mapping[str, str], lasts: str) -> str:
    chosen = "".join(f", {source} as {column}" for column, source in columns.items())
    return (
        f"select {time} as ts, device_id{chosen} from {table}\n"  # noqa: S608  kinds check their names
        f" where $__timeFilter({time}) and {LENGTH} {lasts}"
    )
