"""Settings are kept and told: one behaviour of both books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from devices.contract.kind import discover
from devices.registry import Device, Registry
from ingest.fleet.core.drift import judge
from ingest.fleet.desk import FleetDesk
from ingest.fleet.keeping import Declared, hear, recompose
from ingest.fleet.memory import MemoryFleet
from ingest.fleet.ports import SettingsRefusedError
from ingest.fleet.store import PgFleet
from ingest.registry_store import store_registry
from ops_api.queries import OneConnection

pytestmark = pytest.mark.storage
KINDS = discover()
DECLARED = Declared(KINDS)
DEVICES = (("frog-1", "frog"), ("frog-2", "frog"), ("bin-1", "bin"))


class Town:
    """A book, and the way in which devices of it are heard."""

    book: Any

    def __init__(self) -> None:
        self.desk = FleetDesk(self.book, KINDS)

    async def say(self, name: str, **document: Any) -> None:
        raise NotImplementedError

    async def cadence_of(self, name: str) -> int:
        raise NotImplementedError

    async def set(self, scope: str, target: str, **wanted: Any) -> int:
        named = {name.replace("__", "."): value for name, value in wanted.items()}
        seen = await self.desk.preview(scope, target, named)  # type: ignore[arg-type]
        return await self.desk.make(seen, "ann", "because")

    async def look(self) -> list[tuple[str, int, bool]]:
        """One look of the service; return what was sent."""
        await recompose(self.book, DECLARED)
        await hear(self.book, DECLARED)
        out = await self.book.outgoing(100)
        await self.book.sent(out)
        await self.book.follow_cadence()
        return sorted((o.name, o.version, o.confirmed) for o in out)

    async def drifts(self) -> dict[str, str]:
        now = datetime.now(UTC)
        return {s.name: judge(s.facts, now).drift for s in await self.book.standings()}


class InMemory(Town):
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 9, tzinfo=UTC)
        self.book = MemoryFleet(self.now, again_s=0.0)
        for name, kind in DEVICES:
            self.book.install(name, kind)
        super().__init__()

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    async def say(self, name: str, **document: Any) -> None:
        self.book.say(name, document)

    async def keep_out(self, name: str, state: str) -> None:
        self.book.keep_out(name, state)

    async def cadence_of(self, name: str) -> int:
        return int(self.book.cadence_of(name))


class InPostgres(Town):
    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self.conn = conn
        self.book = PgFleet(OneConnection(conn), again_s=0.0)
        super().__init__()

    async def say(self, name: str, **document: Any) -> None:
        await self.conn.execute(
            "insert into device_status (device_id, status, status_at, reported, reported_at)"
            " select device_id, '{\"online\": true}', clock_timestamp(), %s, clock_timestamp() from device where name = %s"
            " on conflict (device_id) do update set reported = excluded.reported, reported_at = excluded.reported_at",
            (Jsonb(document), name),
        )

    async def keep_out(self, name: str, state: str) -> None:
        await self.conn.execute(
            "insert into device_state (device_id, state) select device_id, %s from device where name = %s"
            " on conflict (device_id) do update set state = excluded.state",
            (state or "active", name),
        )

    async def cadence_of(self, name: str) -> int:
        row = await (
            await self.conn.execute("select cadence_s from device where name = %s", (name,))
        ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(params=["memory", "postgres"])
def book_dsn(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else request.getfixturevalue("db_dsn")


@pytest.fixture
async def town(book_dsn: str | None) -> AsyncIterator[Town]:
    if book_dsn is None:
        yield InMemory()
        return
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    devices = tuple(Device(name=n, kind=k, shard=1, installed_at=installed) for n, k in DEVICES)
    async with await psycopg.AsyncConnection.connect(book_dsn, autocommit=True) as conn:
        await store_registry(conn, Registry(name="t", devices=devices))
        yield InPostgres(conn)


async def test_nothing_is_told_before_anything_is_set(town):
    assert await town.look() == []
    assert set((await town.drifts()).values()) == {"as_installed"}


async def test_a_change_is_told_to_those_it_is_for(town):
    await town.set("kind", "frog", cadence_s=120)
    assert await town.look() == [("frog-1", 1, False), ("frog-2", 1, False)]
    assert await town.look() == [], "once"
    await town.set("device", "frog-2", cadence_s=60)
    assert await town.look() == [("frog-2", 2, False)]
    [newest, older] = await town.book.versions("frog-2", 10)
    assert (newest.version, newest.settings, newest.made_by, newest.note) == (
        2,
        {"cadence_s": 60},
        "ann",
        "because",
    )
    assert (newest.scope, newest.target, older.scope, older.target) == ("device", "frog-2", "kind", "frog")


async def test_groups(town):
    await town.desk.make_group("north", "The north", "ann")
    assert await town.book.put("north", ["frog-1", "bin-1"]) == 2
    assert await town.book.put("north", ["frog-1"]) == 0
    await town.set("group", "north", log__level="debug")
    assert [name for name, _, _ in await town.look()] == ["bin-1", "frog-1"]
    assert await town.book.take("north", ["bin-1", "frog-2"]) == 1
    assert await town.look() == [("bin-1", 2, False)]
    [version, _] = await town.book.versions("bin-1", 5)
    assert version.settings == {}, "as if the group had never set anything"
    [group] = await town.book.groups()
    assert (group.group_id, group.label, group.devices) == ("north", "The north", 1)
    await town.desk.drop_group("north", "ann")
    assert await town.look() == [("frog-1", 2, False)]
    await town.desk.make_group("north", "", "ann")
    await town.book.put("north", ["frog-1"])
    assert await town.look() == [], "a group of the name of one that was removed begins anew"
    for wrong in (
        town.book.put("south", ["frog-1"]),
        town.book.put("north", ["frog-9"]),
        town.desk.drop_group("x", "a"),
    ):
        with pytest.raises(SettingsRefusedError, match=r"not registered|does not exist"):
            await wrong


@pytest.mark.parametrize("state", ["quarantined", "unclaimed"])
async def test_a_device_that_is_kept_out_is_not_online_whatever_it_said_last(town, state):
    async def connection(name):
        facts = next(s.facts for s in await town.book.standings() if s.name == name)
        return facts.online, facts.kept_out

    await town.say("frog-1", version=0, state="applied", settings={})
    assert (await connection("frog-1"), await connection("frog-2")) == ((True, ""), (None, ""))
    for name in ("frog-1", "frog-2"):
        await town.keep_out(name, state)
    assert (await connection("frog-1"), await connection("frog-2")) == ((False, state), (None, state))
    await town.keep_out("frog-1", "")
    assert await connection("frog-1") == (True, "")


async def test_what_a_device_says_is_kept_and_judged(town):
    await town.set("device", "frog-1", cadence_s=120)
    await town.look()
    await town.say("frog-1", version=1, state="settling", confirm=True, settings={"cadence_s": 120})
    assert await town.look() == [("frog-1", 1, True)], "it is told that it was heard"
    assert (await town.drifts())["frog-1"] == "settling"
    assert await town.look() == [], "once"
    await town.say("frog-1", version=1, state="settling", confirm=True, settings={"cadence_s": 120})
    assert await town.look() == [("frog-1", 1, True)], "and once more where it asks again"
    await town.say("frog-1", version=1, state="applied", settings={"cadence_s": 120}, firmware="1.2", boot=7)
    assert await town.look() == []
    assert (await town.drifts())["frog-1"] == "in_step"
    assert await town.cadence_of("frog-1") == 120, "silence is judged by it"
    one = await town.book.device("frog-1")
    assert one is not None
    assert one.report is not None
    assert (one.report.firmware, one.report.boot, one.desired) == ("1.2", 7, {"cadence_s": 120})


async def test_refused_rolled_back_and_otherwise(town):
    await town.set("kind", "frog", cadence_s=120)
    await town.set("device", "bin-1", cadence_s=600)
    await town.look()
    await town.say("frog-1", version=0, about=1, state="refused", reasons=["cadence_s 120: no"], settings={})
    await town.say("frog-2", version=0, about=1, state="rolled_back", reasons=["not confirmed"], settings={})
    await town.say("bin-1", version=1, state="applied", settings={"cadence_s": 900})
    assert await town.look() == [], "what was refused is not sent again and again"
    assert await town.drifts() == {"frog-1": "refused", "frog-2": "rolled_back", "bin-1": "differs"}
    one = await town.book.device("frog-1")
    assert one is not None
    assert one.report is not None
    assert one.report.reasons == ("cadence_s 120: no",)


async def test_who_missed_a_version_is_sent_it_again(town):
    await town.set("device", "frog-1", cadence_s=120)
    await town.look()
    await town.say("frog-1", version=0, state="applied", settings={"cadence_s": 300})
    assert await town.look() == [("frog-1", 1, False)]


async def test_nonsense_is_survived(town):
    await town.set("device", "frog-1", cadence_s=120)
    await town.say("frog-1", version="x")
    await town.say("frog-2", nothing=1)
    assert await town.look() == [("frog-1", 1, False)]
    one = await town.book.device("frog-2")
    assert one is not None
    assert one.report is not None
    assert one.report.reasons[0].startswith("not understood")


async def test_a_whole_number_with_a_point_stops_nobody(town):
    await town.set("kind", "frog", cadence_s=120)
    await town.look()
    await town.say("frog-1", version=1, state="applied", settings={"cadence_s": 120.0})
    await town.say("frog-2", version=1, state="applied", settings={"cadence_s": 120})
    await town.look()
    assert [await town.cadence_of(name) for name in ("frog-1", "frog-2")] == [120, 120]


async def test_a_change_shows_what_it_would_do_and_is_taken_back(town):
    first = await town.set("kind", "frog", cadence_s=120, judge__cold_c=15.0)
    seen = await town.desk.preview("kind", "frog", {"cadence_s": 60, "judge.cold_c": None})
    assert [str(e) for e in seen.edits] == ["cadence_s: 120 → 60", "judge.cold_c: 15 → not set"]
    assert (seen.devices, sorted(seen.changed), seen.cuts_off) == (
        {"frog": 2},
        ["frog-1", "frog-2"],
        ("cadence_s",),
    )
    await town.desk.make(seen, "bob", "")
    with pytest.raises(SettingsRefusedError, match="somebody else"):
        await town.desk.make(seen, "bob", "")
    back = await town.desk.back_to(first)
    assert [str(e) for e in back.edits] == ["cadence_s: 60 → 120", "judge.cold_c: not set → 15"]
    await town.desk.make(back, "bob", "")
    changes = await town.book.changes("kind", "frog", 10)
    assert changes[0].settings == changes[2].settings
    assert len(await town.book.changes(None, None, 2)) == 2
    with pytest.raises(SettingsRefusedError, match="nothing would change"):
        await town.desk.make(await town.desk.back_to(first), "bob", "")


async def test_what_cannot_be_is_said_before(town):
    async def wrong(scope: str, target: str, **wanted: Any) -> tuple[str, ...]:
        named = {n.replace("__", "."): v for n, v in wanted.items()}
        return (await town.desk.preview(scope, target, named)).wrong  # type: ignore[no-any-return]

    assert "whole number from 10 to 86400" in (await wrong("fleet", "", cadence_s=5))[0]
    assert "there is no such setting here" in (await wrong("kind", "bin", eyes__enabled=True))[0]
    assert "command cityops fleet" in (await wrong("fleet", "", broker__host="elsewhere"))[0]
    await town.set("kind", "frog", judge__wall_act_pct=85.0)
    [line] = await wrong("device", "frog-1", judge__wall_look_pct=90.0)
    assert "below judge.wall_act_pct" in line, "together with what the kind sets"
    for scope, target in (("kind", "x"), ("group", "x"), ("device", "x")):
        with pytest.raises(SettingsRefusedError, match=r"does not exist|not registered"):
            await town.desk.preview(scope, target, {})
    moving = FleetDesk(town.book, KINDS, may_move=True)
    assert (await moving.preview("fleet", "", {"broker.host": "elsewhere"})).wrong == ()


async def test_history_stays(pg):
    town = InPostgres(pg)
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    await store_registry(
        pg, Registry(name="t", devices=(Device(name="frog-1", kind="frog", shard=1, installed_at=installed),))
    )
    await town.set("fleet", "", cadence_s=120)
    await town.look()
    for statement in (
        "update setting_change set note = 'x'",
        "delete from device_setting_version",
        "truncate setting_change cascade",
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            await pg.execute(statement)


async def test_the_website_moves_no_device_to_another_broker(pg):
    """Also by a statement of its own: the table itself refuses."""
    insert = "insert into setting_change (scope, settings, made_by) values ('fleet', %s, 'x')"
    await pg.execute(insert, (Jsonb({"broker.host": "a.example"}),))
    await pg.execute("set role cityops_api")
    for moved in ({"broker.host": "b.example"}, {}, {"broker.host": "a.example", "broker.port": 1}):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await pg.execute(insert, (Jsonb(moved),))
    await pg.execute(insert, (Jsonb({"broker.host": "a.example", "cadence_s": 60}),))
