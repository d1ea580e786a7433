"""The duty officer's desk on PostgreSQL: what is read, judged and written is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.alarm_tables import write_alarms
from rules.core.alarm_book import OpenAlarm
from rules.core.effects import AlarmEffect
from rules.core.winter_orders import model as m
from rules.core.winter_orders.again import ASKED, asked_of, check_same
from rules.core.winter_orders.chain import FIRST, link_of
from rules.core.winter_orders.commands import USUAL, Terms, obey
from rules.core.winter_orders.standing import cases
from rules.core.winter_orders.unanswered import RULE, Said
from rules.town_clock import town_now_on
from rules.winter.orders.ports import Chain, Judge, NoSuchOrderError, UnusableTextError
from rules.winter.orders.rows import act_of_row, no_such, parse_ref, proposal_of_row, route_of_row

SQL = load_queries("rules.winter.orders")
RULES = load_queries("rules")
NEXT_S = 24 * 3600.0
"""A proposal's place is taken by a decision at most so long after it [s]; later ones are another night's."""


class PostgresOrders:
    """:class:`rules.winter.orders.ports.OrderDesk` and ``UnansweredStore`` on anything that lends connections; ``terms``: what it goes by."""

    def __init__(self, pool: Lender, terms: Terms = USUAL) -> None:
        self._pool, self._terms = pool, terms

    async def cases(self, from_s: float, to_s: float, route_id: str | None = None) -> tuple[m.Case, ...]:
        """Return the proposals and orders that came up in a time."""
        async with self._transaction() as conn:
            return await _cases(conn, from_s, to_s, route_id)

    async def newest(self) -> tuple[int, int]:
        """Return the numbers of the newest decision and act."""
        async with self._transaction() as conn:
            [row] = await _rows(conn, "newest")
            return row["decision_id"], row["act_id"]

    async def case(self, ref: str) -> m.Case:
        """Return one proposal or order."""
        async with self._transaction() as conn:
            return await _case(conn, ref)

    async def routes(self) -> tuple[m.Route, ...]:
        """Return the routes that orders can be about."""
        async with self._transaction() as conn:
            return tuple(route_of_row(r) for r in await _rows(conn, "routes", route_id=None))

    async def act(self, command: m.Command, now_s: float) -> m.Case:
        """Do what is asked; see :class:`rules.winter.orders.ports.OrderDesk`."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            if command.request_id is not None:
                known = await _rows(conn, "known_request", request_id=command.request_id)
                if known:
                    check_same(command, act_of_row(known[0]), self._terms)
                    return await _case(conn, known[0]["ref"])
            case = None if isinstance(command, m.OrderOwn) else await _case(conn, command.ref)
            route_id = command.route_id if isinstance(command, m.OrderOwn) else _route_of(case)
            new = obey(case, command, now_s, await _route(conn, route_id), self._terms)
            act = await _write(
                conn,
                new,
                None if case is None else case.proposal,
                reaches_engine=True,
                asked=asked_of(command),
            )
            await _tell(conn, "order")
            return await _case(conn, act.ref)

    async def chain(self) -> Chain:
        """Return every act there is."""
        async with self._transaction() as conn:
            return Chain(FIRST, tuple(act_of_row(r) for r in await _rows(conn, "all_acts")))

    async def look(self, since_s: float, catalogue_id: int | None, judge: Judge) -> bool:
        """Look at what nobody answers; see :class:`rules.winter.orders.ports.UnansweredStore`."""
        async with self._transaction() as conn:
            said = await _judged(conn, since_s, judge)
            if not (said.acts or said.effects):
                return False
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            said = await _judged(conn, since_s, judge)  # again: somebody may have answered
            for new in said.acts:
                proposal = (
                    await _case(conn, new.ref)
                ).proposal  # with its inputs, which are frozen in the act
                await _write(conn, new, proposal, reaches_engine=False)
            if said.effects:
                await _alarm(conn, catalogue_id, said.effects)
            elif said.acts:
                await _tell(conn, "order")
        return bool(said.acts or said.effects)

    async def town_now_s(self, wall_s: float) -> float:
        """Return the time it is in the town; see :mod:`rules.core.town_time`."""
        async with self._transaction() as conn:
            return await town_now_on(conn, wall_s)

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


def _route_of(case: m.Case | None) -> str:
    assert case is not None
    return case.route_id


async def _cases(conn: Connection, from_s: float, to_s: float, route_id: str | None) -> tuple[m.Case, ...]:
    span: dict[str, object] = {"from_s": from_s, "to_s": to_s, "route_id": route_id}
    later = {**span, "to_s": to_s + NEXT_S}
    decisions = [proposal_of_row(r) for r in await _rows(conn, "decisions", **later)]
    refs = [d.ref for d in decisions if d.at_s < to_s]
    acts = [act_of_row(r) for r in await _rows(conn, "acts", refs=refs, **span)]
    return tuple(c for c in cases(decisions, acts) if from_s <= c.at_s < to_s)


async def _judged(conn: Connection, since_s: float, judge: Judge) -> Said:
    """Return what follows of the proposals that wait; without a lock it may be out of date."""
    rows = await _rows(conn, "waiting", since_s=since_s, quiet=list(m.NO_TREATMENT))
    opened = await (await conn.execute(SQL["open_alarms"], {"rule_id": RULE})).fetchall()
    if not rows and not opened:
        return Said((), ())
    waiting = [proposal_of_row(r) for r in rows]
    nothing = {"from_s": 0.0, "to_s": 0.0, "route_id": None}
    acts = await _rows(conn, "acts", refs=[p.ref for p in waiting], **nothing)
    labels = {r["route_id"]: r["label"] for r in await _rows(conn, "routes", route_id=None)}
    found = cases(waiting, [act_of_row(r) for r in acts])
    return judge(found, [OpenAlarm(*row) for row in opened], labels)


async def _case(conn: Connection, ref: str) -> m.Case:
    kind, number = parse_ref(ref)
    name = f"{kind}{number}"
    decisions = []
    if kind == "P":
        rows = await _rows(conn, "one_decision", decision_id=number)
        decisions = [proposal_of_row(r) for r in rows]
    nothing = {"from_s": 0.0, "to_s": 0.0, "route_id": None}
    acts = [act_of_row(r) for r in await _rows(conn, "acts", refs=[name], **nothing)]
    found = next((c for c in cases(decisions, acts) if c.ref == name), None)
    if found is None:
        raise no_such(name)
    return found


async def _route(conn: Connection, route_id: str) -> m.Route:
    rows = await _rows(conn, "routes", route_id=route_id)
    if not rows:
        raise NoSuchOrderError(f"There is no gritting route {route_id!r}.")
    return route_of_row(rows[0])


async def _write(
    conn: Connection,
    new: m.NewAct,
    proposal: m.Proposal | None,
    *,
    reaches_engine: bool,
    asked: Mapping[str, Any] | None = None,
) -> m.Act:
    """Write an act down, and the batch that brings it to the engine where that has ever run.

    ``asked``: the command, of an officer's.
    """
    last = await _rows(conn, "last")
    number, before = (last[0]["act_id"] + 1, last[0]["link"]) if last else (1, FIRST)
    seen = await _seen(conn, new, proposal)
    seen |= {} if asked is None else {ASKED: asked}
    fields = {f: getattr(new, f) for f in m.NewAct.__struct_fields__}
    fields |= {"ref": new.ref or f"O{number}", "at_s": round(new.at_s, 3)}
    act = m.Act(act_id=number, seen=seen, **fields)
    act = msgspec.structs.replace(act, link=link_of(before, act))
    [(thread,)] = await (await conn.execute(SQL["thread"], {"ref": act.ref})).fetchall()
    counts_s = await _event_time(conn) if reaches_engine else None
    received = None if counts_s is None else await _batch(conn, act, counts_s)
    values = {
        **{f: getattr(act, f) for f in m.Act.__struct_fields__},
        "treatment": None if act.treatment is None else msgspec.json.encode(act.treatment).decode(),
        "seen": msgspec.json.encode(seen).decode(), "received_at": received, "counts_s": counts_s,
        "thread": number if thread is None else thread, "answers_s": None if proposal is None else proposal.at_s,
    }  # fmt: skip
    [(recorded_s,)] = await (await conn.execute(SQL["add_act"], values)).fetchall()
    return msgspec.structs.replace(act, recorded_s=recorded_s)


async def _seen(conn: Connection, new: m.NewAct, proposal: m.Proposal | None) -> dict[str, Any]:
    [row] = await _rows(conn, "seen", route_id=new.route_id)
    found: dict[str, Any] = msgspec.json.decode(row["seen"])
    if proposal is not None:
        decision = msgspec.to_builtins(proposal)
        found["decision"] = {k: v for k, v in decision.items() if k not in ("treatment", "route_id")}
        found["forecast"] = proposal.forecast
    return found


async def _event_time(conn: Connection) -> float | None:
    rows = await _rows(conn, "event_time")
    return rows[0]["at_s"] if rows else None


async def _batch(conn: Connection, act: m.Act, counts_s: float) -> datetime:
    """Add a batch and return its time of receipt, which no other has."""
    rows = 1 + (0 if act.treatment is None else len(act.treatment.segments))
    at = datetime.now(UTC)
    while True:
        found = await conn.execute(SQL["add_batch"], {"received_at": at, "rows": rows, "counts_s": counts_s})
        if await found.fetchone() is not None:
            return at
        at += timedelta(microseconds=1)


async def _alarm(conn: Connection, catalogue_id: int | None, effects: Sequence[AlarmEffect]) -> None:
    if catalogue_id is not None:
        await conn.execute(RULES["name_catalogue"], {"catalogue_id": catalogue_id})
    alarms = await write_alarms(conn, effects)
    payload = {"kinds": ["alarm", "order", "route"], "alarms": alarms}
    await conn.execute(SQL["tell_listeners"], {"payload": msgspec.json.encode(payload).decode()})


async def _tell(conn: Connection, *kinds: str) -> None:
    payload = msgspec.json.encode({"kinds": list(kinds), "alarms": []}).decode()
    await conn.execute(SQL["tell_listeners"], {"payload": payload})


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
