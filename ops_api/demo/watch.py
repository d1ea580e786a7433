"""What the demo prints while it runs: counts, alarms and decisions as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

COUNTS = """
select coalesce(sum(readings), 0)::bigint as committed,
       coalesce(sum(duplicates), 0)::bigint as duplicates,
       coalesce(sum(dead_letters), 0)::bigint as dead_letters
from ingest_batch
"""
ALARMS = """
select alarm_id as id, raised_at as at, severity, title
from alarm where alarm_id > %s order by alarm_id limit 200
"""
DECISIONS = """
select decision_id as id, decided_at as at, subject, outcome, reason
from decision where decision_id > %s order by decision_id limit 200
"""

MARKS = {"critical": "‼", "major": "!", "warning": "▲", "info": "·"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What the ingester has done so far."""

    committed: int
    duplicates: int
    dead_letters: int


@dataclass
class Watch:
    """Follows the alarm and decision tables on one connection."""

    conn: psycopg.AsyncConnection[Any]
    alarm_id: int = 0
    decision_id: int = 0

    async def counts(self) -> Counts:
        """Return the counts over all batches."""
        async with self.conn.cursor() as cursor:
            row = await (await cursor.execute(COUNTS)).fetchone()
        assert row is not None
        return Counts(*row)

    async def news(self) -> list[str]:
        """Return a line for each alarm and decision since the last call, oldest first."""
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            alarms = await (await cursor.execute(ALARMS, (self.alarm_id,))).fetchall()
            decisions = await (await cursor.execute(DECISIONS, (self.decision_id,))).fetchall()
        self.alarm_id = max((a["id"] for a in alarms), default=self.alarm_id)
        self.decision_id = max((d["id"] for d in decisions), default=self.decision_id)
        lines = [*_alarm_lines(alarms), *_decision_lines(decisions)]
        return [text for _, text in sorted(lines)]


def _alarm_lines(alarms: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for a in alarms:
        yield a["at"], f"{clock(a['at'])}  {MARKS[a['severity']]} {a['title']}"


def _decision_lines(decisions: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for d in decisions:
        yield d["at"], f"{clock(d['at'])}  → {d['subject']}: {d['outcome'].replace('_', ' ')}. {d['reason']}"


def clock(moment: datetime) -> str:
    """Return the local time of day as HH:MM."""
    return f"{moment.astimezone():%H:%M}"
