"""`cityops grafana check` on real databases: every query runs as the reader, and what may not be is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from dashboards.alerts import ALERTS
from dashboards.alerts_files import read_rule_groups
from dashboards.check import read_boards
from dashboards.check_sql import Limits, Ran, queries, run_queries
from ops_api.grafana_check import Asked, check_all
from ops_api.grafana_text import check_document, check_text
from tests.fakes.databases import create, drop, with_database

pytestmark = pytest.mark.storage

TOWN = (Path(__file__).parents[1] / "fakes" / "town_rows.sql").read_text(encoding="utf-8")
BOARDS = read_boards()
RULES = [rule for group in read_rule_groups() for rule in group["rules"]]
END = datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture(scope="module")
def town(pg_server: str, db_template: str) -> Iterator[str]:
    """A database with a night in a small town."""
    name = f"{db_template}_check"
    create(pg_server, name, db_template)
    dsn = with_database(pg_server, name)
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(TOWN.encode())
        there = owner.execute(
            "select to_regclass('timescaledb_information.continuous_aggregates')"
        ).fetchone()
        if there != (None,):
            views = owner.execute(
                "select view_name from timescaledb_information.continuous_aggregates"
            ).fetchall()
            for (view,) in views:
                owner.execute(
                    sql.SQL("call refresh_continuous_aggregate({}, null, null)").format(sql.Literal(view))
                )
    yield dsn
    drop(pg_server, name)


async def test_every_query_of_boards_and_alert_rules_runs_and_finds_rows(town: str) -> None:
    report = await check_all(Asked(dsn=town, require_rows=True))
    # What tells of TimescaleDB's policies has nothing to tell without it.
    empty = {q.where for q in queries(BOARDS, RULES) if "board.policies()" in q.sql}
    allowed = set() if "TimescaleDB" in report.database else empty
    assert [f"{one.where}: {one.failed}" for one in report.failed if one.where not in allowed] == []
    assert report.findings == []
    assert len(report.ran) == len(list(queries(BOARDS, RULES))) > 100
    assert {one.rows for one in report.ran if one.where.startswith("alert ")} == {1}
    assert f"{len(report.failed)} failed, 0 without a row" in check_text(report)
    assert json.loads(json.dumps(check_document(report)))["good"] is not bool(report.failed)


FAULTS: tuple[tuple[str, str], ...] = (
    ("select 1 from nowhere", 'relation "nowhere" does not exist'),
    ("select code from home", "permission denied for table home"),
    ("select * from frog_reading", "permission denied for"),
    ("insert into event values (default) returning 1", "read-only transaction"),
    ("select pg_sleep(20)", "statement timeout"),
    ("select $__nothing(ts)", "$__nothing: not a macro"),
    ("select '$nobody'", "$nobody: neither a macro nor a variable"),
    ("select 1 where false", "no rows"),
)


async def test_what_a_board_may_not_do_is_found(town: str) -> None:
    board = dict(copy.deepcopy(BOARDS["cityops-bins"]))
    panel = next(p for p in board["panels"] if p["type"] == "table")
    board["panels"] = [
        {**panel, "id": n, "targets": [{**panel["targets"][0], "rawSql": text}]}
        for n, (text, _) in enumerate(FAULTS, start=1)
    ]
    board["templating"] = board["annotations"] = {"list": []}
    limits = Limits(end=END, timeout_s=0.5, require_rows=True)
    _, ran = await run_queries(town, {"cityops-bins": board}, (), limits)
    for (text, words), one in zip(FAULTS, ran, strict=True):
        assert words in one.failed, f"{text}: {one.failed}"


async def test_frames_that_a_panel_cannot_draw_are_found(town: str) -> None:
    board = dict(copy.deepcopy(BOARDS["cityops-winter"]))
    of_map = next(p for p in board["panels"] if p["type"] == "geomap")
    of_lines = next(p for p in board["panels"] if p["type"] == "timeseries")
    for panel in (of_map, of_lines):
        panel["targets"] = [{**panel["targets"][0], "rawSql": "select 1 as number"}]
    board["panels"] = [of_map, of_lines]
    ran = (await run_queries(town, {"cityops-winter": board}, (), Limits(end=END)))[1]
    assert "a map needs longitude and latitude" in ran[0].failed
    assert "a time series needs a column time" in ran[1].failed


SEED: dict[str, LiteralString] = {
    "nothing-ingested": "insert into device (name, kind, shard, cadence_s, installed_at) values"
    " ('road-1', 'road', 0, 600, now() - interval '1 day')",
    "rules-lag": "insert into ingest_batch (received_at, readings) values (now() - interval '1 hour', 5)",
    "ingest-lag": "insert into ingest_batch (received_at, readings, kinds) select now() - interval '1 minute', 1,"
    " jsonb_build_object('road', jsonb_build_object('rows', 1, 'min_ts', now() - interval '2 hours',"
    " 'max_ts', now() - interval '1 hour'))",
    "dead-letters": "insert into ingest_batch (received_at, readings, dead_letters) values (now(), 100, 50)",
    "notification-outbox": "insert into notification (key, recipient, channel, kind, severity, title, body, not_before,"
    " expires_at) values ('k', 'team:mail', 'mail', 'raised', 'major', 't', 'b', now() - interval '1 hour',"
    " now() + interval '1 day')",
    "backup-too-old": "insert into backup_run (name, started_at, ended_at, ok) values"
    " ('a', now() - interval '2 days', now() - interval '2 days', true)",
    "backup-untried": "insert into backup_run (name, started_at, ended_at, ok, verified_at) values"
    " ('b', now() - interval '32 days', now() - interval '32 days', true, now() - interval '31 days')",
    "disk": "insert into summary.told values ('disk_bytes', '1000000')",
}
QUIET = {"connections", "failing-policies", "database-down", "silent-share"}
"""Those that a few rows can't make fire; their numbers are looked at all the same."""


async def test_each_alarm_is_quiet_on_a_new_installation_and_fires_when_it_should(db_dsn: str) -> None:
    assert {alert.name for alert in ALERTS} == set(SEED) | QUIET
    above = {f"alert cityops-{alert.name}/A": alert.above for alert in ALERTS}
    new = await _numbers(db_dsn)
    assert {where for where, number in new.items() if number > above[where]} == set()
    for name, statement in SEED.items():
        with psycopg.connect(db_dsn, autocommit=True) as owner:
            owner.execute(statement)
        number = (await _numbers(db_dsn))[f"alert cityops-{name}/A"]
        assert number > above[f"alert cityops-{name}/A"], f"{name}: {number}"


async def test_what_the_rules_write_themselves_is_no_reading(db_dsn: str) -> None:
    """Acts and forecasts are batches too, without readings: with them a dead broker looked alive."""
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        owner.execute(SEED["nothing-ingested"])
        owner.execute(
            "insert into ingest_batch (received_at, kinds) values (now(), jsonb_build_object('forecast',"
            " jsonb_build_object('rows', 9, 'min_ts', now() - interval '3 hours', 'max_ts', now() - interval '3 hours')))"
        )
    numbers = await _numbers(db_dsn)
    assert numbers["alert cityops-nothing-ingested/A"] > 80_000
    assert numbers["alert cityops-ingest-lag/A"] == 0


async def test_a_back_up_that_was_never_tried_is_told_after_a_month(db_dsn: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        owner.execute(
            "insert into backup_run (name, started_at, ok) values ('a', now() - interval '29 days', true)"
        )
        assert (await _numbers(db_dsn))["alert cityops-backup-untried/A"] == pytest.approx(29, abs=0.1)
        owner.execute(
            "insert into backup_run (name, started_at, ok) values ('b', now() - interval '31 days', true)"
        )
        assert (await _numbers(db_dsn))["alert cityops-backup-untried/A"] == pytest.approx(31, abs=0.1)
        owner.execute("update backup_run set verified_at = now() - interval '1 day' where name = 'b'")
        assert (await _numbers(db_dsn))["alert cityops-backup-untried/A"] == pytest.approx(1, abs=0.1)


async def _numbers(dsn: str) -> dict[str, float]:
    """Return the number of every alert rule, asked as the reader."""
    _, ran = await run_queries(dsn, {}, RULES, Limits(end=END))
    assert [one for one in ran if one.failed] == []
    found: dict[str, float] = {}
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await conn.execute("set role cityops_reader")
        for query in queries({}, RULES):
            row: Any = await (await conn.execute(query.sql.encode())).fetchone()
            found[query.where] = float(row[0])
    return found


def test_a_failed_query_makes_the_report_bad() -> None:
    from ops_api.grafana_text import Report

    report = Report(1, 0, (), "PostgreSQL 18.4", (Ran("cityops-bins/1 X/A", 0, 3.2, "no rows"),))
    assert not report.good
    assert check_text(report).startswith("✗ cityops-bins/1 X/A: no rows  [sql]")
