"""One behaviour for the officer's desk on PostgreSQL and in memory, and what the engine gets of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.registry_store import store_registry
from rules.catalogue.orders import load_unanswered
from rules.core.winter_orders import model as m
from rules.core.winter_orders.chain import broken
from rules.core.winter_orders.commands import OrderRefusedError
from rules.core.winter_orders.rows import KIND, rows_of
from rules.replay.reader import PostgresReadings
from rules.store import PostgresRuleStore
from rules.winter.orders.memory import MemoryOrders
from rules.winter.orders.ports import NoSuchOrderError, UnusableTextError
from rules.winter.orders.service import UnansweredService
from rules.winter.orders.store import PostgresOrders
from tests.fakes.rules_batches import until_final
from tests.fakes.rules_town import START, hamlet
from tests.fakes.winter_orders import R1, R2, SAID, decision, row

ADA = {"by": "Ada", "role": "duty officer"}
NOW = START + 600.0


class Bench:
    """A desk, and the decisions that the engine makes."""

    def __init__(
        self, desk: MemoryOrders | PostgresOrders, conn: psycopg.AsyncConnection[Any] | None
    ) -> None:
        self.desk, self.conn = desk, conn

    async def sql(self, query: str, *params: object) -> list[Any]:
        assert self.conn is not None
        done = await self.conn.execute(query, params)  # type: ignore[call-overload]
        return await done.fetchall() if done.description else []

    async def decides(
        self, number: int, at_s: float = 0.0, outcome: str = "treat", route: str = "r1"
    ) -> None:
        if isinstance(self.desk, MemoryOrders):
            self.desk.decisions.append(decision(number, at_s, outcome, route))
            return
        found = row(number, at_s, outcome, route)
        await self.sql(
            "insert into decision (decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome,"
            " reason, inputs, result) overriding system value"
            " values (%s, 'winter.gritting', 2, 'route', %s, to_timestamp(%s), %s, %s, %s, %s)",
            number, route, START + at_s, outcome, found["reason"], Jsonb(found["inputs"]), Jsonb(found["result"]),
        )  # fmt: skip

    async def engine_at(self, at_s: float) -> None:
        if isinstance(self.desk, MemoryOrders):
            self.desk.event_s = START + at_s
            return
        await self.sql(
            "insert into rule_cursor (service, event_time) values ('rules', to_timestamp(%s))"
            " on conflict (service) do update set event_time = excluded.event_time", START + at_s,
        )  # fmt: skip

    async def alarms(self) -> list[tuple[str, str, bool]]:
        if isinstance(self.desk, MemoryOrders):
            return [(a.subject, a.severity, True) for a in self.desk.opened.values()]
        found = await self.sql("select subject, severity, cleared_at is null from alarm order by alarm_id")
        return [r for r in found if r[2]]


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the desk in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryOrders((R1, R2)), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=2, max_size=4, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        yield Bench(PostgresOrders(pool), conn)


async def test_a_night_at_the_desk(bench: Bench) -> None:
    """Confirmed, changed, cancelled, ordered, refused: all in one database, as making one is what takes time."""
    desk = bench.desk
    assert [r.segments for r in await desk.routes()] == [R1.segments, R2.segments]
    await bench.decides(1)
    await bench.decides(2, 60.0, "treat", "r2")
    await bench.decides(3, 90.0, "monitor", "r2")
    assert await desk.newest() == (3, 0)
    found = await desk.cases(START - 10.0, START + 100.0)
    assert [(c.ref, c.state) for c in found] == [("P1", "open"), ("P2", "withdrawn")]
    assert [c.ref for c in await desk.cases(START - 10.0, START + 100.0, "r2")] == ["P2"]

    # The engine has never run: what is said is kept, and there is nobody to tell.
    confirmed = await desk.act(m.Confirm(ref="p1", **ADA, request_id="k1"), NOW)
    assert (confirmed.state, confirmed.acts[0].decision_id) == ("confirmed", 1)
    assert confirmed.acts[0].seen["decision"]["decision_id"] == 1
    again = await desk.act(m.Confirm(ref="P1", **ADA, request_id="k1"), NOW + 60.0)
    assert len(again.acts) == 1
    for other in (
        m.Confirm(ref="P2", **ADA, request_id="k1"),
        m.Confirm(ref="P1", by="Bob", role="duty officer", request_id="k1"),
        m.Confirm(ref="P1", **ADA, note="quick", request_id="k1"),
        m.Cancel(ref="P1", **ADA, reason="x", request_id="k1"),
        m.OrderOwn(route_id="r1", **ADA, reason="x", g_m2=9.0, request_id="k1"),
    ):
        with pytest.raises(OrderRefusedError, match=r"'k1' was used for something else: P1 on r1, .*Ada"):
            await desk.act(other, NOW + 61.0)
    with pytest.raises(OrderRefusedError, match="Ada has confirmed P1"):
        await desk.act(m.Confirm(ref="P1", by="Bob", role="duty officer"), NOW)
    for wrong in ("P9", "O1", "Q1", "P", "P" + "9" * 30):
        with pytest.raises(NoSuchOrderError, match="cityops winter list"):
            await desk.case(wrong)
    with pytest.raises(NoSuchOrderError, match="no gritting route 'r9'"):
        await desk.act(m.OrderOwn(route_id="r9", **ADA, reason="x", g_m2=9.0), NOW)

    await bench.engine_at(500.0)
    changed = await desk.act(m.Change(ref="P1", **ADA, reason="Bridge", g_m2=15.0, segments=("s2",)), NOW)
    own = await desk.act(m.OrderOwn(route_id="r2", **ADA, reason="Burst main", g_m2=20.0), NOW + 1.5)
    assert own.ref == "O3"
    gone = await desk.act(m.Cancel(ref="O3", **ADA, reason="Mended"), NOW + 2.0)
    assert (gone.state, gone.treatment, [a.what for a in gone.acts]) == (
        "cancelled",
        None,
        ["ordered", "cancelled"],
    )
    assert (await desk.case("P1")) == changed
    later = await desk.cases(START - 10.0, START + 3600.0)
    assert [(c.ref, c.state) for c in later] == [("P1", "changed"), ("P2", "withdrawn"), ("O3", "cancelled")]

    chain = await desk.chain()
    assert [a.act_id for a in chain.acts] == [1, 2, 3, 4]
    assert await desk.newest() == (3, 4)
    assert broken(chain.before, chain.acts) == ()
    await _engine_gets(bench, list(chain.acts[1:]))


async def test_an_order_sent_twice_is_one_and_another_with_its_id_is_refused(bench: Bench) -> None:
    desk = bench.desk
    first = m.OrderOwn(route_id="r1", **ADA, reason="Burst", g_m2=10.0, segments=("s2", "s0"), request_id="x")
    ordered = await desk.act(first, NOW)
    assert (
        await desk.act(msgspec.structs.replace(first, segments=("s0", "s2"), via="cli"), NOW + 5.0) == ordered
    )
    for field, value in (
        ("route_id", "r2"),
        ("g_m2", 12.0),
        ("segments", None),
        ("start_s", NOW),
        ("plough", True),
    ):
        asked: dict[str, Any] = {field: value}
        with pytest.raises(OrderRefusedError, match="'x' was used for something else: O1 on r1"):
            await desk.act(msgspec.structs.replace(first, **asked), NOW + 6.0)
    change = m.Change(ref="O1", **ADA, reason="Colder", g_m2=12.0, request_id="y")
    changed = await desk.act(change, NOW + 7.0)
    # Asked for again after something else was done about it: the answer is the order as it stands.
    gone = await desk.act(m.Cancel(ref="O1", **ADA, reason="Mended"), NOW + 8.0)
    assert (len(changed.acts), await desk.act(change, NOW + 9.0)) == (2, gone)
    with pytest.raises(OrderRefusedError, match="'y' was used for something else"):
        await desk.act(msgspec.structs.replace(change, passes=2), NOW + 9.0)
    assert len((await desk.chain()).acts) == 3


async def _engine_gets(bench: Bench, acts: list[m.Act]) -> None:
    """What was said once the engine had run is in its batches, one an act, in order."""
    threads, answers = {2: 1, 3: 3, 4: 3}, {2: START, 3: None, 4: None}
    wanted = rows_of([(a, START + 500.0, threads[a.act_id], answers[a.act_id]) for a in acts])
    if isinstance(bench.desk, MemoryOrders):
        assert [len(b) for b in bench.desk.batches] == [2, 3, 1]
        return
    assert bench.conn is not None
    pool: Any = _One(bench.conn)
    store = PostgresRuleStore(pool)
    await until_final(bench.conn)
    fetched = await store.fetch(0, 10)
    assert fetched is not None
    assert (fetched.batches, fetched.readings[KIND]) == (3, wanted)
    dsn = bench.conn.info.dsn
    source = PostgresReadings(dsn, tuple(discover()))
    spans = await asyncio.to_thread(lambda: list(source.spans(START, START + 3600.0)))
    assert [s[KIND].fields["act"].tolist() for s in spans] == [[2.0, 2.0, 3.0, 3.0, 3.0, 4.0]]
    seen = await bench.sql("select seen from treatment_act where act_id = 2")
    assert set(seen[0][0]) == {
        "route",
        "roads",
        "weather",
        "catalogue",
        "rules_at",
        "decision",
        "forecast",
        "asked",
    }
    assert seen[0][0]["forecast"] == SAID
    for change in (
        "update treatment_act set reason = 'other'",
        "delete from treatment_act",
        "truncate treatment_act",
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="appended only"):
            await bench.sql(change)
    with pytest.raises(UnusableTextError):
        await bench.desk.act(m.Cancel(ref="P1", **ADA, reason="a\0b"), NOW + 3.0)


class _One:
    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self._conn = conn

    def connection(self) -> Any:
        conn = self._conn

        class Lent:
            async def __aenter__(self) -> psycopg.AsyncConnection[Any]:
                return conn

            async def __aexit__(self, *_: object) -> None:
                return None

        return Lent()


async def test_nobody_answers_until_somebody_does(bench: Bench) -> None:
    rule, at_s = load_unanswered(), START
    clock = ManualClock(datetime.fromtimestamp(at_s, UTC))

    async def rule_of() -> tuple[Any, None]:
        return rule, None

    service = UnansweredService(bench.desk, clock, rule_of)
    await bench.decides(1)
    assert await service.look() is False
    clock.advance(rule.parameters.answer_s)
    assert await service.look() is True
    assert await service.look() is False
    case = await bench.desk.case("P1")
    assert (case.state, [a.via for a in case.acts]) == ("unanswered", ["desk"])
    assert case.treatment is not None
    assert await bench.alarms() == [("r1", "warning", True)]
    clock.advance(901.0)
    assert await service.look() is True
    assert await bench.alarms() == [("r1", "major", True)]
    now_s = clock.now().timestamp()
    # Two at once: one of them is told who was first.
    said = await asyncio.gather(
        *(bench.desk.act(m.Confirm(ref="P1", by=who, role="duty officer"), now_s) for who in ("Ada", "Bob")),
        return_exceptions=True,
    )
    assert sorted(type(s).__name__ for s in said) == ["Case", "OrderRefusedError"]
    assert await service.look() is True
    assert await bench.alarms() == []
    chain = await bench.desk.chain()
    assert [a.what for a in chain.acts] == ["unanswered", "confirmed"]
    assert broken(chain.before, chain.acts) == ()
