"""The ledger's ports on PostgreSQL and in memory, the month that the service makes, and the commands."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import psycopg
import pytest
from prometheus_client import CollectorRegistry
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from typer.testing import CliRunner

from cityops.clock import ManualClock
from cityops.settings import load_settings
from devices.registry import Device
from ingest.registry_store import store_registry
from ops_api.queries import OneConnection
from ops_api.wiring_bins_ledger import statement_keeper
from rules.bin_ledger.book import PostgresSettings, PostgresStatements
from rules.bin_ledger.gathering import LedgerRoom, unpacked
from rules.bin_ledger.keeping import SETTLED_S, WAIT_S, StatementKeeper, month_of
from rules.bin_ledger.memory import MemoryLedger, MemorySettings, MemoryStatements
from rules.bin_ledger.ports import LedgerSettings, LedgerSource, NewStatement, StatementBook
from rules.bin_ledger.settings import Compared, shipped_tariffs
from rules.bin_ledger.source import PostgresLedger
from rules.catalogue.loader import load
from rules.catalogue.store import PostgresCatalogueStore
from rules.collection_acts.store import PostgresActs as Acts
from rules.core.bin_ledger.codec import decode
from rules.core.bin_ledger.values import Bin, Complaint, Driven, Emptied, SensorWork, Trace
from rules.core.bin_ledger.verifying import verify
from rules.core.collection_acts.record import NewAct, What
from tests.fakes.bin_ledger_month import BEGIN_S, FIRST, LAST, SCHEDULE, emptyings, rounds, trace
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START, Reading, hamlet

LONDON = ZoneInfo("Europe/London")
MONTH = month_of(FIRST, LONDON)
BINS = {"b0": (1.0, 96), "b1": (2.5, 36)}
"""The hamlet's bins that measure, as A and B of the month by hand; the third tells nothing."""
WORK = (
    SensorWork(ref="1", bin_id="b0", opened_s=BEGIN_S, closed_s=BEGIN_S + 86_400.0, done=True, what="Battery low"),
    SensorWork(ref="2", bin_id="b1", opened_s=BEGIN_S + 5.0, what="Stuck"),
)  # fmt: skip
WHAT_OF: dict[str, What] = {"overflowing": "overflowing", "damaged": "damaged"}
COMPLAINTS = (
    Complaint(t_s=BEGIN_S + 3_600.0, what="overflowing", bin_id="b0"),
    Complaint(t_s=BEGIN_S + 7_200.0, what="damaged", bin_id="b1"),
)


@dataclass
class Bench:
    source: LedgerSource
    settings: LedgerSettings
    book: StatementBook
    conn: psycopg.AsyncConnection[Any] | None


def traces() -> tuple[Trace, ...]:
    """Return the fills as the readings' own half hours and filter leave them."""
    return tuple(trace(b, *how) for b, how in BINS.items())


def all_emptyings() -> list[Emptied]:
    return [e for b, how in BINS.items() for e in emptyings(b, *how)]


def all_rounds() -> tuple[Driven, ...]:
    names = {"a": "b0", "b": "b1"}
    return tuple(
        Driven(day=d.day, lorry="round", km=d.km, bins=tuple(names[b] for b in d.bins), stops=len(d.bins)) for d in rounds()
    )  # fmt: skip


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        names = [Bin(bin_id=f"b{k}", label=f"Bin {k}", device=f"bin-{k}") for k in range(3)]
        source = MemoryLedger(tuple(names), traces(), tuple(all_emptyings()), all_rounds(), COMPLAINTS, WORK)
        yield Bench(source, MemorySettings(), MemoryStatements(busy=[BEGIN_S]), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool,
    ):
        await fill(conn)
        source_ = PostgresLedger(pool, load().full.parameters, "UTC")
        yield Bench(source_, PostgresSettings(pool), PostgresStatements(pool), conn)


async def fill(conn: psycopg.AsyncConnection[Any]) -> None:
    await store_registry(conn, hamlet())
    readings: list[Reading] = [
        ("bin", f"bin-{b[1]}", float(t) - START, {"fill_pct": float(f), "temperature_c": 10.0, "tilt_deg": 0.0, "battery_pct": 90.0})
        for b, how in BINS.items()
        for t, f in zip(trace(b, *how).t_s, trace(b, *how).fill_pct, strict=True)
    ]  # fmt: skip
    await insert_batch(conn, readings, 1)
    for e in all_emptyings():
        detail = {"before_pct": e.before_pct, "after_pct": e.after_pct}
        await conn.execute(
            "insert into event (kind, subject_kind, subject, at, detail) values ('bin_emptied', 'bin', %s, to_timestamp(%s), %s)",
            (e.bin_id, e.t_s, Jsonb(detail)),
        )
    for d in all_rounds():
        stops = [{"order": k, "bin_id": b} for k, b in enumerate(d.bins, start=1)]
        # Decided again when a bin has left the list: the longer list is the day's.
        for some, km in ((stops, d.km), ([], 0.0)):
            await conn.execute(
                "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
                " values ('bins.round', 1, 'route', 'bins', %s, %s, 'x', %s)",
                (datetime.combine(d.day, datetime.min.time(), UTC), "collect" if some else "no_action",
                 Jsonb({"stops": some, "km": km, "service_date": str(d.day)})),
            )  # fmt: skip
        # Of since rounds are planned: no km, so it is no round that was driven.
        must = [{"bin_id": b, "must": True, "code": "full", "why": "x"} for b in BINS]
        await conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
            " values ('bins.round', 2, 'route', 'bins', %s, 'collect', 'x', %s)",
            (datetime.combine(d.day, datetime.min.time(), UTC),
             Jsonb({"candidates": must, "separate": [], "service_date": str(d.day)})),
        )  # fmt: skip
    await say(conn)
    for w in WORK:
        await conn.execute(
            "insert into work_item (rule_id, rule_version, device, opened_at, done_at, title, reason) values ('quality.battery', 1, %s,"
            " to_timestamp(%s), to_timestamp(%s), %s, 'x')",
            (f"bin-{w.bin_id[1]}", w.opened_s, w.closed_s, w.what),
        )


async def say(conn: psycopg.AsyncConnection[Any]) -> None:
    """Residents report; one takes it back, and what a crew says is no complaint."""
    acts = Acts(OneConnection(conn))
    for c in COMPLAINTS:
        await acts.append(
            NewAct(
                ref=f"bin:{c.bin_id}", what=WHAT_OF[c.what], at_s=c.t_s, by="x", role="resident", via="page"
            )
        )
    wrong = await acts.append(
        NewAct(ref="bin:b1", what="full", at_s=BEGIN_S + 9_000.0, by="x", role="resident", via="page")
    )
    await acts.append(
        NewAct(ref="bin:b1", what="withdrawn", at_s=BEGIN_S + 9_060.0, by="x", role="resident", via="page", withdraws=wrong.act_id)
    )  # fmt: skip
    await acts.append(
        NewAct(ref="bin:b0", what="full", at_s=BEGIN_S + 9_900.0, by="crew 1", role="crew", via="crew page")
    )


async def test_lorries_that_measured_count_before_decisions(bench: Bench) -> None:
    """Half an hour at 10 m/s due north, then parked where the receiver wanders: 18 km."""
    if bench.conn is None:
        pytest.skip("the memory's rounds are given as they are")
    lorry = Device(name="lorry-1", kind="lorry", shard=1, installed_at=datetime(2025, 1, 1, tzinfo=UTC))
    await store_registry(bench.conn, msgspec.structs.replace(hamlet(), devices=(*hamlet().devices, lorry)))
    driving = [(t, 52.0 + 10.0 * t / 111_195.0, 10.0) for t in range(0, 1_801, 15)]
    parked = [(t, driving[-1][1] + 1e-4 * (t % 2), 0.0) for t in range(1_815, 5_400, 15)]
    rows: list[Reading] = [
        ("lorry", "lorry-1", BEGIN_S + 21_600.0 + t - START, {"latitude_deg": lat, "longitude_deg": 0.1, "speed_m_s": v})
        for t, lat, v in (*driving, *parked)
    ]  # fmt: skip
    await insert_batch(bench.conn, rows, 2)
    found = await bench.source.rounds(FIRST, FIRST)
    assert found is not None
    (d,) = found
    assert (d.lorry, d.source, d.hours) == ("lorry-1", "track", 0.5)
    assert abs(d.km - 18.0) < 0.02


async def test_both_sources_tell_the_same(bench: Bench) -> None:
    s = bench.source
    assert [(b.bin_id, b.device, b.capacity_l) for b in await s.bins()] == [
        ("b0", "bin-0", 240.0), ("b1", "bin-1", 240.0), ("b2", "bin-2", 240.0),
    ]  # fmt: skip
    found = await s.emptyings(MONTH.from_s, MONTH.to_s)
    assert [(e.bin_id, e.t_s, e.before_pct) for e in found if e.bin_id == "b0"][:2] == [
        ("b0", BEGIN_S + 96 * 3600.0 + 1.0, 96.0), ("b0", BEGIN_S + 192 * 3600.0 + 1.0, 96.0),
    ]  # fmt: skip
    assert len(found) == 27
    assert await s.emptyings(MONTH.to_s, MONTH.to_s + 1e6) == ()
    a, b = await s.traces(MONTH.from_s, MONTH.to_s, found)
    assert (a.bin_id, b.bin_id, len(a.t_s)) == ("b0", "b1", 744)
    # The filter is at most two readings behind.
    assert float(np.abs(a.fill_pct - traces()[0].fill_pct).max()) <= 2.0
    assert float(np.abs(b.fill_pct - traces()[1].fill_pct).max()) <= 5.0
    assert await s.rounds(FIRST, LAST) == all_rounds()
    assert await s.complaints(MONTH.from_s, MONTH.to_s) == COMPLAINTS
    assert await s.complaints(BEGIN_S + 3_601.0, MONTH.to_s) == COMPLAINTS[1:]
    work = await s.work(MONTH.from_s, MONTH.to_s)
    assert [(w.bin_id, w.done, w.closed_s, w.what, w.cost_gbp) for w in work] == [
        (w.bin_id, w.done, w.closed_s, w.what, None) for w in WORK
    ]  # fmt: skip
    assert [w.bin_id for w in await s.work(BEGIN_S + 2 * 86_400.0, MONTH.to_s)] == ["b1"]


async def test_an_emptying_that_was_taken_back_is_none(bench: Bench) -> None:
    """A fall that was none: told, then taken back. Another is told, then confirmed by the lorry."""
    if bench.conn is None:
        pytest.skip("the memory's emptyings are given as they are")
    add = "insert into event (kind, subject_kind, subject, at, detail) values (%s, 'bin', %s, to_timestamp(%s), %s)"
    fell = {"before_pct": 80.0, "after_pct": 5.0, "confidence": 0.9, "evidence": ["drop"]}
    for kind, bin_id, hour, detail in (
        ("bin_emptied", "b0", 50.5, fell), ("bin_emptying_retracted", "b0", 50.5, fell | {"confidence": 0.0}),
        ("bin_emptied", "b1", 50.5, fell), ("bin_emptying_confirmed", "b1", 50.5, fell | {"confidence": 0.99, "evidence": ["drop", "lorry"]}),
    ):  # fmt: skip
        await bench.conn.execute(add, (kind, bin_id, BEGIN_S + hour * 3600.0, Jsonb(detail)))
    found = await bench.source.emptyings(MONTH.from_s, MONTH.to_s)
    assert len(found) == 28
    [more] = [e for e in found if e.t_s == BEGIN_S + 50.5 * 3600.0]
    assert (more.bin_id, more.confidence, more.evidence) == ("b1", 0.99, ("drop", "lorry"))


async def test_no_rounds_is_not_a_round_of_nothing(bench: Bench) -> None:
    if isinstance(bench.source, MemoryLedger):
        bench.source.all_rounds = None
    else:
        assert bench.conn is not None
        await bench.conn.execute("delete from decision")
    assert await bench.source.rounds(FIRST, LAST) is None


async def test_the_newest_setting_counts_and_who_set_it_is_kept(bench: Bench) -> None:
    s = bench.settings
    assert await s.compared() is None
    assert await s.tariffs() == shipped_tariffs()
    first = Compared(schedule=SCHEDULE)
    await s.put(first, by="Ada", why="the rota")
    second = Compared(schedule=msgspec.structs.replace(SCHEDULE, source="contract"))
    await s.put(second, by="Bob", why="the contract")
    dear = msgspec.structs.replace(shipped_tariffs().crew_gbp_h, value=50.0, assumed=False)
    changed = msgspec.structs.replace(shipped_tariffs(), crew_gbp_h=dear)
    await s.put(changed, by="Cyd", why="payroll")
    assert await s.compared() == second
    assert await s.tariffs() == changed
    assert [(x.what, x.made_by, x.why) for x in await s.log()] == [
        ("tariffs", "Cyd", "payroll"), ("schedule", "Bob", "the contract"), ("schedule", "Ada", "the rota"),
    ]  # fmt: skip


async def test_one_statement_is_kept_of_a_month(bench: Bench) -> None:
    later = month_of(date(2026, 2, 1), LONDON)
    assert await bench.book.due([MONTH, later]) == [FIRST]
    new = NewStatement(FIRST, "d", hashlib.sha256(b"x").hexdigest(), "Yes", "{}", b"x")
    assert await bench.book.put(new)
    assert not await bench.book.put(NewStatement(FIRST, "e", "s", "No", "{}", b"y"))
    assert await bench.book.kept(FIRST) == b"x"
    assert await bench.book.kept(later.first) is None
    assert await bench.book.due([MONTH]) == []
    assert await bench.book.months() == [(FIRST, "Yes")]
    assert await bench.book.counted_s() is None
    if bench.conn is not None:
        for what in (
            "delete from bin_statement",
            "update bin_statement set answer = 'No'",
            "truncate bin_statement",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                await bench.conn.execute(what)


async def test_the_service_makes_a_month_s_statement_when_it_is_over(bench: Bench) -> None:
    now = [MONTH.to_s + WAIT_S - 1.0]
    room = LedgerRoom(bench.source, bench.settings, "Ourtown", "Europe/London")

    async def the_room() -> LedgerRoom:
        return room

    async def the_time() -> float:
        return now[0]

    keeper = StatementKeeper(
        bench.book, the_room, the_time, ManualClock(datetime(2026, 2, 1, 12, tzinfo=UTC))
    )
    now[0] += 2.0
    assert await keeper.look() == ()  # nothing to compare with
    await bench.settings.put(Compared(schedule=SCHEDULE), by="Ada", why="the rota")
    now[0] -= 2.0
    assert await keeper.look() == ()  # its readings have not all counted
    now[0] += 2.0
    assert await keeper.look() == (FIRST,)
    assert await keeper.look() == ()
    pack = await bench.book.kept(FIRST)
    assert pack is not None
    data = unpacked(pack)
    told = decode(data)
    assert (told.by, told.statement.provisional, told.statement.line("collections").actual) == (
        "cityops",
        False,
        27,
    )
    assert [x.why for x in told.statement.left_out] == ["nothing was measured"]
    assert told.statement.line("sensors").note.startswith("3 sensors, 1 visits by the tariff")
    assert verify(data).holds


async def test_it_waits_for_readings_that_have_not_counted() -> None:
    book = MemoryStatements(busy=[BEGIN_S], counted=MONTH.to_s)
    settings = MemorySettings()
    await settings.put(Compared(schedule=SCHEDULE), by="Ada", why="the rota")
    source = MemoryLedger((Bin(bin_id="b0", label="x", device="d"),), traces()[:1], tuple(all_emptyings()))
    now = [MONTH.to_s + SETTLED_S - 1.0]

    async def room() -> LedgerRoom:
        return LedgerRoom(source, settings, "Ourtown", "Europe/London")

    async def the_time() -> float:
        return now[0]

    keeper = StatementKeeper(book, room, the_time, ManualClock(datetime(2026, 2, 1, 12, tzinfo=UTC)))
    assert await keeper.look() == ()
    now[0] += 1.0
    assert await keeper.look() == (FIRST,)


ROTA = """
source = "the rota of 2025"
[[plans]]
name = "all"
every_days = 2
first_day = 2026-01-01
from_h = 7.0
until_h = 7.0
km = 15.0
hours = 3.0
[baseline]
complaints = 24
days = 90
source = "call centre"
"""


async def test_the_commands(db_dsn: str, tmp_path: Path) -> None:
    from ops_api.cli import app

    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await fill(conn)
    env = {"CITYOPS_DB__DSN": db_dsn, "CITYOPS_OPERATOR": "Ada", "CITYOPS_API__COUNCIL": "Two Bins"}

    async def run(*words: str) -> tuple[int, str, BaseException | None]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["bins", *words], env=env)
        return done.exit_code, done.output, done.exception

    rota, ours = tmp_path / "rota.toml", tmp_path / "ours.toml"
    code, _, error = await run("ledger", "--month", "2026-01")
    assert (code, "no fixed schedule is set" in str(error)) == (1, True)
    rota.write_text(ROTA.replace("every_days = 2", "every_days = 2\nweekdays = [1]"))
    assert "say either weekdays or every_days" in str(
        (await run("schedule", "set", str(rota), "--why", "x"))[2]
    )
    rota.write_text(ROTA)
    assert (await run("schedule", "set", str(rota), "--why", "last year"))[0] == 0
    text = (await run("schedule"))[1]
    assert "all: 3 bins, every 2 days, 15 km and 3 h a day." in text
    assert "by Ada: last year" in text
    ours.write_text(
        '[crew_gbp_h]\nvalue = 50.0\nlow = 49.0\nhigh = 51.0\nunit = "£/h"\nsource = "payroll"\nyear = 2026\nassumed = false\n'
    )
    assert (await run("tariffs", "set", str(ours), "--why", "payroll"))[0] == 0
    code, text, _ = await run("ledger", "--month", "2026-01")
    assert (code, text.splitlines()[0].startswith("N")) == (0, True)
    assert "Collections (stops at bins)" in text
    code, text, _ = await run("ledger", "--month", "2026-01", "--json")
    told = json.loads(text)["statement"]
    assert told["lines"][0]["actual"] == 27
    assert next(a for a in told["assumptions"] if a["name"] == "crew_gbp_h")["value"] == 50.0
    for name in ("jan.pdf", "jan.json", "jan.csv", "jan.txt"):
        assert (await run("ledger", "--month", "2026-01", "-o", str(tmp_path / name)))[0] == 0
    assert (tmp_path / "jan.pdf").read_bytes().startswith(b"%PDF")
    assert len((tmp_path / "jan.csv").read_text().splitlines()) == 63
    assert len((tmp_path / "jan-collections.csv").read_text().splitlines()) == 1 + 27 + 32 + 27
    code, text, _ = await run("ledger", "verify", str(tmp_path / "jan.json"))
    assert (code, text.startswith("holds")) == (0, True)
    forged = (tmp_path / "jan.json").read_text().replace('"collections":7.0', '"collections":6.0', 1)
    (tmp_path / "forged.json").write_text(forged)
    code, text, _ = await run("ledger", "verify", str(tmp_path / "forged.json"))
    assert (code, "told 6.0, worked out again 7.0" in text) == (1, True)
    code, text, _ = await run("ledger", "--from", "2026-01-01", "--to", "2026-01-20")
    assert (code, "PROVISIONAL" in text) == (0, True)
    assert "none is kept yet" in (await run("ledger", "months"))[1]
    await _kept_by_the_service(db_dsn)
    code, text, _ = await run("ledger", "months")
    assert text.startswith("2026-01  N")
    assert "as it was kept" in (await run("ledger", "--month", "2026-01", "-o", str(tmp_path / "k.json")))[1]
    assert decode((tmp_path / "k.json").read_bytes()).by == "cityops"


async def _kept_by_the_service(dsn: str) -> None:
    settings = load_settings()
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        keeper = statement_keeper(settings, pool, PostgresCatalogueStore(pool), CollectorRegistry())

        async def later() -> float:
            return MONTH.to_s + WAIT_S

        keeper._town_now = later
        assert await keeper.look() == (FIRST,)
