"""The watch on PostgreSQL: one look is one transaction, with no word to the outside in it."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg_pool import AsyncConnectionPool

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, transaction
from rules.alarm_tables import write_alarms
from rules.core.alarm_book import OpenAlarm
from rules.core.effects import AlarmEffect
from rules.core.watch.cases import HOUR_S
from rules.core.watch.model import ChannelSeen, Memory, QuarantinedSeen, Seen, Watched
from rules.watch.ports import Judge

SQL = load_queries("rules.watch")
RULES = load_queries("rules")
MESSAGES = 5000
"""The newest messages whose attempts are looked at: what it costs does not grow with the outbox."""
BATCHES = 1000
"""The oldest batches that the rules have not judged, likewise."""


class PostgresWatch:
    """:class:`rules.watch.ports.WatchStore` on a pool of connections."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def look(self, watched: Watched, now_s: float, judge: Judge) -> bool:
        """Look, judge and write; see :class:`rules.watch.ports.WatchStore`."""
        async with transaction(self._pool) as conn:
            return await _look(conn, watched, now_s, judge)


async def _look(conn: Connection, watched: Watched, now_s: float, judge: Judge) -> bool:
    if await _value(conn, "only_one") is not True:
        return False
    before = await _memory(conn)
    judged = judge(await _seen(conn, watched, now_s), before, await _open(conn, watched))
    if judged.effects:
        await _write(conn, watched, judged.effects)
    if judged.memory is not before:
        await conn.execute(SQL["put_memory"], {"memory": msgspec.json.encode(judged.memory).decode()})
    return True


async def _write(conn: Connection, watched: Watched, effects: tuple[AlarmEffect, ...]) -> None:
    if watched.catalogue_id is not None:
        await conn.execute(RULES["name_catalogue"], {"catalogue_id": watched.catalogue_id})
    alarms = await write_alarms(conn, effects)
    payload = {"kinds": sorted({e.subject_kind for e in effects}), "alarms": alarms}
    await conn.execute(RULES["tell_listeners"], {"payload": msgspec.json.encode(payload).decode()})


async def _memory(conn: Connection) -> Memory:
    """Return what is remembered; nothing where another version wrote it: the alarms are then made to fit."""
    found = await _value(conn, "memory")
    try:
        return Memory() if found is None else msgspec.json.decode(found, type=Memory)
    except msgspec.ValidationError:
        return Memory()


async def _open(conn: Connection, watched: Watched) -> list[OpenAlarm]:
    rows = await _rows(conn, "open_alarms", rule_ids=list(watched.rules.by_id))
    return [OpenAlarm(*row) for row in rows]


async def _seen(conn: Connection, watched: Watched, now_s: float) -> Seen:
    rules = watched.rules
    [(devices, cadence_s)] = await _rows(
        conn, "devices", left_out=list(rules.no_readings.parameters.left_out)
    )
    within_s = rules.channel_failing.parameters.within_s
    channels = await _rows(conn, "channels", now_s=now_s, within_s=within_s, messages=MESSAGES)
    ahead_s = rules.rota_empty.parameters.ahead_h * HOUR_S
    next_s = await _rows(conn, "next_on_call", roles=list(watched.roles), now_s=now_s, ahead_s=ahead_s)
    return Seen(
        now_s=now_s,
        received_s=await _value(conn, "received"),
        gap_s=next(iter(await _rows(conn, "gap", batches=BATCHES)), None),
        devices=devices,
        cadence_s=cadence_s,
        waiting_since_s=await _value(conn, "waiting"),
        channels=tuple(ChannelSeen(*row) for row in channels),
        people=await _value(conn, "people"),
        next_s=dict(next_s),
        quarantined=tuple(QuarantinedSeen(*row) for row in await _rows(conn, "quarantined")),
    )


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()


async def _value(conn: Connection, query: str) -> Any:
    rows = await _rows(conn, query)
    return rows[0][0] if rows else None
