"""Logs refuse what would change them, also from their owner, and let be done what retention, erasure and the desk do."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

pytestmark = pytest.mark.storage

ALARM = """
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, title, reason, inputs, raised_at)
values ('bins.full', 1, 'bin', 'b1', 'warning', 'Full', 'It is full', '{}', now()) returning alarm_id
"""
LINE = """
insert into alarm_log (alarm_id, at, actor, what, detail)
values (%s, now(), 'engine', 'raised', '{"severity": "warning", "reason": "It is full"}')
"""
SCORE = "insert into winter_score (night, by, summary) values ('2026-01-09', 'service', '{\"nights\": 1}')"


@pytest.fixture
async def alarm_id(pg: psycopg.AsyncConnection[Any]) -> int:
    row = await (await pg.execute(ALARM)).fetchone()
    assert row is not None
    await pg.execute(LINE, row)
    await pg.execute(SCORE)
    return row[0]


@pytest.mark.parametrize(
    "statement",
    [
        "update alarm_log set what = 'cleared'",
        "update alarm_log set at = at - interval '1 h'",
        "update alarm_log set \"by\" = 'somebody else'",
        'update alarm_log set detail = detail || \'{"severity": "info"}\'',
        "truncate alarm_log cascade",
        "update winter_score set summary = '{}'",
        "delete from winter_score",
        "truncate winter_score",
    ],
)
async def test_nothing_that_was_written_is_changed(
    pg: psycopg.AsyncConnection[Any], alarm_id: int, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="appended only"):
        await pg.execute(statement)


async def test_a_line_is_followed_up_loses_words_and_goes_with_its_alarm(
    pg: psycopg.AsyncConnection[Any], alarm_id: int
) -> None:
    await pg.execute("update alarm_log set planned_at = now()")
    await pg.execute("update alarm_log set detail = detail - '{reason}'::text[]")
    row = await (await pg.execute("select detail, planned_at is not null from alarm_log")).fetchone()
    assert row == ({"severity": "warning"}, True)
    await pg.execute("delete from alarm_log where alarm_id = %s", [alarm_id])
    await pg.execute("delete from alarm where alarm_id = %s", [alarm_id])
