"""One behaviour for the damp analyst on PostgreSQL and in memory: days, events and findings from what was stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.errors import TransientError
from rules.core.analyst.model import HomeResult
from rules.damp import service
from rules.damp.memory import MemoryDamp
from rules.damp.ports import NewCalibration
from rules.damp.store import PostgresDamp
from tests.fakes.damp_town import DAY_S, FIRST, HOUR_S, MIDNIGHT, DampTown, frog, room, weather

BOX = "frog-1"


@pytest.fixture(params=["memory", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the twin in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgresql" else None


@pytest.fixture
async def town(database: str | None) -> AsyncIterator[DampTown]:
    if database is None:
        yield DampTown(MemoryDamp())
        return
    async with (
        AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool,
        await psycopg.AsyncConnection.connect(database, autocommit=True, options="-c timezone=UTC") as conn,
    ):
        yield DampTown(PostgresDamp(pool), conn)


@pytest.mark.storage
async def test_a_room_s_days_events_and_finding(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.came([*frog(BOX, room(14.0)), *weather(14.0)])
    assert await town.work() > 14
    days = await town.days(BOX)
    assert [d["day"] for d in days] == [date(2026, 1, 10 + i) for i in range(14)]
    assert all((d["n"], d["expected"], d["hours"]) == (144, 144, 24) for d in days)
    assert all(d["surface_hours"] == 24 and d["excess_hours"] == 24 for d in days)
    assert all(d["flags"] == () and d["factor_nights"] is None for d in days)
    assert days[0]["excess_pa"] > 300.0
    events = [e for e in await town.events(BOX) if e["activity"] != "washing"]
    assert [round((e["started_s"] - MIDNIGHT) / DAY_S - 7.5 / 24.0, 1) for e in events] == list(range(14))
    assert all(
        e["of_household"] and e["outdoor_known"] and 60.0 < e["grams"] < 200.0 for e in events
    )  # of a bathroom
    findings = await town.findings("OAK")
    assert [f["week"] for f in findings] == [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19)]
    assert findings[0]["cause"] is None
    assert "hours have all that is needed" in findings[0]["evidence"]["not_enough"]
    last = findings[-1]
    assert last["cause"] is not None
    assert last["risk"] in ("raised", "high")
    assert last["to_day"] == date(2026, 1, 21)  # the last day but one is not settled: what it began may go on
    assert [a["kind"] for a in last["advice"]["items"]]


async def test_working_out_again_changes_nothing(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2", "frog-3")
    both = room(9.0)
    await town.came(
        [
            *frog(BOX, both),
            *frog("frog-2", both),
            *frog("frog-3", both + np.array([[0], [1], [0]])),
            *weather(9.0),
        ]
    )
    assert await town.work() > 0
    before = await town.all_rows()
    assert await town.store.recompute(None, None, town.rules) == 2
    assert await town.work() == 0
    assert await town.store.recompute("ELM", date(2026, 1, 15), town.rules) == 1
    assert await town.work(homes=1) == 0
    assert await town.all_rows() == before
    with pytest.raises(LookupError, match="no home 'ASH'"):
        await town.store.recompute("ASH", None, town.rules)


async def test_hour_by_hour_gives_what_all_at_once_does(town: DampTown) -> None:
    """However readings come and passes fall, the rows in the end are the same."""
    await town.home("OAK", BOX)
    readings = sorted([*frog(BOX, room(8.0)), *weather(8.0)], key=lambda r: r.at_s)
    edges = [0.0, 5 * HOUR_S, 29 * HOUR_S, 2.9 * DAY_S, 4.1 * DAY_S, 6.5 * DAY_S, 8 * DAY_S]
    for a, b in pairwise(edges):
        await town.came([r for r in readings if a <= r.at_s - MIDNIGHT < b])
        await town.work()
    rows = await town.all_rows()
    await town.store.recompute(None, None, town.rules)
    assert await town.work() == 0
    assert await town.all_rows() == rows


async def test_a_late_reading_makes_its_day_worked_out_again(town: DampTown) -> None:
    await town.home("OAK", BOX)
    readings = frog(BOX, room(9.0))
    late = [r for r in readings if 3 * DAY_S <= r.at_s - MIDNIGHT < 3.5 * DAY_S]
    await town.came([*(r for r in readings if r not in late), *weather(9.0)])
    await town.work()
    before = await town.days(BOX)
    assert (before[3]["n"], before[3]["flags"]) == (72, ("gaps",))
    await town.came(late)
    assert await town.work() > 0
    after = await town.days(BOX)
    assert (after[3]["n"], after[3]["flags"]) == (144, ())
    assert after[:2] == before[:2]
    assert after[8]["mould_state"] != before[8]["mould_state"]  # the index goes on from day to day


async def test_without_a_weather_station_outdoors_is_unknown(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.came(frog(BOX, room(12.0)))
    await town.work()
    for day in await town.days(BOX):
        assert (day["excess_pa"], day["surface_hours"], day["flags"]) == (None, 0, ("outdoor_unknown",))
    assert not any(e["outdoor_known"] for e in await town.events(BOX))
    last = (await town.findings("OAK"))[-1]
    assert (last["risk"], last["cause"]) == ("unknown", None)
    assert last["advice"]["items"] == []
    assert "outdoors" in last["advice"]["reason"]
    await town.came(weather(12.0))  # and it came after all
    await town.work()
    assert (await town.days(BOX))[5]["surface_hours"] == 24


async def test_the_diary_s_word_is_joined_and_goes_with_its_entry(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.came([*frog(BOX, room(5.0)), *weather(5.0)])
    await town.work()
    assert {e["diary_entry_id"] for e in await town.events(BOX)} == {None}
    number = await town.told("OAK", MIDNIGHT + 2 * DAY_S + 8 * HOUR_S, "cooking")
    await town.told("OAK", MIDNIGHT + 3 * DAY_S + 15 * HOUR_S, "shower")  # told, not seen
    await town.work()
    assert [e["diary_entry_id"] for e in await town.events(BOX)] == [None, None, number, None, None]


async def test_an_offset_counts_from_its_day_and_can_be_withdrawn(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.came([*frog(BOX, room(6.0)), *weather(6.0)])
    await town.work()
    before = await town.days(BOX)
    offset = NewCalibration(
        device=BOX, field="temperature_c", offset=-1.0, keeps_vapour=True, from_s=MIDNIGHT + 2 * DAY_S, to_s=None,
        how="self_heating", by="kim",
    )  # fmt: skip
    number = await town.store.calibrate(offset, town.rules)
    await town.work()
    after = await town.days(BOX)
    assert after[1] == before[1]
    for a, b in zip(after[2:], before[2:], strict=True):
        assert a["calibrations"] == (number,)
        assert a["temperature_c"] == pytest.approx(b["temperature_c"] - 1.0, abs=1e-3)
        assert a["excess_pa"] == pytest.approx(
            b["excess_pa"], abs=0.2
        )  # heat of its own leaves the vapour as it is
    assert await town.store.withdraw(number, "kim", town.rules)
    assert not await town.store.withdraw(number, "kim", town.rules)
    await town.work()
    assert await town.days(BOX) == before
    with pytest.raises(LookupError, match="frog-9"):
        await town.store.calibrate(replace(offset, device="frog-9"), town.rules)


async def test_what_fails_is_still_due(town: DampTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two steps it can end: what was not written is still due, what was is not done twice."""
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2")
    await town.came([*frog(BOX, room(3.0)), *frog("frog-2", room(3.0)), *weather(3.0)])
    wanted = town.store.write
    written = 0

    async def fails(done: Any) -> int:
        nonlocal written
        written += 1
        if written == 2:
            raise TransientError("gone")
        return await wanted(done)

    monkeypatch.setattr(town.store, "write", fails)
    with pytest.raises(TransientError):
        await town.work(homes=1)
    assert len(await town.days(BOX)) == 3
    assert await town.days("frog-2") == []
    assert await town.store.due(0, 10) == (town.numbers["ELM"],)
    monkeypatch.undo()
    await town.work()
    assert len(await town.days("frog-2")) == 3
    assert await town.store.due(0, 10) == ()


async def test_what_was_deleted_while_it_was_worked_out_is_not_written_back(
    town: DampTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2")
    await town.came([*frog(BOX, room(3.0)), *frog("frog-2", room(3.0)), *weather(3.0)])
    write, deleted = town.store.write, False

    async def late(done: Any) -> int:
        nonlocal deleted
        if not deleted:
            deleted = True
            await town.erased("OAK")
        return await write(done)

    monkeypatch.setattr(town.store, "write", late)
    await town.work()
    assert deleted
    assert await town.days(BOX) == await town.events(BOX) == await town.findings("OAK") == []
    assert len(await town.days("frog-2")) == 3  # the neighbour's, of the same portion
    assert await town.store.due(0, 10) == (town.numbers["OAK"],)  # what is left of it is worked out again
    await town.work()
    assert await town.days(BOX) == []
    assert await town.store.due(0, 10) == ()


async def test_a_home_that_can_t_be_worked_out_does_not_stop_the_others(
    town: DampTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2")
    await town.came([*frog(BOX, room(2.0)), *frog("frog-2", room(2.0)), *weather(2.0)])

    def analyse(homes: Any, *rest: Any) -> tuple[HomeResult, ...]:
        if any(h.code == "OAK" for h in homes):
            raise ZeroDivisionError("a poisoned home")
        return real(homes, *rest)

    real = service.analyse
    monkeypatch.setattr(service, "analyse", analyse)
    await town.work()
    assert len(await town.days("frog-2")) == 2
    assert await town.store.due(0, 10) == (town.numbers["OAK"],)


async def test_a_box_that_moves_takes_nothing_along(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2")
    readings = frog(BOX, room(6.0))
    await town.came([*(r for r in readings if r.at_s < MIDNIGHT + 3 * DAY_S), *weather(6.0)])
    await town.work()
    await town.move(BOX, "ELM")
    await town.came([r for r in readings if r.at_s >= MIDNIGHT + 3 * DAY_S])
    await town.work()
    await town.store.recompute("ELM", None, town.rules)
    await town.work()
    document = await town.all_rows()
    homes = (
        [(k[0], k[2], d.n) for k, d in sorted(document[0].items())]
        if town.conn is None
        else [(row[0], row[2], row[4]) for row in document[0]]
    )
    assert [n for home, day, n in homes if home == town.numbers["ELM"] and day < date(2026, 1, 13)] == []
    assert len([n for home, _, n in homes if home == town.numbers["OAK"]]) == 3


async def test_a_box_that_comes_back_brings_nothing_of_the_other_household_along(town: DampTown) -> None:
    """A, B, A: what it measured at B's is not read at A's."""
    await town.home("OAK", BOX)
    await town.home("ELM", "frog-2")
    readings = frog(BOX, room(9.0))
    for first, last, code in ((0, 3, "OAK"), (3, 6, "ELM"), (6, 9, "OAK")):
        await town.move(BOX, code)
        await town.came([r for r in readings if first * DAY_S <= r.at_s - MIDNIGHT < last * DAY_S - HOUR_S])
        await town.came([r for r in readings if 0.0 <= r.at_s - MIDNIGHT - last * DAY_S + HOUR_S < HOUR_S])
        await town.work()
    await town.store.recompute(None, None, town.rules)
    await town.work()
    await town.came(weather(9.0))
    await town.work()
    document = await town.all_rows()
    days = (
        {(k[0], k[2].day): d.n for k, d in document[0].items() if k[1] == BOX}
        if town.conn is None
        else {(row[0], row[2].day): row[4] for row in document[0]}
    )
    oak, elm = town.numbers["OAK"], town.numbers["ELM"]
    at_oak = {day: n for (home, day), n in days.items() if home == oak}
    assert {day: n for day, n in at_oak.items() if n > 0 and 13 <= day < 16} == {}
    assert {day for (home, day), n in days.items() if home == elm and n > 0} <= {13, 14, 15}
    assert at_oak[12] > 0
    assert at_oak[18] > 0


async def test_a_pass_an_hour_of_event_time(town: DampTown) -> None:
    await town.home("OAK", BOX)
    readings = sorted([*frog(BOX, room(2.0)), *weather(2.0)], key=lambda r: r.at_s)
    analyst = town.analyst()
    assert not await analyst.turn()  # nothing came yet
    for hours, worked in ((5.0, True), (5.5, False), (6.5, True)):
        done = town.batches and max(r for r in (5.0, 5.5) if r < hours)
        await town.came([r for r in readings if done * HOUR_S <= r.at_s - MIDNIGHT < hours * HOUR_S])
        assert await analyst.turn() is worked, hours
    await town.came([r for r in readings if 6.5 * HOUR_S <= r.at_s - MIDNIGHT < 6.6 * HOUR_S])
    assert not await analyst.turn()
    town.clock.advance(HOUR_S)  # event time stands, but what came is not left lying
    assert await analyst.turn()


async def test_a_silent_time_is_kept_as_not_known(town: DampTown) -> None:
    await town.home("OAK", BOX)
    readings = [r for r in frog(BOX, room(45.0)) if not 2 * DAY_S <= r.at_s - MIDNIGHT < 43 * DAY_S]
    await town.came([*(r for r in readings if r.at_s < MIDNIGHT + 3 * DAY_S), *weather(45.0)])
    await town.work()
    await town.came([r for r in readings if r.at_s > MIDNIGHT + 3 * DAY_S])
    await town.work()
    days = await town.days(BOX)
    assert [d["day"] for d in days] == [FIRST.fromordinal(FIRST.toordinal() + i) for i in range(45)]
    assert {(d["n"], d["flags"]) for d in days[2:43]} == {(0, ("gaps",))}
    state = np.frombuffer(days[-1]["mould_state"], dtype="<f8").reshape(7, -1)
    assert state[6].max() == 41 * 24  # hours of which nothing is known are counted, not made up


async def test_the_service_works_until_it_is_stopped(town: DampTown) -> None:
    await town.home("OAK", BOX)
    await town.came([*frog(BOX, room(2.0)), *weather(2.0)])
    stop = asyncio.Event()
    running = asyncio.create_task(town.analyst(poll_s=0.01).run(stop))
    async with asyncio.timeout(60):
        while len(await town.days(BOX)) < 2:
            await asyncio.sleep(0.02)
        stop.set()
        await running
