"""Roll-outs in memory and in PostgreSQL: one suite; the desk in front of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from cityops.errors import ConfigurationError
from devices.contract.topics import shard_of
from devices.contract.update.manifest import read_keys
from devices.contract.update.messages import PIECE_BYTES, Offer, Outcome, Said, read_piece
from ingest.fleet.asks import Answer, Asking, Asks
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_stages
from ingest.fleet.updates.acts import Acts
from ingest.fleet.updates.desk import UpdatesDesk
from ingest.fleet.updates.memory import MemoryUpdates
from ingest.fleet.updates.ports import Bundle, By, Rollout, Start, UpdateStore
from ingest.fleet.updates.shelf import Shelf
from ingest.fleet.updates.store import PgUpdates
from tests.fakes.ledger_rows import register
from tests.fakes.update_bench import Council

COUNCIL = Council()
BODY, OPENED = COUNCIL.bundle(2)
NAMES = [f"frog-{n:02d}" for n in range(20)]
BY = By("ada", "cli")


class Clock:
    def __init__(self) -> None:
        # Ahead of the database's own, which dates what people do: a slow machine must not make that later.
        self.at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)

    def now(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Pool:
    def __init__(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self._conn = conn

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with self._conn.transaction():
            yield self._conn


class Town:
    """Devices, a store, the desk, and what was said to devices."""

    def __init__(self, store: UpdateStore, pool: Pool | None) -> None:
        self.store, self.pool, self.clock = store, pool, Clock()
        self.desk = UpdatesDesk(store, self.clock, every_s=0.0)
        self.asks = Asks()
        self.desk.join(self.asks)
        self.told: list[tuple[str, Offer | None, str]] = []

    async def tell(self, device: Asking, answer: Answer) -> bool:
        said = json.loads(answer.payload)
        offer = msgspec.convert(said["offer"], Offer) if "offer" in said else None
        self.told.append((device.name, offer, said.get("withdraw", "")))
        return True

    async def start(self, stages: str = "2,50%,100%", **limits: Any) -> int:
        start = Start(bundle_id=OPENED.bundle_id, stages=parse_stages(stages, 60.0), limits=Limits(**limits))
        if isinstance(self.store, MemoryUpdates):
            return self.store.start(start, self.clock.now())
        assert self.pool is not None
        return await Acts(self.pool).start(start, BY)

    async def say(self, device: str, **said: Any) -> list[Answer]:
        document = msgspec.json.encode(Said(slot="a", **said))
        asking = Asking(name=device, kind="frog", shard=shard_of(device))
        _, answers = await self.asks.ask(asking, document)
        return list(answers)

    async def look(self) -> list[str]:
        before = len(self.told)
        await self.desk.look(self)
        return [name for name, offer, _ in self.told[before:] if offer is not None]

    async def ends(self, device: str, result: str = "confirmed", attempt: int = 1) -> None:
        last = Outcome(bundle=OPENED.bundle_id, attempt=attempt, result=result, code="sensors", reason="none")  # type: ignore[arg-type]
        await self.say(device, serial=2 if result == "confirmed" else 1, last=last)

    async def pin(self, device: str) -> None:
        if isinstance(self.store, MemoryUpdates):
            self.store.pinned.add(device)
            return
        assert self.pool is not None
        await Acts(self.pool).pin(device, "a test", BY)

    async def resume(self, number: int) -> None:
        if isinstance(self.store, MemoryUpdates):
            self.store.resume(number, self.clock.now())
            return
        assert self.pool is not None
        await Acts(self.pool).change(number, "resumed", "", BY)

    async def reason(self, number: int) -> str:
        if isinstance(self.store, MemoryUpdates):
            return self.store.why[number]
        assert self.pool is not None
        async with self.pool.connection() as conn:
            row = await (
                await conn.execute("select reason from rollout where rollout_id = %s", [number])
            ).fetchone()
        assert row is not None
        return str(row[0])

    async def rollout(self, number: int) -> tuple[str, int]:
        if isinstance(self.store, MemoryUpdates):
            found = self.store.rollout(number)
            return found.state, found.course.stage
        assert self.pool is not None
        async with self.pool.connection() as conn:
            row = await (
                await conn.execute("select state, stage from rollout where rollout_id = %s", [number])
            ).fetchone()
        assert row is not None
        return row[0], row[1]


@pytest.fixture(params=["memory", "postgresql"])
async def town(request: pytest.FixtureRequest, pg: psycopg.AsyncConnection[Any]) -> Town:
    if request.param == "memory":
        memory = MemoryUpdates([Asking(name=n, kind="frog", shard=shard_of(n)) for n in NAMES])
        manifest = OPENED.manifest
        memory.add(
            Bundle(
                bundle_id=OPENED.bundle_id,
                serial=2,
                version="1.2",
                size=len(BODY),
                unpacked=manifest.unpacked_bytes,
            ),
            BODY,
        )
        made = Town(memory, None)
    else:
        for name in NAMES:
            await register(pg, name)
        pool = Pool(pg)
        shelf = Shelf(pool)
        await shelf.put_keys(read_keys(COUNCIL.keys().text.encode()), "ada")
        assert await shelf.put(OPENED, BODY, "ada")
        assert not await shelf.put(OPENED, BODY, "ada")
        made = Town(PgUpdates(pool), pool)
    for name in NAMES:
        await made.say(name, serial=1)
    return made


async def test_stages_one_after_the_other(town: Town) -> None:
    number = await town.start()
    first = await town.look()
    assert len(first) == 2
    assert await town.look() == []
    for device in first:
        await town.ends(device)
    assert await town.look() == []  # it soaks
    town.clock.pass_s(61)
    await town.look()
    assert await town.rollout(number) == ("running", 1)
    second = await town.look()
    assert len(second) == 8
    assert not set(first) & set(second)
    for device in second:
        await town.ends(device)
    town.clock.pass_s(61)
    await town.look()
    third = await town.look()
    assert len({*first, *second, *third}) == 20
    for device in third:
        await town.ends(device)
    await town.look()
    assert (await town.rollout(number))[0] == "finished"


async def test_a_roll_out_that_reaches_nobody_halts_and_says_why_with_counts(town: Town) -> None:
    for name in NAMES[:19]:
        await town.say(name, serial=2)
    await town.pin(NAMES[19])
    number = await town.start("1,100%")
    assert await town.look() == []
    assert (await town.rollout(number))[0] == "halted"
    said = "nobody was offered this update: of 20 devices 1 is pinned to what it runs, 19 run it already"
    assert await town.reason(number) == said
    if town.pool is not None:
        async with town.pool.connection() as conn:
            cursor = await conn.execute("select actor_kind, action, object, reason from audit_entry")
            assert await cursor.fetchall() == [
                ("service", "fleet update halted", f"rollout:{number}", said)
            ], "nobody asked for it, and it is in the audit"
    await town.say(NAMES[3], serial=1)
    await town.resume(number)
    assert await town.look() == [NAMES[3]], "it goes on where somebody can have it now"


async def test_a_roll_out_that_runs_nowhere_in_the_end_is_no_success(town: Town) -> None:
    for name in NAMES[1:]:
        await town.pin(name)
    number = await town.start("100%", tries=1)
    assert await town.look() == [NAMES[0]]
    await town.ends(NAMES[0], "rolled_back")
    await town.look()
    assert (await town.rollout(number))[0] == "halted"
    assert await town.reason(number) == "none of the 1 devices that were offered it runs it: 1 failed"


async def test_it_halts_and_takes_offers_back(town: Town) -> None:
    number = await town.start("50%,100%", halt_at=0.05)
    offered = await town.look()
    assert len(offered) == 10
    await town.say(offered[5], offered=OPENED.bundle_id, attempt=1, phase="trying")
    for device in offered[:3]:
        await town.ends(device, "rolled_back")
    town.told.clear()
    await town.look()
    assert (await town.rollout(number))[0] == "halted"
    assert {name for name, _, withdrawn in town.told if withdrawn} == {offered[4], *offered[6:], offered[3]}
    # Who was away hears it when it says how it stands.
    [answer] = await town.say(offered[4], offered=OPENED.bundle_id, attempt=1, phase="fetching")
    assert json.loads(answer.payload) == {"withdraw": OPENED.bundle_id}
    assert await town.say(offered[5], offered=OPENED.bundle_id, attempt=1, phase="trying") == []


async def test_a_device_that_missed_its_offer_is_told_again(town: Town) -> None:
    await town.start("100%")
    [device, *_] = await town.look()
    [answer] = await town.say(device, serial=1)
    assert json.loads(answer.payload)["offer"]["bundle"] == OPENED.bundle_id
    await town.say(device, serial=1, offered=OPENED.bundle_id, attempt=1, phase="fetching", held=100)
    found = await town.store.membership(device)
    assert found is not None
    assert found[1].state == "fetching"
    await town.ends(device)
    assert await town.say(device, serial=2, bundle=OPENED.bundle_id) == []


async def test_what_failed_is_offered_again_later_and_an_old_end_is_no_end(town: Town) -> None:
    await town.start("100%", halt_least=5, again_after_s=100.0)
    offered = await town.look()
    await town.ends(offered[0], "rolled_back")
    assert await town.look() == []
    town.clock.pass_s(101)
    assert await town.look() == [offered[0]]
    # The device says, before it heard, how the attempt before ended: it is told again.
    answers = await town.say(
        offered[0], serial=1, last=Outcome(bundle=OPENED.bundle_id, attempt=1, result="rolled_back")
    )
    assert json.loads(answers[0].payload)["offer"]["attempt"] == 2
    await town.ends(offered[0], attempt=2)
    found = await town.store.membership(offered[0])
    assert found is not None
    assert (found[1].state, found[1].attempt) == ("confirmed", 2)


async def test_pieces_are_given_in_order_to_the_end(town: Town) -> None:
    got = bytearray()
    asking = Asking(name=NAMES[0], kind="frog", shard=0)
    while len(got) < len(BODY):
        ask = {"ask": "chunk", "bundle": OPENED.bundle_id, "from": len(got), "count": 3}
        _, answers = await town.asks.ask(asking, json.dumps(ask).encode())
        assert answers
        for answer in answers:
            found = read_piece(answer.payload)
            assert found is not None
            assert found.from_byte == len(got)
            got += found.body
    assert bytes(got) == BODY
    for bad in ({"from": len(BODY)}, {"bundle": "0" * 64, "from": 0}):
        ask = {"ask": "chunk", "bundle": OPENED.bundle_id, "count": 3, **bad}
        assert (await town.asks.ask(asking, json.dumps(ask).encode()))[1] == []
    # From anywhere, not from where pieces begin.
    ask = {"ask": "chunk", "bundle": OPENED.bundle_id, "from": PIECE_BYTES + 5, "count": 1}
    _, [answer] = await town.asks.ask(asking, json.dumps(ask).encode())
    found = read_piece(answer.payload)
    assert found is not None
    assert found.body == BODY[PIECE_BYTES + 5 :][: len(found.body)]


@pytest.mark.parametrize(
    "ask",
    [
        {"ask": "chunk"},
        {"ask": "chunk", "bundle": "x", "from": -1, "count": 99},
        {"ask": "update", "phase": "?"},
        {"ask": "update", "slot": "a", "version": "\x00"},
    ],
)
async def test_what_cannot_be_read_is_an_error_of_its_own(town: Town, ask: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Object|Invalid|Expected"):
        await town.asks.ask(Asking(name=NAMES[0], kind="frog", shard=0), json.dumps(ask).encode())


async def test_two_services_decide_once(town: Town) -> None:
    number = await town.start()
    [before] = await town.store.running()
    from ingest.fleet.core.rollout import Decision

    assert await town.store.decided(before, Decision(stage=1), town.clock.now())
    assert not await town.store.decided(before, Decision(stage=1), town.clock.now())
    assert (await town.rollout(number))[1] == 1


def one(rollouts: list[Rollout]) -> Rollout:
    [found] = rollouts
    return found


@pytest.mark.parametrize("town", ["postgresql"], indirect=True)
class TestInTheDatabase:
    async def test_people_act_and_it_is_written_down(
        self, town: Town, pg: psycopg.AsyncConnection[Any]
    ) -> None:
        acts = Acts(town.pool)  # type: ignore[arg-type]
        number = await town.start()
        with pytest.raises(ConfigurationError, match=f"roll-out {number} of this bundle is open"):
            await town.start()
        await acts.change(number, "halted", "looks odd", BY)
        assert await town.look() == []
        with pytest.raises(ConfigurationError, match="is halted: it can't be halted"):
            await acts.change(number, "halted", "", BY)
        await acts.change(number, "resumed", "", BY)
        await acts.pin(NAMES[3], "on a table", BY)
        offered: set[str] = set()
        for _ in range(6):
            new = await town.look()
            offered |= {*new}
            for device in new:
                await town.ends(device)
            town.clock.pass_s(61)
        assert offered == set(NAMES) - {NAMES[3]}
        with pytest.raises(ConfigurationError, match="no device frog-99"):
            await acts.pin("frog-99", "", BY)
        await acts.pin(NAMES[3], "", BY, pinned=False)
        with pytest.raises(ConfigurationError, match=f"roll-out {number} is finished"):
            await acts.change(number, "cancelled", "", BY)
        rows = await (
            await pg.execute("select what, \"by\" from rollout_event where what <> 'device' order by 1")
        ).fetchall()
        assert [what for what, _ in rows] == [
            "finished", "halted", "pinned", "resumed", "stage", "stage", "started", "unpinned",
        ]  # fmt: skip
        assert {by for _, by in rows} == {"ada", ""}
        with pytest.raises(psycopg.errors.IntegrityError):
            await pg.execute("delete from rollout_event")

    async def test_bundles_are_found_by_what_people_call_them(self, town: Town) -> None:
        acts = Acts(town.pool)  # type: ignore[arg-type]
        for named in ("1.2", "2", OPENED.bundle_id[:8], OPENED.bundle_id):
            assert await acts.bundle_id(named) == OPENED.bundle_id
        with pytest.raises(ConfigurationError, match="no bundle is called '9'"):
            await acts.bundle_id("9")

    async def test_a_withdrawn_bundle_is_given_out_no_more(self, town: Town) -> None:
        await town.start()
        assert await Shelf(town.pool).withdraw(OPENED.bundle_id)  # type: ignore[arg-type]
        assert await town.look() == []
        assert await town.store.piece(OPENED.bundle_id, 0, 100) == b""

    async def test_who_never_spoke_of_updates_is_not_offered_any(
        self, town: Town, pg: psycopg.AsyncConnection[Any]
    ) -> None:
        await register(pg, "frog-mute")
        number = await town.start("100%")
        rollout = one(list(await town.store.running()))
        assert rollout.rollout_id == number
        assert "frog-mute" not in {d.name for d in await town.store.candidates(rollout)}
