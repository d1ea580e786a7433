"""A simulated quarter in the database: played through the services, and what the ledger says of it is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec.structs import replace

from cityops.clock import ManualClock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from devices.registry import Registry
from firmware_sim.world.bin_town import BinTown
from firmware_sim.world.town import TownSizes, generate_town
from ingest.registry_store import store_registry
from ops_api.demo import past_quarter
from ops_api.demo.past_quarter import bins_alone, in_place_before, play_past
from ops_api.demo.rounds import lorries_of
from ops_api.past_quarter.model import Quarter
from ops_api.past_quarter.quarter import Kept, keep_quarter
from ops_api.queries import OneConnection
from ops_api.simulated_street import SimulatedStreet
from rules.bin_ledger.book import PostgresSettings
from rules.bin_ledger.gathering import LedgerRoom, gather
from rules.bin_ledger.source import PostgresLedger
from rules.catalogue.loader import load
from rules.core.bin_ledger.calendar import midnight_s, visits_s
from rules.core.bin_ledger.making import make
from rules.core.bin_ledger.statement import Line
from rules.core.bin_ledger.values import Inputs, Schedule
from rules.core.bin_trial.ports import Call, Truth

LONDON = ZoneInfo("Europe/London")
FIRST, DAYS, LEAD, SEED, BINS = date(2026, 6, 1), 21, 7, 3, 8
pytestmark = pytest.mark.timeout(900)


def quarter() -> Quarter:
    sizes = TownSizes(homes=0, road_sensors=0, weather_stations=0, bins=BINS, gritters=0, lorries=1)
    registry = generate_town(1, sizes, datetime.combine(FIRST, time(), UTC) - timedelta(days=7))
    fleet = lorries_of(registry)
    assert fleet is not None
    return Quarter(registry, fleet, FIRST, DAYS, SEED, LONDON)


def without_roads(registry: Registry) -> Registry:
    """Return the bins alone: the rules take most of their time for eight hundred streets."""
    return replace(registry, nodes=(), segments=(), routes=(), depots=())


async def played(dsn: str, q: Quarter) -> Kept:
    async with await connect(dsn, application_name="test") as conn:
        await store_registry(conn, without_roads(q.registry))
    clock = ManualClock(datetime.combine(FIRST, time(), UTC) + timedelta(days=DAYS + 1))
    return await keep_quarter(dsn, q, clock, print)


async def stated(dsn: str) -> Inputs:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        one = OneConnection(conn)
        source = PostgresLedger(one, load().full.parameters, "Europe/London")
        room = LedgerRoom(source, PostgresSettings(one), "Town", "Europe/London")
        return await gather(room, FIRST + timedelta(days=LEAD), FIRST + timedelta(days=DAYS - 1))


def twin(q: Quarter, schedule: Schedule) -> tuple[Truth, Truth]:
    """Return the truth at begin and end of the judged days, had the same town been emptied on the fixed days."""
    plan, zone = schedule.plans[0], q.zone
    street = SimulatedStreet(BinTown(q.registry.bins, SEED, midnight_s(FIRST, zone), weekday=FIRST.weekday()))
    calls = sorted((Call(*v) for v in visits_s(plan, plan.bins, q.dates, zone)), key=lambda c: c.at_s)
    middle_s, end_s = (midnight_s(FIRST + timedelta(days=d), zone) for d in (LEAD, DAYS))
    street.steps(middle_s, [c for c in calls if c.at_s <= middle_s])
    begin = street.truth()
    street.steps(end_s, [c for c in calls if c.at_s > middle_s])
    return begin, street.truth()


def grown(name: str, begin: Truth, end: Truth) -> float:
    return float((getattr(end, name) - getattr(begin, name)).sum())


def lines(i: Inputs) -> Iterator[Line]:
    yield from make(i, over=True).statement.lines


async def test_what_the_ledger_says_of_a_simulated_month_is_true(db_dsn: str) -> None:
    q = quarter()
    kept = await played(db_dsn, q)
    inputs = await stated(db_dsn)
    by_key = {x.key: x for x in lines(inputs)}
    begin, end = kept.ends[FIRST + timedelta(days=LEAD - 1)], kept.ends[q.dates[-1]]
    fixed = twin(q, inputs.schedule)
    # The twin met the same demand.
    assert fixed[1].put_l.tolist() == end.put_l.tolist()
    true = {
        "collections": grown("emptied", begin, end) - grown("emptied", *fixed),
        "overflow_min": (grown("shown_s", begin, end) - grown("shown_s", *fixed)) / 60.0,
    }
    for key, difference in true.items():
        low, high = by_key[key].low, by_key[key].high
        assert low is not None
        assert high is not None
        assert low <= difference <= high, (key, difference, by_key[key])
    was = by_key["collections"].actual
    assert was == pytest.approx(grown("emptied", begin, end), rel=0.03)
    assert by_key["collections"].fixed == grown("emptied", *fixed)

    # The ordinary tables tell it: rounds by plans, emptyings by the crew, and that all of it is simulated.
    assert inputs.rounds
    assert {d.source for d in inputs.rounds} == {"plan"}
    driven_km = sum(d.km for d in inputs.rounds if d.day >= FIRST + timedelta(days=LEAD))
    assert by_key["km"].actual == pytest.approx(driven_km)
    assert inputs.notes[0].startswith("SIMULATED")
    assert make(inputs, over=True).statement.notes[0] == inputs.notes[0]
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        [(acts, versions, said_so)] = await (
            await conn.execute(
                "select (select count(*) from collection_act where role = 'crew'), (select count(*) from round_plan),"
                " (select bool_and(via = 'simulated quarter') from round_plan)"
            )
        ).fetchall()
        emptied = sum(t.emptied.sum() for d, t in kept.ends.items() if d == q.dates[-1])
        assert acts == emptied
        assert versions > 10
        assert said_so
        # What holds no echo measures nothing: the ingester sets it aside, as it does live.
        rows = await (
            await conn.execute("select reason_code, count(*) from dead_letter group by reason_code")
        ).fetchall()
        [(readings,)] = await (await conn.execute("select count(*) from bin_reading")).fetchall()
        assert [reason for reason, _ in rows] == ["sentinel"], rows
        assert rows[0][1] < 0.03 * readings
        assert readings > 0.8 * BINS * DAYS * 48
    with pytest.raises(ConfigurationError, match="never mixed"):
        await played(db_dsn, q)


async def test_a_demo_s_past_ends_at_the_midnight_before_it(
    db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_quarter, "ABOUT", timedelta(days=1))
    start = datetime(2026, 7, 3, 5, tzinfo=LONDON)
    town = in_place_before(quarter().registry, date(2026, 7, 1), LONDON)
    async with await connect(db_dsn, application_name="test") as conn:
        await store_registry(conn, bins_alone(town))
    assert await play_past(db_dsn, town, load_settings(), start, print) == 2
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        [(first, last)] = await (await conn.execute("select min(ts), max(ts) from bin_reading")).fetchall()
        compared = await PostgresSettings(OneConnection(conn)).compared()
        fleets = await (await conn.execute("select by from round_fleet")).fetchall()
        decided = await (await conn.execute("select distinct subject from decision")).fetchall()
        [(segments,)] = await (await conn.execute("select count(*) from road_segment")).fetchall()
    midnight = datetime(2026, 7, 1, tzinfo=LONDON)
    assert midnight < first <= midnight + timedelta(hours=1)
    assert midnight + timedelta(days=2, hours=-1) < last <= midnight + timedelta(days=2)
    assert compared is not None
    assert compared.schedule.plans[0].weekdays == (0, 1, 2, 3, 4, 5)
    assert fleets == [("simulation",)]
    assert decided == [("bins",)]  # of roads nothing was measured then, so nothing is decided
    assert segments == len(town.segments)
