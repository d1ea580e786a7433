"""One behaviour for the watch on PostgreSQL and in memory: what it sees, and what it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from cityops.errors import TransientError
from ops_api.provisioning.keeping import WATCH
from rules.catalogue.memory_store import MemoryCatalogueStore
from rules.catalogue.rulebook import StoredRulebook
from rules.catalogue.store import PostgresCatalogueStore
from rules.catalogue.watches import LiveWatch
from rules.core.alarm_book import OpenAlarm
from rules.core.notify.model import Person, Shift
from rules.core.watch.model import ChannelSeen, Judged, Memory, QuarantinedSeen, Seen
from rules.notify.people_store import PostgresPeople
from rules.watch.memory import Attempt, MemoryWatch
from rules.watch.ports import WatchStore
from rules.watch.service import WatchService
from rules.watch.store import PostgresWatch
from tests.fakes.watch_seen import WATCHED, T

pytestmark = pytest.mark.storage


class Bench:
    """A watch, and the platform that it looks at."""

    def __init__(self, store: WatchStore, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.store, self._conn = store, conn

    async def sql(self, query: str, *params: object) -> list[Any]:
        assert self._conn is not None
        done = await self._conn.execute(query, params)  # type: ignore[call-overload]
        return await done.fetchall() if done.description else []

    @property
    def memory(self) -> MemoryWatch:
        assert isinstance(self.store, MemoryWatch)
        return self.store

    async def device(self, name: str, kind: str, cadence_s: int, *, reported: bool = True) -> None:
        if self._conn is None:
            if reported:
                self.memory.devices.append((kind, float(cadence_s)))
            return
        await self.sql(
            "insert into device (name, kind, shard, cadence_s, installed_at) values (%s, %s, 0, %s, now())",
            name, kind, cadence_s,
        )  # fmt: skip
        if reported:
            await self.sql(
                "insert into device_sequence (device_id, boot) select device_id, 1 from device where name = %s",
                name,
            )

    async def batch(self, received_s: float, readings: int = 1) -> None:
        if self._conn is None:
            self.memory.batches.append((received_s, readings))
            return
        await self.sql(
            "insert into ingest_batch (received_at, readings) values (to_timestamp(%s), %s)",
            received_s,
            readings,
        )

    async def judged(self) -> None:
        """The rules have seen every batch."""
        if self._conn is None:
            self.memory.judged = len(self.memory.batches)
            return
        await self.sql(
            "insert into rule_cursor (service, xid) select 'rules', max(xid) from ingest_batch"
            " on conflict (service) do update set xid = excluded.xid"
        )

    async def attempt(self, channel: str, at_s: float, verdict: str) -> None:
        if self._conn is None:
            self.memory.attempts.append(Attempt(channel, at_s, verdict))
            return
        number = await self.message(channel, T - 9000, "sent")
        await self.sql(
            "insert into delivery_attempt (notification_id, attempt, at, verdict) values (%s, 1, to_timestamp(%s), %s)",
            number, at_s, verdict,
        )  # fmt: skip

    async def message(self, channel: str, not_before_s: float, state: str = "pending") -> int:
        if self._conn is None:
            self.memory.due.append((channel, not_before_s))
            return 0
        [(number,)] = await self.sql(
            "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at, state)"
            " values (gen_random_uuid()::text, 'amira', %s, 'raised', 'major', 't', 'b', to_timestamp(%s), 'infinity', %s)"
            " returning notification_id",
            channel, not_before_s, state,
        )  # fmt: skip
        return int(number)

    async def keep_out(self, name: str, by: str) -> None:
        if self._conn is None:
            self.memory.quarantined.append(QuarantinedSeen(name, T, is_copied=by == WATCH))
            return
        await self.sql(
            "insert into device_state (device_id, state, changed_at) select device_id, 'quarantined', to_timestamp(%s)"
            " from device where name = %s",
            T, name,
        )  # fmt: skip
        await self.sql(
            "insert into device_act (device_id, by, act) select device_id, %s, 'quarantined' from device where name = %s",
            by, name,
        )  # fmt: skip

    async def let_in(self, name: str) -> None:
        if self._conn is None:
            self.memory.quarantined = [q for q in self.memory.quarantined if q.device != name]
            return
        await self.sql(
            "update device_state s set state = 'active' from device d where d.device_id = s.device_id and d.name = %s",
            name,
        )

    async def person(self, name: str) -> None:
        if self._conn is None:
            self.memory.people.add(name)
            return
        await self.sql("insert into person (person, label) values (%s, %s)", name, name)

    async def shift(self, role: str, person: str, from_s: float, to_s: float) -> None:
        shift = Shift(role=role, person=person, from_s=from_s, to_s=to_s)
        if self._conn is None:
            self.memory.shifts.append(shift)
            return
        await self.sql(
            "insert into rota_shift (source, role, person, from_at, to_at) values ('x', %s, %s, to_timestamp(%s), to_timestamp(%s))",
            role, person, from_s, to_s,
        )  # fmt: skip

    async def seen(self, now_s: float = T) -> Seen:
        found: list[Seen] = []

        def note(seen: Seen, memory: Memory, _: object) -> Judged:
            found.append(seen)
            return Judged(memory, ())

        assert await self.store.look(WATCHED, now_s, note)
        return found[0]

    async def alarms(self) -> list[tuple[str, str, str, bool]]:
        """Rule, subject, severity and whether it is up; the oldest first."""
        if self._conn is None:
            return [
                (r.raised.rule_id, r.raised.subject, str(r.severity), r.cleared_at_s is None)
                for r in self.memory.alarms.values()
                if r.raised is not None
            ]
        return await self.sql(
            "select rule_id, subject, severity, cleared_at is null from alarm order by alarm_id"
        )

    async def log(self) -> list[str]:
        if self._conn is None:
            return [line.what for line in self.memory.log]
        rows = await self.sql("select what, planned_at from alarm_log order by log_id")
        assert all(planned is None for _, planned in rows), "the desk is to follow them up"
        return [what for what, _ in rows]

    def service(self, clock: ManualClock) -> WatchService:
        async def watch_for() -> Any:
            return WATCHED

        return WatchService(self.store, clock, watch_for)


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the twin in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryWatch(), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=1, max_size=4, open=False) as pool,
    ):
        yield Bench(PostgresWatch(pool), conn)


async def test_an_empty_installation_is_seen_as_empty(bench: Bench) -> None:
    assert await bench.seen() == Seen(
        now_s=T, received_s=None, devices=0, cadence_s=None, waiting_since_s=None, channels=(), people=0, next_s={}
    )  # fmt: skip


async def test_the_last_readings_count_and_no_batch_without_any(bench: Bench) -> None:
    await bench.batch(T - 500)
    await bench.batch(T - 100)
    await bench.batch(T - 5, readings=0)
    assert (await bench.seen()).received_s == T - 100


async def test_devices_that_reported_once_count_and_gritters_do_not(bench: Bench) -> None:
    await bench.device("frog-1", "frog", 300)
    await bench.device("bin-1", "bin", 86_400)
    await bench.device("road-1", "road", 60, reported=False)
    await bench.device("gritter-1", "gritter", 10)
    found = await bench.seen()
    assert (found.devices, found.cadence_s) == (2, 300.0)


async def test_the_oldest_batch_that_the_rules_have_not_seen_is_how_far_they_are_behind(bench: Bench) -> None:
    await bench.batch(T - 300)
    await bench.judged()
    assert (await bench.seen()).waiting_since_s is None
    await bench.batch(T - 200)
    await bench.batch(T - 100)
    assert (await bench.seen()).waiting_since_s == T - 200
    await bench.judged()
    assert (await bench.seen()).waiting_since_s is None


async def test_a_silence_that_a_batch_has_ended_before_the_first_look_is_seen_until_the_rules_are_over_it(
    bench: Bench,
) -> None:
    """After an outage of everything the ingester may be up before the rules: devices are held back all the same."""
    await bench.device("frog-1", "frog", 60)
    await bench.batch(T - 9000)
    assert (await bench.seen()).gap_s is None, "rules that have judged nothing miss nothing"
    await bench.judged()
    assert (await bench.seen()).gap_s is None
    await bench.batch(T - 20, readings=0)
    await bench.batch(T - 3)
    await bench.batch(T - 1)
    assert (await bench.seen()).gap_s == (T - 9000, T - 3)
    clock = ManualClock(datetime.fromtimestamp(T, UTC))
    await bench.service(clock).look()
    assert await bench.alarms() == [("platform.no_readings", "town", "critical", True)]
    await bench.judged()
    assert (await bench.seen()).gap_s is None
    for _ in range(62):
        clock.advance(10)
        await bench.batch(clock.now().timestamp())
        await bench.judged()
        await bench.service(clock).look()
    assert await bench.alarms() == [("platform.no_readings", "town", "critical", False)]


async def test_failures_count_since_the_last_success_and_refusals_do_not(bench: Bench) -> None:
    for at, verdict in ((-90, "retry"), (-80, "sent"), (-70, "retry"), (-60, "unknown"), (-50, "refused")):
        await bench.attempt("sms", T + at, verdict)
    for at in (-200_000, -40):
        await bench.attempt("mail", T + at, "retry")
    await bench.attempt("chat", T - 30, "delivered")
    assert [(c.channel, c.failures) for c in (await bench.seen()).channels if c.failures] == [
        ("mail", 1),
        ("sms", 2),
    ]


async def test_what_is_due_waits_and_what_is_for_later_does_not(bench: Bench) -> None:
    await bench.message("sms", T - 400)
    await bench.message("sms", T - 500)
    await bench.message("mail", T + 60)
    assert (await bench.seen()).channels == (ChannelSeen("sms", 0, 500.0),)


async def test_quarantined_devices_are_seen_with_who_keeps_them_out_until_they_are_let_in(
    bench: Bench,
) -> None:
    clock = ManualClock(datetime.fromtimestamp(T, UTC))
    for name in ("frog-1", "frog-2", "frog-3"):
        await bench.device(name, "frog", 300, reported=False)
    await bench.keep_out("frog-2", WATCH)
    await bench.keep_out("frog-1", "a person")
    assert (await bench.seen()).quarantined == (
        QuarantinedSeen("frog-1", T, is_copied=False), QuarantinedSeen("frog-2", T, is_copied=True)
    )  # fmt: skip
    await bench.service(clock).look()
    up = [("device.quarantined", "frog-1", "major", True), ("device.quarantined", "frog-2", "major", True)]
    assert await bench.alarms() == up
    await bench.let_in("frog-2")
    clock.advance(10)
    await bench.service(clock).look()
    assert await bench.alarms() == [up[0], (*up[1][:3], False)]
    assert await bench.log() == ["raised", "raised", "cleared"]


async def test_who_is_next_on_call_by_role_among_those_who_are_still_there(bench: Bench) -> None:
    await bench.person("amira")
    await bench.shift("winter", "amira", T - 3600, T + 3600)
    await bench.shift("operations", "amira", T + 90_000, T + 100_000)
    await bench.shift("operations", "gone", T, T + 3600)
    await bench.shift("other", "amira", T, T + 3600)
    found = await bench.seen()
    assert found.people == 1
    assert {r: s for r, s in found.next_s.items() if r in WATCHED.roles} == {
        "winter": T,
        "operations": T + 90_000,
    }
    assert (await bench.seen(T + 3600)).next_s.get("winter") is None, "a shift ends before its end"


async def test_a_silence_is_an_alarm_from_its_first_look_to_its_last_across_restarts(bench: Bench) -> None:
    await bench.device("frog-1", "frog", 60)
    await bench.batch(T)
    await bench.judged()
    clock = ManualClock(datetime.fromtimestamp(T, UTC))
    for _ in range(61):
        assert await bench.service(clock).look(), "a new process each time"
        clock.advance(10)
    assert await bench.alarms() == [("platform.no_readings", "town", "major", True)]
    for _ in range(62):
        await bench.batch(clock.now().timestamp())
        await bench.judged()
        await bench.service(clock).look()
        clock.advance(10)
    assert await bench.alarms() == [("platform.no_readings", "town", "major", False)]
    assert await bench.log() == ["raised", "cleared"]


async def test_its_alarm_steps_up_in_place(bench: Bench) -> None:
    await bench.batch(T)
    await bench.judged()
    await bench.batch(T + 1)
    clock = ManualClock(datetime.fromtimestamp(T + 150, UTC))
    for _ in range(70):
        await bench.service(clock).look()
        clock.advance(10)
    assert await bench.alarms() == [("platform.rules_behind", "town", "major", True)]
    assert await bench.log() == ["raised", "severity"]


async def test_a_webhook_whose_receiver_is_out_of_order_says_nothing_of_the_channel(db_dsn: str) -> None:
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool,
    ):
        bench = Bench(PostgresWatch(pool), conn)
        await bench.attempt("webhook", T - 50, "retry")
        await bench.message("webhook", T - 500)
        await bench.sql("update notification set recipient = 'webhook:1', attempts = 1")
        assert (await bench.seen()).channels == ()
        await bench.message("webhook", T - 400)
        await bench.sql("update notification set recipient = 'webhook:2' where recipient = 'amira'")
        assert (await bench.seen()).channels == (ChannelSeen("webhook", 0, 400.0),), "nobody has tried"


@pytest.fixture
async def pool(db_dsn: str) -> AsyncIterator[AsyncConnectionPool[psycopg.AsyncConnection]]:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as opened:
        yield opened


async def _next_xid(pool: AsyncConnectionPool[psycopg.AsyncConnection]) -> int:
    async with pool.connection() as conn:
        row = await (
            await conn.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_one_process_looks_at_a_time_and_takes_no_transaction_id(
    pool: AsyncConnectionPool[psycopg.AsyncConnection],
) -> None:
    """A transaction id would hold back the rules, which follow commits by it."""
    store = PostgresWatch(pool)

    def nothing(_: Seen, memory: Memory, __: object) -> Judged:
        return Judged(memory, ())

    async with pool.connection() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext('cityops.watch'))")
        assert not await store.look(WATCHED, T, nothing)
    # Others on the same server may take one meanwhile: not each time.
    taken: list[int] = []
    while 0 not in taken and len(taken) < 50:
        before = await _next_xid(pool)
        assert await store.look(WATCHED, T, nothing)
        taken.append(await _next_xid(pool) - before)
    assert 0 in taken


async def test_a_memory_that_nobody_can_read_is_begun_anew(
    pool: AsyncConnectionPool[psycopg.AsyncConnection],
) -> None:
    async with pool.connection() as conn:
        await conn.execute("""insert into watch_memory (memory) values ('{"at_s": "long ago"}')""")
    found: list[Memory] = []

    def note(_: Seen, memory: Memory, __: list[OpenAlarm]) -> Judged:
        found.append(memory)
        return Judged(memory, ())

    await PostgresWatch(pool).look(WATCHED, T, note)  # type: ignore[arg-type]
    assert found == [Memory()]


async def test_its_alarms_carry_the_catalogue_that_was_promoted(
    pool: AsyncConnectionPool[psycopg.AsyncConnection],
) -> None:
    catalogues = PostgresCatalogueStore(pool)
    await StoredRulebook(catalogues).start()
    live = await catalogues.live()
    assert live is not None
    people = PostgresPeople(pool)
    await people.put_people([Person(person="amira", label="Amira")])
    clock = ManualClock(datetime.fromtimestamp(T, UTC))
    service = WatchService(PostgresWatch(pool), clock, LiveWatch(catalogues, clock))
    for _ in range(31):
        await service.look()
        clock.advance(10)
    async with pool.connection() as conn:
        rows = await (await conn.execute("select distinct rule_id, catalogue_id from alarm")).fetchall()
    assert rows == [("platform.rota_empty", live.catalogue_id)]


async def test_a_catalogue_with_a_wrong_rule_of_the_watch_leaves_the_one_before() -> None:
    catalogues, clock = MemoryCatalogueStore({}, lambda: T), ManualClock(datetime.fromtimestamp(T, UTC))
    await StoredRulebook(catalogues).start()
    live = LiveWatch(catalogues, clock)
    before = await live()
    stored = await catalogues.live()
    assert stored is not None
    wrong = {**stored.files, "platform_rota_empty.toml": "id = 1"}
    number = await catalogues.put(wrong, "wrong", "test", "test")
    await catalogues.promote(number, "test", "test", "promoted")
    clock.advance(31)
    after = await live()
    assert after.rules == before.rules
    assert after.catalogue_id == before.catalogue_id == stored.catalogue_id, (
        "its alarms name the copy that has them"
    )
    bare = {name: text for name, text in stored.files.items() if not name.startswith("platform_")}
    number = await catalogues.put(bare, "bare", "test", "test")
    await catalogues.promote(number, "test", "test", "promoted")
    assert (await LiveWatch(catalogues, clock)()).catalogue_id is None, "the shipped ones are in no copy"


async def test_a_database_that_does_not_answer_is_tried_again() -> None:
    async with AsyncConnectionPool(
        "host=127.0.0.1 port=1", min_size=0, max_size=1, open=False, timeout=0.2
    ) as closed:
        with pytest.raises(TransientError):
            await PostgresWatch(closed).look(WATCHED, T, lambda _, memory, __: Judged(memory, ()))
