"""One behaviour for both stores: what is fetched, written, refused and resumed."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ops_api.demo.verify import ALARMED, tally
from rules.core.effects import (
    ChangeSeverity,
    ClearAlarm,
    Decision,
    Event,
    Flapping,
    Member,
    MemberJoined,
    MemberLeft,
    RaiseAlarm,
    SubjectState,
)
from rules.core.memory import Row
from rules.ports import Change, CursorMovedError
from rules.store import PostgresRuleStore
from tests.fakes.rules_bench import Bench, opened, service
from tests.fakes.rules_town import START, Reading, hamlet

pytestmark = pytest.mark.storage


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the store in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    async with opened(database) as found:
        yield found


def change(from_cursor: int, to_cursor: int, *effects: Any, rows: tuple[Row, ...] = ()) -> Change:
    from_s = None if from_cursor == 0 else START
    return Change(from_cursor, to_cursor, START, START, rows, effects, from_settled_s=from_s)


RAISE = RaiseAlarm("bins.full", 1, "bin", "b0", "warning", START, "Bin 0: full", "85 % full.", {"fill": 85.0})
CLEAR = ClearAlarm("bins.full", "bin", "b0", START + 60, "Now 5 % full.")


async def test_the_registry_comes_back(bench: Bench) -> None:
    got, made = await bench.store.registry(), hamlet()
    assert {d.name for d in got.devices} == {d.name for d in made.devices}
    assert sorted(got.homes, key=lambda h: h.code) == sorted(made.homes, key=lambda h: h.code)
    assert got.segments == made.segments
    assert (got.nodes, got.routes, got.depots, got.bins, got.bin_models) == (
        made.nodes, made.routes, made.depots, made.bins, made.bin_models,
    )  # fmt: skip


async def test_batches_come_in_receive_order_and_once(bench: Bench) -> None:
    assert await bench.store.fetch(0, 10) is None
    late: Reading = ("frog", "frog-0", -3000.0, {"temperature_c": 0.0, "humidity_pct": 50.0})
    fresh: Reading = ("bin", "bin-1", 30.0, {"distance_mm": 500.0})
    await bench.add([fresh, ("frog", "frog-1", 20.0, {"temperature_c": 19.0, "humidity_pct": 60.0})])
    await bench.add([late])
    first = await bench.store.fetch(0, 1)
    assert first is not None
    assert (first.batches, first.readings_n) == (1, 2)
    both = await bench.store.fetch(0, 10)
    assert both is not None
    frog = both.readings["frog"]
    assert list(frog.device) == ["frog-1", "frog-0"]
    assert frog.ts_s.tolist() == [START + 20, START - 3000]
    assert frog.fields["temperature_c"].tolist() == [19.0, 0.0]
    assert sorted([*frog.position, *both.readings["bin"].position]) == [0, 1, 2] or (
        frog.position[0] < both.readings["bin"].position[0] < frog.position[1]
    )
    second = await bench.store.fetch(first.cursor, 10)
    assert second is not None
    assert second.readings["frog"].device[0] == "frog-0"
    assert await bench.store.fetch(second.cursor, 10) is None


async def test_a_change_is_written_and_resumed(bench: Bench) -> None:
    assert (await bench.store.resume()).cursor == 0
    row = Row("outdoor", "town", 1, b'{"at_s":5.0,"air_c":0.0}')
    decision = Decision("winter.gritting", 1, "route", "r1", START, "treat", "Cold.", {"a": 1}, {"b": 2})
    event = Event("bin_emptied", "bin", "b0", START, {"before_pct": 80.0})
    said = SubjectState("bin", "b0", START, {"fill_pct": 0.0})
    await bench.store.commit(change(0, 7, RAISE, decision, event, said, rows=(row,)))
    resumed = await bench.store.resume()
    assert resumed.cursor == 7
    assert (resumed.state.seen_s, resumed.state.settled_s) == (START, START)
    assert resumed.state.outdoor["town"].air_c == 0.0
    assert await bench.rows("alarms") == [("bins.full", "b0", START, None)]
    assert await bench.rows("decisions") == [("winter.gritting", "r1", "treat", START)]
    assert await bench.rows("events") == [("bin_emptied", "b0", START, {"before_pct": 80.0})]
    assert await bench.rows("states") == [("bin", "b0", START, {"fill_pct": 0.0})]


async def test_a_moved_cursor_writes_nothing(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 3))
    with pytest.raises(CursorMovedError):
        await bench.store.commit(change(0, 5, RAISE))
    assert await bench.rows("alarms") == []
    assert (await bench.store.resume()).cursor == 3


async def test_an_alarm_is_up_once_and_clears(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 1, RAISE, RAISE))
    await bench.store.commit(change(1, 2, CLEAR, RAISE, CLEAR))
    assert await bench.rows("alarms") == [
        ("bins.full", "b0", START, START + 60),
        ("bins.full", "b0", START, START + 60),
    ]


def member(name: str, at_s: float, severity: str = "warning") -> Member:
    return Member("segment", name, severity, at_s, f"{name} is icy", {"surface_temperature_c": -1.0})


ICE = ("winter.ice", "route", "r1")
GROUP = RaiseAlarm(
    "winter.ice", 2, "route", "r1", "warning", START, "Route 1: ice on S0 Road", "Ice on 1 of 3.", {"members": 1},
    is_group=True, members=(member("s0", START),), held_since_s=START - 600,
)  # fmt: skip


async def test_a_group_steps_its_members_come_and_go_and_the_log_says_so(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 1, GROUP))
    joined = MemberJoined(
        *ICE, member("s1", START + 60, "major"), "Route 1: ice on 2 stretches", "Ice on 2 of 3."
    )
    worse = ChangeSeverity(*ICE, "major", "warning", START + 60, "Ice on 2 of 3.", {"members": 2})
    left = MemberLeft(
        *ICE, "segment", "s0", START + 120, "S0 Road is now dry.", "Route 1: ice on S1 Road", "One."
    )
    flaps = Flapping(*ICE, START + 120, True, 3)
    await bench.store.commit(change(1, 2, joined, worse))
    await bench.store.commit(change(2, 3, left, flaps))
    (alarm,) = await bench.rows("standing")
    assert alarm[3:] == (
        "major", START, "Route 1: ice on S1 Road", "One.", {"members": 2}, True, True, START - 600,
    )  # fmt: skip
    (opened,) = (await bench.store.resume()).open_alarms
    assert (opened.severity, opened.flapping, opened.members) == (
        "major",
        True,
        {("segment", "s1"): START + 60},
    )
    again = MemberJoined(*ICE, member("s0", START + 180))
    calm, over = Flapping(*ICE, START + 240, False, 3), ClearAlarm(*ICE, START + 240, "All dry.")
    await bench.store.commit(change(3, 4, again, calm, over))
    members = [(row[3], row[4], row[5], row[6]) for row in await bench.rows("members")]
    assert members == [
        ("s0", "warning", START, START + 120), ("s1", "major", START + 60, START + 240),
        ("s0", "warning", START + 180, START + 240),
    ]  # fmt: skip
    log = await bench.rows("log")
    assert [row[4] for row in log] == [
        "raised", "member_joined", "severity", "member_left", "flapping", "member_joined", "flapping", "cleared",
    ]  # fmt: skip
    assert {row[3] for row in log} == {"engine"}
    assert log[0][5]["members"] == [
        {"kind": "segment", "subject": "s0", "severity": "warning", "at_s": START, "reason": "s0 is icy"}
    ]
    assert log[2][5] == {
        "severity": "major", "before": "warning", "reason": "Ice on 2 of 3.", "inputs": {"members": 2},
        "at_s": START + 60,
    }  # fmt: skip
    assert (await bench.store.resume()).open_alarms == ()


async def test_everything_in_one_step_is_the_same_as_bit_by_bit(bench: Bench) -> None:
    await bench.store.resume()
    away = MemberLeft(*ICE, "segment", "s0", START + 60, "Dry.")
    back = MemberJoined(*ICE, member("s0", START + 120, "major"))
    over = ClearAlarm(*ICE, START + 180, "Dry.")
    other = RaiseAlarm(*ICE[:1], 2, *ICE[1:], "major", START + 240, "Again", "Ice.", {}, is_group=True)
    story = (GROUP, MemberJoined(*ICE, member("s1", START + 30)), away, back, over, CLEAR, other, RAISE)
    await bench.store.commit(change(0, 1, *story))
    assert [row[:2] + row[4:5] for row in await bench.rows("standing")] == [
        ("bins.full", "bin", START), ("winter.ice", "route", START), ("winter.ice", "route", START + 240),
    ]  # fmt: skip
    members = [(row[3], row[4], row[5], row[6]) for row in await bench.rows("members")]
    assert members == [
        ("s0", "warning", START, START + 60), ("s1", "warning", START + 30, START + 180),
        ("s0", "major", START + 120, START + 180),
    ]  # fmt: skip
    assert {a.key for a in (await bench.store.resume()).open_alarms} == {ICE, ("bins.full", "bin", "b0")}


async def test_what_is_said_of_an_alarm_that_is_not_up_changes_nothing(bench: Bench) -> None:
    await bench.store.resume()
    joined, left = MemberJoined(*ICE, member("s1", START)), MemberLeft(*ICE, "segment", "s1", START, "Dry.")
    worse = ChangeSeverity(*ICE, "major", "warning", START, "Worse.", {})
    await bench.store.commit(change(0, 1, joined, left, worse, Flapping(*ICE, START, True, 3)))
    assert [await bench.rows(what) for what in ("alarms", "members", "log")] == [[], [], []]


async def test_a_storm_of_two_hundred_is_one_alarm(bench: Bench) -> None:
    await bench.store.resume()
    storm = dataclasses.replace(GROUP, members=tuple(member(f"s{i}", START) for i in range(200)))
    await bench.store.commit(change(0, 1, storm))
    assert len(await bench.rows("alarms")) == 1
    assert len(await bench.rows("members")) == 200
    assert [row[4] for row in await bench.rows("log")] == ["raised"]
    await bench.store.commit(change(1, 2, ClearAlarm(*ICE, START + 60, "Thawed.")))
    assert {row[6] for row in await bench.rows("members")} == {START + 60}


async def test_a_storm_takes_no_more_statements_than_one_member(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[object] = []
    execute = psycopg.AsyncConnection.execute

    async def counted(self: Any, query: Any, *more: Any, **options: Any) -> Any:
        statements.append(query)
        return await execute(self, query, *more, **options)

    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresRuleStore(pool)
        await store.resume()
        monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
        await store.commit(change(0, 1, GROUP))
        one = len(statements)
        members = tuple(member(f"s{i}", START) for i in range(200))
        await store.commit(change(1, 2, dataclasses.replace(GROUP, subject="r2", members=members)))
        joined = [MemberJoined("winter.ice", "route", "r2", member(f"t{i}", START + 60)) for i in range(200)]
        assert len(statements) == 2 * one
        await store.commit(change(2, 3, *joined))
    monkeypatch.undo()
    assert len(statements) <= 3 * one
    tallied = await tally(pg, ALARMED)
    assert tallied == {"winter.ice": 401}  # what a scenario's expectation is compared with


async def test_rows_of_an_older_version_are_migrated_and_their_alarms_go_on(bench: Bench) -> None:
    """What version 1 left up: a bin that is full, a segment with ice, a silent device; and a home dropped."""
    await bench.store.resume()
    life = '{"phase":"active","since_s":5.0,"held_since_s":5.0}'
    rows = (
        Row(
            "bin", "b0", 1, f'{{"at_s":{START},"first_s":{START},"full":{life},"distance_mm":200.0}}'.encode()
        ),
        Row("segment", "s0", 1, f'{{"state":"ice","ice":{life}}}'.encode()),
        Row("seen", "frog-0", 1, f'{{"at_s":{START - 9000},"silent":true}}'.encode()),
        Row("home", "OAK", 99, b'{"damp":"?"}'),
    )
    old = [
        RaiseAlarm("winter.ice", 1, "segment", "s0", "major", START, "Ice", "Ice.", {}),
        RaiseAlarm("device.silent", 1, "device", "frog-0", "warning", START, "Silent", "Silent.", {}),
        RaiseAlarm("damp.surface_humidity", 1, "home", "OAK", "warning", START, "Damp", "Damp.", {}),
        RaiseAlarm("platform.no_readings", 1, "town", "town", "major", START, "Nothing", "Nothing.", {}),
    ]
    await bench.store.commit(change(0, 0, RAISE, *old, rows=rows))
    state = (await bench.store.resume()).state
    assert state.bin["b0"].full.level == 1
    assert state.segment["s0"].ice.is_active
    assert state.seen["frog-0"].silent.held_since_s == START - 9000
    assert state.home == {}
    await bench.add([("weather", "wx-0", 60.0, {"air_temperature_c": 5.0, "humidity_pct": 80.0})])
    worker = service(bench.store)
    assert await worker.turn()
    up = {row[:2] for row in await bench.rows("alarms") if row[3] is None}
    assert up == {("bins.full", "b0"), ("platform.no_readings", "town"), ("device.silent", "OAK")}
    resumed = await bench.store.resume()
    assert not resumed.outdated
    ended = {row[0]: row[5]["reason"] for row in await bench.rows("log") if row[4] == "cleared"}
    assert ended["winter.ice"] == "Version 2 of the rule no longer calls for it."


async def test_rows_of_another_version_are_built_again(bench: Bench) -> None:
    await bench.store.resume()
    rows = (Row("outdoor", "town", 99, b'{"what":1}'), Row("nonsense", "x", 1, b"{}"))
    await bench.store.commit(change(0, 1, rows=rows))
    assert (await bench.store.resume()).state.outdoor == {}
