"""Every query of boards and alert rules on a database, as Grafana's login would run it.

Each runs in a transaction of its own that can only read, as the role ``cityops_reader``,
with a time limit; whatever the connection itself may do, a board's query can't.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql as psql

from cityops.db.flavour import detect
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.redact import redact
from dashboards.check import Board, label, panels_of
from dashboards.check_macros import expand, interval_of, seconds_of
from dashboards.names import DATASOURCE_UID

READER = "cityops_reader"
TABLES_WITHOUT_TIME = {"table", ""}


@dataclass(frozen=True, slots=True)
class Query:
    """One query: where it is, its board ("" of an alert rule), kind of panel, SQL and frame."""

    where: str
    board: str
    kind: str
    sql: str
    frame: str = "table"


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a query: rows and time [ms], or the words of what failed."""

    where: str
    rows: int
    took_ms: float
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How queries are run: the role, the time limit, and the end of every board's period.

    Attributes:
        role: role to take on; "" keeps the login's own.
        timeout_s: a query that takes longer has failed [s].
        end: ``now`` of the boards.
        period: instead of each board's own, or None.
        require_rows: whether a query without a row has failed.
    """

    end: datetime
    role: str = READER
    timeout_s: float = 10.0
    period: timedelta | None = None
    require_rows: bool = False


def queries(boards: Mapping[str, Board], rules: Sequence[Mapping[str, Any]] = ()) -> Iterator[Query]:
    """Yield every query: of panels, annotations, variables, and of alert rules (as the HTTP API has them)."""
    for uid, board in boards.items():
        yield from _of_board(uid, board)
    for rule in rules:
        for part in rule.get("data") or ():
            if part.get("datasourceUid") == DATASOURCE_UID:
                yield Query(f"alert {rule['uid']}/{part['refId']}", "", "alert", part["model"]["rawSql"])


def _of_board(uid: str, board: Board) -> Iterator[Query]:
    for panel in panels_of(board):
        for target in panel.get("targets") or ():
            if "rawSql" in target:
                where = f"{uid}{label(panel)}/{target.get('refId')}"
                yield Query(where, uid, panel["type"], target["rawSql"], target.get("format", "table"))
    for note in (board.get("annotations") or {}).get("list") or ():
        if "rawSql" in (note.get("target") or {}):
            yield Query(f"{uid}/annotation {note['name']}", uid, "annotation", note["target"]["rawSql"])
    for variable in _query_variables(board):
        yield Query(f"{uid}/${variable['name']}", uid, "variable", str(variable["query"]))


async def run_queries(
    dsn: str, boards: Mapping[str, Board], rules: Sequence[Mapping[str, Any]], limits: Limits
) -> tuple[str, list[Ran]]:
    """Run all queries; return the database in words and what became of each.

    Raises:
        ConfigurationError: the login may not take on the role, or the role is not there.
        TransientError: the database does not answer.
    """
    async with await connect(dsn, application_name="cityops-grafana-check") as conn:
        flavour = await detect(conn)
        reader = _Reader(conn, limits, flavour.timescaledb is not None)
        await reader.begin()
        choices = {uid: await reader.choices(board) for uid, board in boards.items()}
        ran = []
        for query in queries(boards, rules):
            period = limits.period or period_of(boards.get(query.board))
            ran.append(await reader.judge(query, choices.get(query.board, Chosen()), period))
        return flavour.label, ran


def period_of(board: Board | None) -> timedelta:
    """Return a board's default period: that of ``now-24h``; an hour for an alert rule."""
    if board is None:
        return timedelta(hours=1)
    start = str((board.get("time") or {}).get("from", "now-24h"))
    try:
        return timedelta(seconds=seconds_of(start.removeprefix("now-").partition("/")[0]))
    except ValueError:
        return timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Values of a board's variables, and which of these take one value only."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    single: Collection[str] = ()


class _Reader:
    """A connection that only reads, as the reader role, within the time limit."""

    def __init__(self, conn: psycopg.AsyncConnection[Any], limits: Limits, timescaledb: bool) -> None:
        self._conn, self._limits, self._timescaledb = conn, limits, timescaledb

    async def begin(self) -> None:
        """Take on the role for the session; every transaction after this can only read."""
        await self._conn.execute("set default_transaction_read_only = on")
        limit_ms = psql.Literal(int(1000 * self._limits.timeout_s))
        await self._conn.execute(psql.SQL("set statement_timeout = {}").format(limit_ms))
        if not self._limits.role:
            return
        try:
            await self._conn.execute(psql.SQL("set role {}").format(psql.Identifier(self._limits.role)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"this login may not act as {self._limits.role}: give the login that Grafana uses with --dsn, "
                f"or as a superuser: grant {self._limits.role} to <login>"
            ) from error
        except psycopg.errors.Error as error:
            raise ConfigurationError(
                f"no role {self._limits.role} here: {_words(error)}; run `cityops db upgrade`"
            ) from error

    async def choices(self, board: Board) -> Chosen:
        """Return the values of a board's variables with everything chosen; one that fails has none (told by judge)."""
        chosen: dict[str, list[str]] = {}
        single: set[str] = set()
        for variable in (board.get("templating") or {}).get("list") or ():
            name = str(variable["name"])
            values = _current(variable)
            if variable.get("type") == "query":
                values = await self._offered(str(variable["query"]), Chosen(chosen, single))
            if not (variable.get("multi") or variable.get("includeAll")):
                single.add(name)
                values = values[:1] or [""]
            chosen[name] = values
        return Chosen(chosen, single)

    async def _offered(self, sql: str, chosen: Chosen) -> list[str]:
        """Return what a variable's query offers: the column ``__value``, else the first."""
        try:
            names, found = await self._run(sql, chosen, timedelta(days=1))
        except (psycopg.Error, ValueError):
            return []
        column = names.index("__value") if "__value" in names else 0
        return [str(row[column]) for row in found]

    async def judge(self, query: Query, chosen: Chosen, period: timedelta) -> Ran:
        """Run one query and say what became of it."""
        started = time.perf_counter()
        try:
            names, found = await self._run(query.sql, chosen, period)
            failed = _wrong_frame(query, names, found, self._limits.require_rows)
        except (psycopg.Error, ValueError) as error:
            found, failed = [], _words(error)
        return Ran(query.where, len(found), round(1000 * (time.perf_counter() - started), 1), failed)

    async def _run(
        self, sql: str, chosen: Chosen, period: timedelta
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        end = self._limits.end
        text = expand(
            sql,
            end - period,
            end,
            interval=interval_of(period),
            variables=chosen.values,
            single=chosen.single,
            timescaledb=self._timescaledb,
        )
        async with self._conn.transaction(force_rollback=True):
            cursor = await self._conn.execute(text.encode())
            return [column.name for column in cursor.description or ()], await cursor.fetchall()


def _query_variables(board: Board) -> Iterator[Mapping[str, Any]]:
    for variable in (board.get("templating") or {}).get("list") or ():
        if variable.get("type") == "query":
            yield variable


def _current(variable: Mapping[str, Any]) -> list[str]:
    options = [
        str(option["value"]) for option in variable.get("options") or () if option["value"] != "$__all"
    ]
    value = (variable.get("current") or {}).get("value")
    if value in (None, "$__all", ["$__all"]):
        return options
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _wrong_frame(
    query: Query, names: Sequence[str], found: Sequence[tuple[Any, ...]], require_rows: bool
) -> str:
    if query.frame not in TABLES_WITHOUT_TIME and "time" not in names:
        return f"a time series needs a column time; columns: {', '.join(names)}"
    if query.kind == "geomap" and not {"longitude", "latitude"} <= set(names):
        return f"a map needs longitude and latitude; columns: {', '.join(names)}"
    if query.kind == "alert":
        one = len(found) == 1 and len(found[0]) == 1 and found[0][0] is not None
        return "" if one else "an alert rule needs one row with one number"
    return "no rows" if require_rows and not found else ""


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return redact(lines[0])[:300]
