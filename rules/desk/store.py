"""The alarm desk on PostgreSQL: what people do, and what the desk follows up.

Whoever writes a line of an alarm's log has locked the alarm first; the desk leaves alone
what others hold. What is read, planned and written is one transaction, with no word to the
outside in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.desk.commands import DeskRefusedError, obey
from rules.core.desk.holding import HOLDING
from rules.core.desk.model import Command, DeskAlarm, Entry, Timer, Turn
from rules.core.desk.timers import net_timers
from rules.core.notify.model import Notification
from rules.core.notify.route import worst_heard
from rules.desk.ports import DeskAct, Escalations, NoSuchAlarmError, Outcome, Unplanned, UnusableTextError
from rules.town_clock import town_now_on

SQL = load_queries("rules.desk")
ALARM_ID_MOST = 2**63 - 1


class PostgresDesk:
    """:class:`rules.desk.ports.AlarmDesk` and :class:`rules.desk.ports.DeskStore` on a pool of connections."""

    def __init__(self, pool: Lender, escalations: Escalations) -> None:
        self._pool, self._escalations = pool, escalations

    async def command(self, alarm_id: int, command: Command, now_s: float) -> DeskAlarm:
        """Do what is asked; see :class:`rules.desk.ports.AlarmDesk`."""
        if not 0 < alarm_id <= ALARM_ID_MOST:
            raise NoSuchAlarmError(f"There is no alarm {alarm_id}.")
        escalation_of = await self._escalations()
        async with self._transaction() as conn:
            locked = await _ids(conn, "lock_alarm", alarm_id=alarm_id)
            if not locked:
                raise NoSuchAlarmError(f"There is no alarm {alarm_id}.")
            alarm = (await _alarms(conn, locked))[alarm_id]
            if command.request_id is not None:
                asked = {"alarm_id": alarm_id, "request_id": command.request_id}
                if await _rows(conn, "known_request", asked):
                    return alarm
            turn = obey(alarm, command, now_s, escalation_of(alarm.rule_id))
            await _write(conn, [turn], (), (), ())
        return turn.alarm

    async def bulk(self, alarm_ids: Sequence[int], command: Command, now_s: float) -> list[Outcome]:
        """Do the same for several alarms, each by itself."""
        outcomes = []
        for alarm_id in dict.fromkeys(alarm_ids):
            try:
                outcomes.append(Outcome(alarm_id, await self.command(alarm_id, command, now_s)))
            except (DeskRefusedError, NoSuchAlarmError) as error:
                outcomes.append(Outcome(alarm_id, None, str(error)))
        return outcomes

    async def timeline(self, alarm_id: int) -> list[Entry]:
        """Return an alarm's log, oldest first; homes appear by number only."""
        if not 0 < alarm_id <= ALARM_ID_MOST:
            return []
        return await self._entries(alarm_ids=[alarm_id])

    async def entries(self, log_ids: Sequence[int]) -> list[Entry]:
        """Return lines of the log by number, in order; homes appear by number only."""
        return await self._entries(log_ids=log_ids)

    async def _entries(self, alarm_ids: Sequence[int] = (), log_ids: Sequence[int] = ()) -> list[Entry]:
        wanted = {"alarm_ids": list(alarm_ids), "log_ids": list(log_ids)}
        async with self._transaction() as conn:
            return [Entry(**row) for row in await _rows(conn, "timeline", wanted)]

    async def work(self, act: DeskAct) -> bool:
        """Run ``act`` in one transaction."""
        async with self._transaction() as conn:
            return await act(_PostgresWork(conn))

    async def next_due_s(self) -> float | None:
        """Return when the next timer is due [s since 1970]; None where there is none."""
        async with self._transaction() as conn:
            row = await (await conn.execute(SQL["next_due"])).fetchone()
        return None if row is None else row[0]

    async def town_now_s(self, wall_s: float) -> float:
        """Return the time it is in the town; see :mod:`rules.core.town_time`."""
        async with self._transaction() as conn:
            return await town_now_on(conn, wall_s)

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


class _PostgresWork:
    """:class:`rules.desk.ports.DeskWork` in a transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def unplanned(self, limit: int) -> list[Unplanned]:
        """Lock and return alarms with entries to follow up."""
        ids = await _ids(self._conn, "lock_unplanned", limit=limit)
        alarms = await _alarms(self._conn, ids)
        entries: dict[int, list[Entry]] = {}
        for row in await _rows(self._conn, "unplanned", {"alarm_ids": ids}) if ids else ():
            entries.setdefault(row["alarm_id"], []).append(Entry(**row))
        heard = await self._heard(
            [
                alarm_id
                for alarm_id, found in entries.items()
                if not alarms[alarm_id].active or any(e.what == "cleared" for e in found)
            ]
        )
        return [
            Unplanned(alarms[alarm_id], tuple(found), heard.get(alarm_id, {}))
            for alarm_id, found in entries.items()
        ]

    async def _heard(self, alarm_ids: list[int]) -> dict[int, dict[str, str]]:
        rows = await _rows(self._conn, "heard", {"alarm_ids": alarm_ids}) if alarm_ids else ()
        return {row["alarm_id"]: worst_heard(row["said"]) for row in rows}

    async def due(self, now_s: float, limit: int) -> list[tuple[DeskAlarm, Timer]]:
        """Lock and return what is due, the earliest first."""
        ids = await _ids(self._conn, "lock_due", now_s=now_s, limit=limit)
        if not ids:
            return []
        alarms = await _alarms(self._conn, ids)
        rows = await _rows(self._conn, "due", {"now_s": now_s, "alarm_ids": ids})
        return [(alarms[row["alarm_id"]], Timer(**row)) for row in rows]

    async def holding(self) -> frozenset[str]:
        """Return the rules that hold others back."""
        rows = await _rows(self._conn, "holding", {"rule_ids": list(HOLDING)})
        return frozenset(row["rule_id"] for row in rows)

    async def write(
        self,
        turns: Sequence[Turn],
        planned: Sequence[int],
        fired: Sequence[Timer],
        told: Sequence[Notification],
    ) -> None:
        """Write what was planned; see :class:`rules.desk.ports.DeskWork`."""
        await _write(self._conn, turns, planned, fired, told)


async def _write(
    conn: Connection,
    turns: Sequence[Turn],
    planned: Sequence[int],
    fired: Sequence[Timer],
    told: Sequence[Notification],
) -> None:
    alarms = {turn.alarm.alarm_id: turn.alarm for turn in turns}  # the last turn of each
    entries = [entry for turn in turns for entry in turn.entries]
    numbered = [msgspec.to_builtins(e) | {"place": n} for n, e in enumerate(entries)]
    dropped, timers = net_timers(turns, fired)
    await _put(conn, "put_alarms", list(alarms.values()))
    await _put(conn, "add_entries", numbered)
    await _put(conn, "add_acknowledged", [e for e in numbered if e["what"] == "acknowledged"])
    await _put(conn, "drop_timers", [{"alarm_id": a, "name": n} for a, n in dropped])
    await _put(conn, "set_timers", list(timers.values()))
    if planned:
        await conn.execute(SQL["set_planned"], {"log_ids": list(planned)})
    await _put(conn, "add_notifications", list(told))
    if entries or told:
        payload = msgspec.json.encode({"kinds": ["alarm"], "alarms": []}).decode()
        await conn.execute(SQL["tell_listeners"], {"payload": payload})


async def _ids(conn: Connection, query: str, **params: object) -> list[int]:
    return [row[0] for row in await (await conn.execute(SQL[query], params)).fetchall()]


async def _rows(conn: Connection, query: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    return await (await cursor.execute(SQL[query], params)).fetchall()


async def _alarms(conn: Connection, alarm_ids: list[int]) -> dict[int, DeskAlarm]:
    if not alarm_ids:
        return {}
    rows = await _rows(conn, "alarms", {"alarm_ids": alarm_ids})
    return {row["alarm_id"]: DeskAlarm(**row | {"told": tuple(row["told"])}) for row in rows}


async def _put(conn: Connection, query: str, rows: Sequence[object]) -> None:
    if rows:
        await conn.execute(SQL[query], {"rows": msgspec.json.encode(rows).decode()})
