"""Incidents on PostgreSQL: what is read, judged and written is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.incidents import commands as c
from rules.core.incidents.fold import after
from rules.core.incidents.model import Act, Incident, NewAct, Signal
from rules.core.incidents.obey import Case, obey
from rules.core.incidents.parameters import GroupingParameters
from rules.core.incidents.part import seen
from rules.core.incidents.timeline import Line
from rules.incidents import rows as r
from rules.incidents.asked import check_same, goes_on
from rules.incidents.ports import REF_HINT, Judge, Looked, NoSuchIncidentError, UnusableTextError
from rules.town_clock import town_now_on

SQL = load_queries("rules.incidents")
NUMBER_MOST = 2**63 - 1
BEFORE_S = 6 * 3600.0
"""Orders and rounds from so long before an incident was made are told with it [s]."""
Row = dict[str, Any]


class PostgresIncidents:
    """:class:`rules.incidents.ports.IncidentBook` and ``IncidentStore`` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def incidents(self, *, live: bool = True, since_s: float | None = None) -> tuple[Incident, ...]:
        """Return incidents by number; see :class:`rules.incidents.ports.IncidentBook`."""
        async with self._transaction() as conn:
            return tuple(_incident(x) for x in await _rows(conn, "listed", live=live, since_s=since_s))

    async def incident(self, incident_id: int) -> Incident:
        """Return one incident."""
        async with self._transaction() as conn:
            return await _one(conn, incident_id)

    async def signals(self, incident_id: int) -> tuple[Signal, ...]:
        """Return what belongs to one, by time."""
        async with self._transaction() as conn:
            return await _signals(conn, incident_id)

    async def acts(
        self,
        incident_id: int | None = None,
        since_s: float | None = None,
        *,
        after: int = 0,
        most: int | None = None,
    ) -> tuple[Act, ...]:
        """Return acts in order; see :class:`rules.incidents.ports.IncidentBook`."""
        async with self._transaction() as conn:
            return await _acts(conn, incident_id, since_s=since_s, after=after, most=most)

    async def around(self, incident_id: int) -> tuple[Line, ...]:
        """Return what other books say; see :class:`rules.incidents.ports.IncidentBook`."""
        async with self._transaction() as conn:
            about = {"incident_id": incident_id, "before_s": BEFORE_S}
            lines = [r.alarm_line(x) for x in await _rows(conn, "alarm_lines", incident_id=incident_id)]
            lines += [r.order_line(x) for x in await _rows(conn, "order_lines", **about)]
            lines += [r.round_line(x) for x in await _rows(conn, "round_lines", **about)]
        return tuple(sorted(lines, key=lambda line: line.at_s))

    async def act(self, command: c.Command, now_s: float) -> Incident:
        """Do what is asked; see :class:`rules.incidents.ports.IncidentBook`."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            if command.request_id is not None:
                known = await _rows(conn, "known_request", request_id=command.request_id)
                if known:
                    act = r.act_of_row(known[0])
                    check_same(command, act)
                    return await _one(conn, goes_on(act))
            [numbers] = await _rows(conn, "numbers")
            case = await _case(conn, command, numbers["incident_id"])
            obeyed = obey(command, case, now_s)
            written = await _write(conn, obeyed.acts, numbers["act_id"])
            await _move(conn, obeyed.members)
            return written[goes_on(obeyed.acts[0])]

    async def look(self, p: GroupingParameters, now_s: float, judge: Judge, *, anyhow: bool) -> bool:
        """Look, judge and write; see :class:`rules.incidents.ports.IncidentStore`."""
        async with self._transaction() as conn:
            [[turn]] = await (await conn.execute(SQL["try_lock"])).fetchall()
            if turn is not True:
                return False
            newest, cursor = await _rows(conn, "newest"), await _rows(conn, "cursor")
            if cursor == newest and not anyhow:
                return False
            return await _look(conn, p, now_s, judge, newest[0])

    async def town_now_s(self, wall_s: float) -> float:
        """Return the time it is in the town; see :mod:`rules.core.town_time`."""
        async with self._transaction() as conn:
            return await town_now_on(conn, wall_s)

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


async def _look(conn: Connection, p: GroupingParameters, now_s: float, judge: Judge, newest: Row) -> bool:
    fresh = {s.key: s for s in await _fresh(conn, p, now_s)}
    kept = {x["key"]: _signal(x) for x in await _rows(conn, "kept_signals", incident_id=None)}
    over = {x["key"]: x["severity"] for x in await _rows(conn, "over", keys=sorted(fresh))}
    signals = seen(fresh, kept, over, p, now_s)
    belongs = {x["key"]: x["incident_id"] for x in await _rows(conn, "belongs", keys=sorted(signals))}
    [numbers] = await _rows(conn, "numbers")
    live = tuple(_incident(x) for x in await _rows(conn, "live"))
    settled = judge(Looked(live, belongs, tuple(signals.values()), numbers["incident_id"]))
    await _write(conn, settled.acts, numbers["act_id"], known={i.incident_id: i for i in live})
    alive = {i.incident_id for i in live} | set(settled.members.values())
    home = {**belongs, **settled.members}
    for key, number in sorted(home.items()):
        if number in alive and (key in settled.members or signals[key] != kept.get(key)):
            await conn.execute(SQL["put_signal"], _signal_row(signals[key], number))
    newest = {
        **newest,
        "incident_act": max(newest["incident_act"], numbers["act_id"] + len(settled.acts) - 1),
    }
    await conn.execute(SQL["move_cursor"], newest)
    return bool(settled.acts or settled.members)


async def _fresh(conn: Connection, p: GroupingParameters, now_s: float) -> list[Signal]:
    since_s, told_s = now_s - p.longest_s, 3600.0 * p.told_h
    alarms = await _rows(conn, "alarms", since_s=since_s, heads=list(p.service_of), left_out=list(p.left_out))
    events = await _rows(
        conn, "events", since_s=since_s, now_s=now_s, told_s=told_s, kinds=[e.kind for e in p.events]
    )
    ids = sorted({x["segment_id"] for x in (*alarms, *events) if x["segment_id"] is not None})
    middles = {x["segment_id"]: x for x in await _rows(conn, "middles", ids=ids)} if ids else {}
    found = [r.alarm_signal(_placed(x, middles), p) for x in alarms]
    found += [r.event_signal(_placed(x, middles), p) for x in events]
    reports = await _rows(conn, "reports", since_s=since_s, now_s=now_s, told_s=told_s)
    return found + [r.report_signal(x) for x in reports]


def _placed(row: Row, middles: Mapping[str, Row]) -> Row:
    """Return a row with the place of its stretch of road, where it has none of its own."""
    at = middles.get(row["segment_id"] or "")
    return row if at is None or row["latitude_deg"] is not None else {**row, **at}


async def _case(conn: Connection, command: c.Command, next_id: int) -> Case:
    about = command.incident_id if isinstance(command, c.About | c.Open) else None
    if about is None:
        return Case(None, next_id)
    incident = await _one(conn, about)
    signals = await _signals(conn, about)
    version = command.seen if isinstance(command, c.About) else None
    since = () if version is None else await _acts(conn, about, after=version)
    if isinstance(command, c.Merge):
        into = await _one(conn, command.into)
        return Case(incident, next_id, signals, into, await _signals(conn, command.into), since)
    return Case(incident, next_id, signals, since=since)


async def _acts(
    conn: Connection,
    incident_id: int | None,
    *,
    since_s: float | None = None,
    after: int = 0,
    most: int | None = None,
) -> tuple[Act, ...]:
    found = await _rows(conn, "acts", incident_id=incident_id, since_s=since_s, after=after, most=most)
    return tuple(r.act_of_row(x) for x in found)


async def _write(
    conn: Connection, acts: Sequence[NewAct], first: int, known: Mapping[int, Incident] | None = None
) -> dict[int, Incident]:
    """Write acts, and each incident as it stands after them; return those."""
    now: dict[int, Incident] = {}
    for number, new in enumerate(acts, start=first):
        act = Act(act_id=number, **{f: getattr(new, f) for f in NewAct.__struct_fields__})
        values = {f: getattr(act, f) for f in Act.__struct_fields__}
        await conn.execute(SQL["add_act"], {**values, "detail": msgspec.json.encode(act.detail).decode()})
        before = now.get(act.incident_id) or (known or {}).get(act.incident_id)
        if before is None and act.what not in ("proposed", "opened"):
            before = await _one(conn, act.incident_id)
        elif before is None:
            before = await _maybe(conn, act.incident_id)
        now[act.incident_id] = after(before, act)
    for incident in now.values():
        await conn.execute(SQL["put_incident"], _incident_row(incident))
    if now:
        payload = msgspec.json.encode({"kinds": ["incident"], "alarms": []}).decode()
        await conn.execute(SQL["tell_listeners"], {"payload": payload})
    return now


async def _move(conn: Connection, members: Mapping[str, int]) -> None:
    for number in sorted(set(members.values())):
        keys = sorted(k for k, n in members.items() if n == number)
        await conn.execute(SQL["move_signals"], {"incident_id": number, "keys": keys})


async def _one(conn: Connection, incident_id: int) -> Incident:
    found = await _maybe(conn, incident_id)
    if found is None:
        raise NoSuchIncidentError(f"There is no incident I{incident_id}: {REF_HINT}.")
    return found


async def _maybe(conn: Connection, incident_id: int) -> Incident | None:
    if not 0 < incident_id <= NUMBER_MOST:
        return None
    found = await _rows(conn, "one", incident_id=incident_id)
    return _incident(found[0]) if found else None


async def _signals(conn: Connection, incident_id: int) -> tuple[Signal, ...]:
    return tuple(_signal(x) for x in await _rows(conn, "kept_signals", incident_id=incident_id))


def _incident(row: Row) -> Incident:
    return msgspec.json.decode(row["document"], type=Incident)


def _signal(row: Row) -> Signal:
    return msgspec.json.decode(row["document"], type=Signal)


def _incident_row(i: Incident) -> dict[str, Any]:
    names = (
        "incident_id", "state", "severity", "title", "place", "signals", "up", "latitude_deg", "longitude_deg", "reach_m",
        "made_at_s", "opened_at_s", "contained_at_s", "closed_at_s", "changed_at_s",
    )  # fmt: skip
    values: dict[str, Any] = {n: getattr(i, n) for n in names}
    return values | {
        "services": list(i.services),
        "has_owner": i.owner != "",
        "open_tasks": len(i.open_tasks),
        "document": msgspec.json.encode(i).decode(),
    }


def _signal_row(s: Signal, incident_id: int) -> dict[str, Any]:
    names: Iterable[str] = ("key", "alarm_id", "service", "rule_id", "severity", "at_s", "ended_s")
    values: dict[str, Any] = {n: getattr(s, n) for n in names}
    return values | {"incident_id": incident_id, "document": msgspec.json.encode(s).decode()}


async def _rows(conn: Connection, query: str, **params: object) -> list[Row]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[Row] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
