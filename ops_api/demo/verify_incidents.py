"""Whether what fell together in one street is one incident: a part of ``cityops demo --check``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg

from ops_api.demo.verify import Finding, exactly

WAIT_S, POLL_S = 20.0, 0.5
"""How long the service beside the rules may take to see what the rules have written last."""

SEEN: LiteralString = """
select coalesce(bool_and(c.alarm_log >= coalesce((select max(log_id) from alarm_log), 0)
                         and c.collection_act >= coalesce((select max(act_id) from collection_act), 0)), false)
from incident_cursor c
"""
HOLDING: LiteralString = """
select incident_id, title from incident where state <> 'merged' and services @> %s::text[] order by incident_id
"""
OUTSIDE: LiteralString = """
with parts as (
    select 'alarm:' || a.alarm_id as key from alarm a
     where not a.is_group and a.subject_kind <> 'home' and a.rule_id = any (%(rules)s)
    union all
    select 'alarm:' || m.alarm_id || ':' || m.kind || ':' || m.subject from alarm_member m join alarm a using (alarm_id)
     where a.subject_kind <> 'home' and a.rule_id = any (%(rules)s)
    union all
    select 'report:' || act_id from collection_act where role = 'resident' and ref like 'bin:%%'
)
select count(distinct p.key) from parts p left join incident_signal s using (key)
 where s.incident_id is distinct from %(incident_id)s
"""


async def as_one(
    conn: psycopg.AsyncConnection[Any], services: Sequence[str], rules: Sequence[str]
) -> list[Finding]:
    """Return whether one incident, and no other, holds what these services say.

    Args:
        conn: to the database.
        services: that it has signals of.
        rules: of which all alarms are to be in it, but for those of homes.
    """
    await _until_seen(conn)
    found = await (await conn.execute(HOLDING, [list(services)])).fetchall()
    named = ", ".join(services)
    findings = [exactly(f"incidents that hold {named}", 1, len(found))]
    if not found:
        return findings
    values = {"rules": list(rules), "incident_id": found[0][0]}
    row = await (await conn.execute(OUTSIDE, values)).fetchone()
    assert row is not None
    return [
        *findings,
        exactly(f"of these alarms and reports outside I{found[0][0]}, {found[0][1]}", 0, row[0]),
    ]


async def _until_seen(conn: psycopg.AsyncConnection[Any]) -> None:
    async with asyncio.timeout(WAIT_S * 2):
        for _ in range(int(WAIT_S / POLL_S)):
            row = await (await conn.execute(SEEN)).fetchone()
            if row is not None and row[0]:
                return
            await asyncio.sleep(POLL_S)
