"""Boards are told where the pages are, how large the disk is, and wards as everybody may know them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from cityops.settings_grafana import GrafanaSettings
from ops_api.board_facts import OTHERS, BoardFacts
from ops_api.housing.wards import ward_document

pytestmark = pytest.mark.storage

WARDS: Mapping[str, tuple[int, int]] = {
    "a": (30, 12),
    "b": (40, 10),
    "c": (16, 2),
    "d": (50, 11),
    "e": (3, 0),
}
"""Homes and those at risk by ward: two have too few."""
NOW = "board.closures(now() - interval '1 hour', now())"
TOLD = "select board.web_url(), board.disk_bytes()"


@pytest.fixture
def owner(db_dsn: str) -> Any:
    with psycopg.connect(db_dsn, autocommit=True, row_factory=dict_row) as conn:
        conn.execute(
            "insert into device (name, kind, shard, cadence_s, installed_at) values ('frog-1', 'frog', 0, 300, now())"
        )
        for ward, (homes, at_risk) in WARDS.items():
            conn.execute("insert into ward (ward_id, label) values (%s, %s)", (ward, f"Ward {ward}"))
            conn.execute(
                "with made as (insert into home (code, label, ward_id) select %(w)s || i, 'secret', %(w)s"
                " from generate_series(1, %(n)s) i returning home_id)"
                " insert into damp_finding (home_id, week, to_day, device_id, risk, evidence, advice, iso, standard, monthly, rules)"
                " select home_id, '2026-11-16', '2026-11-20', (select device_id from device),"
                " case when row_number() over () <= %(at)s then 'high' else 'low' end, '{}', '{}', '{}', '{}', '{}', '' from made",
                {"w": ward, "n": homes, "at": at_risk},
            )
        yield conn


def tell(dsn: str, least: int = 5, **settings: Any) -> None:
    asyncio.run(BoardFacts(dsn, GrafanaSettings(**settings), least).tell())


def read(dsn: str, sql: str) -> list[Any]:
    with psycopg.connect(dsn, row_factory=dict_row) as conn:
        conn.execute("set role cityops_reader")
        return conn.execute(sql.encode()).fetchall()


@pytest.mark.parametrize("least", [5, 11])
def test_the_board_has_the_numbers_of_the_map_of_wards(owner: Any, db_dsn: str, least: int) -> None:
    tell(db_dsn, least)
    page = ward_document(owner.execute("select * from ward_counts()").fetchall(), least)
    board = read(db_dsn, "select * from board.ward_risk order by label")
    assert [(r["label"], r["homes"], r["at_risk"]) for r in board if not r["is_rest"]] == [
        (w["label"], w["homes"], w["at_risk"]) for w in page["wards"]
    ]
    rest = [(r["homes"], r["at_risk"]) for r in board if r["is_rest"]]
    assert rest == ([] if page["others"] is None else [(page["others"]["homes"], page["others"]["at_risk"])])
    told = [n for r in board for n in (r["homes"], r["at_risk"]) if n is not None]
    assert told
    assert min(told) >= least
    assert str(board[0]["as_of"]) == "2026-11-20"
    assert OTHERS not in {w["label"] for w in page["wards"]}


def test_a_ward_s_small_number_is_refused_by_the_table_itself(owner: Any) -> None:
    for homes, at_risk in ((4, None), (9, 5), (None, 7), (40, 3)):
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute("insert into summary.ward values ('x', 'X', %s, %s)", (homes, at_risk))


def test_what_is_set_is_told_and_what_is_set_no_more_is_not(owner: Any, db_dsn: str) -> None:
    assert read(db_dsn, TOLD) == [{"web_url": "http://127.0.0.1:8080", "disk_bytes": None}]
    tell(db_dsn, web_url="https://sensors.example/", db_disk_gb=500)
    assert read(db_dsn, TOLD) == [{"web_url": "https://sensors.example", "disk_bytes": 5e11}]
    tell(db_dsn)
    assert read(db_dsn, TOLD) == [{"web_url": "http://127.0.0.1:8080", "disk_bytes": None}]


async def test_it_is_told_at_the_start_and_a_database_that_is_away_is_tried_again(db_dsn: str) -> None:
    stop = asyncio.Event()
    away = BoardFacts("postgresql://nobody@127.0.0.1:1/none", GrafanaSettings(), 5)
    here = BoardFacts(db_dsn, GrafanaSettings(web_url="https://here.example"), 5)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(away.run(stop))
        group.create_task(here.run(stop))
        while read(db_dsn, TOLD)[0]["web_url"] != "https://here.example":
            await asyncio.sleep(0.05)
        stop.set()


def test_a_closed_road_is_over_when_its_last_stretch_is_opened(db_dsn: str) -> None:
    close = (
        "insert into road_closure (segments, begins, ends, reason, at, by, role, via)"
        " values ('{s1,s2}', now() - interval '5 hours', %s, 'secret', now(), 'secret', 'r', 'web') returning closure_id"
    )
    open_ = (
        "insert into road_opening (closure_id, segments, at, by, role, via)"
        " values (%s, %s, now() - %s * interval '1 minute', 'secret', 'r', 'web')"
    )
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        [closure] = conn.execute(close, (None,)).fetchone() or [0]
        assert read(db_dsn, f"select ended_at from {NOW}") == [{"ended_at": None}]
        conn.execute(open_, (closure, ["s1"], 60))
        assert read(db_dsn, f"select ended_at from {NOW}") == [{"ended_at": None}]
        conn.execute(open_, (closure, ["s2", "s1"], 30))
    [row] = read(db_dsn, f"select c.*, ended_at < now() - interval '29 minutes' as over from {NOW} c")
    assert row["over"]
    assert row["stretches"] == 2
    assert "secret" not in str(row)
    assert read(db_dsn, "select * from board.closures(now() - interval '20 minutes', now())") == []
    assert (
        read(db_dsn, "select * from board.closures(now() - interval '9 hours', now() - interval '6 hours')")
        == []
    )
