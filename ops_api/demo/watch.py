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
PLANS = """
select version as id, at, jsonb_array_length(plan -> 'made_from' -> 'candidates') as candidates,
       (select count(*) from jsonb_path_query(plan, '$.rounds[*].stops[*] ? (@.kind == "bin")')) as bins,
       (select count(*) from jsonb_array_elements(plan -> 'rounds') r where r -> 'stops' <> '[]') as lorries
from round_plan where version > %s order by version
"""
SKIPPED = """
select a.act_id as id, a.at, a.lorry, a.reason, b.label
from collection_act a join bin_site b on a.ref = 'bin:' || b.bin_id
where a.act_id > %s and a.role = 'crew' and a.what between 2 and 4 order by a.act_id limit 200
"""
NEWEST = """
select (select coalesce(max(alarm_id), 0) from alarm), (select coalesce(max(decision_id), 0) from decision),
       (select coalesce(max(version), 0) from round_plan), (select coalesce(max(act_id), 0) from collection_act)
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
    """Follows alarms, decisions, plans of rounds and what crews could not empty, on one connection."""

    conn: psycopg.AsyncConnection[Any]
    alarm_id: int = 0
    decision_id: int = 0
    plan_id: int = 0
    act_id: int = 0

    async def counts(self) -> Counts:
        """Return the counts over all batches."""
        async with self.conn.cursor() as cursor:
            row = await (await cursor.execute(COUNTS)).fetchone()
        assert row is not None
        return Counts(*row)

    async def skip(self) -> None:
        """Tell nothing of what there is already."""
        async with self.conn.cursor() as cursor:
            row = await (await cursor.execute(NEWEST)).fetchone()
        assert row is not None
        self.alarm_id, self.decision_id, self.plan_id, self.act_id = row

    async def news(self) -> list[str]:
        """Return a line for whatever is new since the last call, oldest first."""
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            alarms = await (await cursor.execute(ALARMS, (self.alarm_id,))).fetchall()
            decisions = await (await cursor.execute(DECISIONS, (self.decision_id,))).fetchall()
            plans = await (await cursor.execute(PLANS, (self.plan_id,))).fetchall()
            skipped = await (await cursor.execute(SKIPPED, (self.act_id,))).fetchall()
        self.plan_id = max((p["id"] for p in plans), default=self.plan_id)
        self.act_id = max((a["id"] for a in skipped), default=self.act_id)
        self.alarm_id = max((a["id"] for a in alarms), default=self.alarm_id)
        self.decision_id = max((d["id"] for d in decisions), default=self.decision_id)
        lines = [
            *_alarm_lines(alarms), *_decision_lines(decisions), *_plan_lines(plans), *_skipped_lines(skipped)
        ]  # fmt: skip
        return [text for _, text in sorted(lines)]


def _alarm_lines(alarms: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for a in alarms:
        yield a["at"], f"{clock(a['at'])}  {MARKS[a['severity']]} {a['title']}"


def _decision_lines(decisions: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for d in decisions:
        yield d["at"], f"{clock(d['at'])}  → {d['subject']}: {d['outcome'].replace('_', ' ')}. {d['reason']}"


def _plan_lines(plans: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for p in plans:
        yield (
            p["at"],
            (
                f"{clock(p['at'])}  → rounds, plan {p['id']}: {p['bins']} of {p['candidates']} bins "
                f"for {p['lorries']} lorries"
            ),
        )


def _skipped_lines(acts: list[dict[str, Any]]) -> Iterator[tuple[datetime, str]]:
    for a in acts:
        yield a["at"], f"{clock(a['at'])}  · {a['lorry']} at {a['label']}: {a['reason']}"


def clock(moment: datetime) -> str:
    """Return the local time of day as HH:MM."""
    return f"{moment.astimezone():%H:%M}"
