"""Stored readings in order of time, and the tables' alarms and decisions, from PostgreSQL.

A day is one read-only transaction: it takes no transaction id, so it never holds back the rules
that run, and no snapshot is older than a day's reading, so it never holds back vacuum for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from cityops.db.pool import session
from cityops.db.queries import load_queries
from cityops.db.transaction import lost_is_transient
from rules import collection_rows, forecast_query
from rules.core import forecast_rule
from rules.core.engine import FIELDS_OF_KIND
from rules.core.readings import ReadingBatch, Readings
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed, made
from rules.core.winter_orders.rows import KIND as ORDERS
from rules.order_rows import of_time
from rules.replay.memory import in_order_of_time

SQL = load_queries("rules.replay")
DAY_S = 86_400.0

SELECT = """
select extract(epoch from ts)::float8, device_id, quality{fields}
from {table} where ts >= %(from)s and ts < %(to)s order by ts, device_id, seq
"""

Connection = psycopg.Connection[Any]


class PostgresReadings:
    """:class:`rules.replay.ports.ReadingSource` and ``Past`` on a database.

    ``kinds``: whose tables are read.
    """

    def __init__(self, dsn: str, kinds: Sequence[str]) -> None:
        self._dsn, self._kinds = dsn, tuple(kinds)

    def spans(self, from_s: float, to_s: float) -> Iterator[ReadingBatch]:
        """Yield the readings in order of time."""
        start_s = from_s
        while start_s < to_s:
            end_s = min(to_s, (start_s // DAY_S + 1) * DAY_S)
            yield from in_order_of_time(self._day(start_s, end_s))
            start_s = end_s

    def stored(self, from_s: float, to_s: float, widths_m: Mapping[str, float]) -> Replayed:
        """Return the alarms and decisions in the tables."""
        values = {"from_s": from_s, "to_s": to_s}
        with self._reading() as conn:
            alarms = conn.execute(SQL["stored_alarms"], values).fetchall()
            decisions = conn.execute(SQL["stored_decisions"], values).fetchall()
        return Replayed(
            from_s=from_s,
            to_s=to_s,
            alarms=tuple(_alarm(row, to_s) for row in alarms),
            decisions=tuple(_decision(row, widths_m) for row in decisions),
        )

    def homes(self) -> list[tuple[str, str, int]]:
        """Return code, label and number of each home."""
        with self._reading() as conn:
            return conn.execute(SQL["homes"]).fetchall()

    def _day(self, from_s: float, to_s: float) -> dict[str, Readings]:
        with self._reading() as conn:
            names: dict[int, str] = dict(conn.execute(SQL["devices"]).fetchall())
            found = {kind: _rows(conn, kind, from_s, to_s) for kind in self._kinds}
            issued = conn.execute(forecast_query.BY_TIME, forecast_query.span(from_s, to_s)).fetchall()
            acts = of_time(conn, from_s, to_s)
            fields = FIELDS_OF_KIND.get(collection_rows.KIND, ())
            said = collection_rows.of_time(conn, from_s, to_s, fields) if fields else None
        readings = {kind: _readings(kind, rows, names) for kind, rows in found.items() if rows}
        if issued:
            columns, place = list(zip(*issued, strict=True)), np.arange(len(issued), dtype=np.int64)
            readings[forecast_rule.KIND] = forecast_query.readings_of_columns(columns, place)
        if said is not None:
            readings[collection_rows.KIND] = said
        return readings if acts is None else {**readings, ORDERS: acts}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with lost_is_transient(), psycopg.connect(self._dsn, **session("cityops-replay")) as conn:
            conn.read_only = True
            yield conn


def _rows(conn: Connection, kind: str, from_s: float, to_s: float) -> list[tuple[Any, ...]]:
    fields = [sql.SQL(", {}::float8").format(sql.Identifier(f)) for f in FIELDS_OF_KIND.get(kind, ())]
    statement = sql.SQL(SELECT).format(fields=sql.Composed(fields), table=sql.Identifier(f"{kind}_reading"))
    edges = {"from": datetime.fromtimestamp(from_s, UTC), "to": datetime.fromtimestamp(to_s, UTC)}
    with conn.cursor(binary=True) as cursor:
        cursor.execute(statement, edges)
        return cursor.fetchall()


def _readings(kind: str, rows: list[tuple[Any, ...]], names: Mapping[int, str]) -> Readings:
    ts_s, device, quality, *values = zip(*rows, strict=True)
    fields = FIELDS_OF_KIND.get(kind, ())
    return Readings(
        position=np.arange(len(rows), dtype=np.int64),
        ts_s=np.array(ts_s, dtype=np.float64),
        device=[names.get(d, "") for d in device],
        quality=np.array(quality, dtype=np.int64),
        fields={n: np.array(v, dtype=np.float64) for n, v in zip(fields, values, strict=True)},
    )


def _alarm(row: tuple[Any, ...], to_s: float) -> AlarmSpan:
    rule_id, kind, subject, severity, raised_s, cleared_s, title, reason, members, flapping = row
    return AlarmSpan(
        rule_id=rule_id,
        subject_kind=kind,
        subject=subject,
        severity=severity,
        raised_s=raised_s,
        # What ended after the time looked at was up at its end.
        cleared_s=None if cleared_s is None or cleared_s >= to_s else cleared_s,
        title=title,
        reason=reason,
        members=tuple(members),
        flapping=flapping,
    )


def _decision(row: tuple[Any, ...], widths_m: Mapping[str, float]) -> DecisionMade:
    rule_id, kind, subject, at_s, outcome, reason, result = row
    return made(rule_id, kind, subject, at_s, outcome, reason, result, widths_m)
