"""One behaviour for incidents on PostgreSQL and in memory, and what of the database's rows becomes a signal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from rules.catalogue.incidents import load_grouping
from rules.core.incidents import commands as c
from rules.core.incidents.fold import fold
from rules.core.incidents.model import Signal
from rules.core.incidents.parameters import GroupingRule
from rules.incidents.memory import MemoryIncidents
from rules.incidents.ports import NoSuchIncidentError, UnusableTextError
from rules.incidents.service import IncidentService
from rules.incidents.store import PostgresIncidents
from tests.fakes.incidents import AT_S, LAT, LON, burst_main, signal

ADA: dict[str, Any] = {"by": "Ada", "role": "operations", "via": "page"}
NOW_S = AT_S + 3600.0

PLACES = """
insert into road_node values (1, {lat}, {lon}), (2, {lat} + 0.0009, {lon});
insert into depot values ('depot', 'Depot', 1, 500);
insert into gritting_route (route_id, label, depot_id) values ('r1', 'Route 1', 'depot');
insert into road_segment (segment_id, street, road_class, from_node, to_node, length_m, width_m, route_id)
values ('roads-5', 'Mill Lane', 'A', 1, 2, 100, 7, 'r1');
"""


class Bench:
    """A book, and what happens in the town."""

    def __init__(
        self, book: MemoryIncidents | PostgresIncidents, conn: psycopg.AsyncConnection[Any] | None
    ) -> None:
        self.book, self.conn = book, conn
        self.now_s = NOW_S
        self.rule = load_grouping()
        self.clock = ManualClock(datetime(2026, 1, 9, tzinfo=UTC))
        self.service = IncidentService(self, self.clock, self._rule)

    async def _rule(self) -> GroupingRule:
        return self.rule

    async def look(self, *args: Any, **more: Any) -> bool:
        return await self.book.look(*args, **more)

    async def town_now_s(self, wall_s: float) -> float:
        return self.now_s

    async def sql(self, query: str, *params: object) -> list[Any]:
        assert self.conn is not None
        done = await self.conn.execute(query, params)
        return await done.fetchall() if done.description else []

    async def up(self, *signals: Signal) -> None:
        for s in signals:
            if isinstance(self.book, MemoryIncidents):
                self.book.now[s.key] = s
            else:
                await self._insert(s)

    async def over(self, at_s: float, *keys: str) -> None:
        for key in keys:
            if isinstance(self.book, MemoryIncidents):
                self.book.now[key] = msgspec.structs.replace(self.book.now[key], ended_s=at_s)
            else:
                number = int(key.partition(":")[2])
                await self.sql(
                    "update alarm set cleared_at = to_timestamp(%s) where alarm_id = %s", at_s, number
                )
                await self.log(number, "cleared", at_s)

    async def log(self, alarm_id: int, what: str, at_s: float) -> None:
        await self.sql(
            "insert into alarm_log (alarm_id, at, actor, what) values (%s, to_timestamp(%s), 'engine', %s)",
            alarm_id, at_s, what,
        )  # fmt: skip

    async def _insert(self, s: Signal) -> None:
        kind = "road" if s.kind == "device" else "bin"
        if s.kind != "segment" and not await self.sql("select from device where name = %s", s.subject):
            await self.sql(
                "insert into device (name, kind, shard, latitude_deg, longitude_deg, installed_at)"
                " values (%s, %s, 0, %s, %s, now())", s.subject, kind, s.latitude_deg, s.longitude_deg,
            )  # fmt: skip
        if s.kind == "bin":
            await self.sql(
                "insert into bin_site (bin_id, device_id, label, street, latitude_deg, longitude_deg, empty_distance_mm,"
                " full_distance_mm, capacity_l) select name, device_id, name, %s, latitude_deg, longitude_deg, 1000, 200, 240"
                " from device where name = %s", s.street, s.subject,
            )  # fmt: skip
        if s.service == "reports":
            number = int(s.key.partition(":")[2])
            await self.sql(
                "insert into collection_act (act_id, ref, what, at, by, role, via, seen, link, recorded_at)"
                " values (%s, 'bin:' || %s, 5, to_timestamp(%s), 'resident', 'resident', 'page', '{}', %s, now())",
                number, s.subject, s.at_s, str(number),
            )  # fmt: skip
            return
        assert s.alarm_id is not None
        await self.sql(
            "insert into alarm (alarm_id, rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
            " overriding system value values (%s, %s, 1, %s, %s, %s, to_timestamp(%s), %s, '')",
            s.alarm_id, s.rule_id, s.kind, s.subject, s.severity, s.at_s, s.title,
        )  # fmt: skip
        await self.log(s.alarm_id, "raised", s.at_s)


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the book in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryIncidents(), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=1, max_size=3, open=False) as pool,
    ):
        await conn.execute(PLACES.format(lat=LAT, lon=LON).encode())
        yield Bench(PostgresIncidents(pool), conn)


@pytest.mark.storage
async def test_an_incident_from_the_first_alarm_to_the_last_word(bench: Bench) -> None:
    """One database for all of it, as making one is what takes time."""
    book, signals = bench.book, burst_main()
    await bench.up(*signals[:2])
    assert not await bench.service.look(), "two blocked bins of one service are the day's work"
    await bench.up(*signals[2:4])
    assert await bench.service.look()
    [found] = await book.incidents()
    assert (found.incident_id, found.state, found.owner, found.signals) == (1, "proposed", "", 4)
    assert found.services == ("bins", "devices")
    assert found.title == "Mill Lane: 2 blocked bins, 2 silent devices"
    assert found.reason == "2 services at one place within hours: bins and devices."
    assert not await bench.service.look(), "nothing is new"

    await bench.up(*signals[4:])
    await bench.service.look()
    found = await book.incident(1)
    assert (found.signals, found.services) == (6, ("bins", "devices", "reports", "roads"))
    assert [s.key for s in await book.signals(1)] == [
        "alarm:1", "alarm:2", "alarm:3", "alarm:4", "alarm:5", "report:6"
    ]  # fmt: skip

    # People decide.
    with pytest.raises(c.IncidentRefusedError, match="open it first"):
        await book.act(c.Claim(incident_id=1, **ADA), bench.now_s)
    opened = await book.act(c.Open(incident_id=1, reason="Burst main", request_id="k1", **ADA), bench.now_s)
    assert (opened.state, opened.owner, opened.reason) == ("open", "Ada", "Burst main")
    again = await book.act(c.Open(incident_id=1, reason="Burst main", request_id="k1", **ADA), bench.now_s)
    assert again == opened
    with pytest.raises(c.IncidentRefusedError, match="used before for something else"):
        await book.act(c.Claim(incident_id=1, request_id="k1", by="Bob"), bench.now_s)
    await book.act(c.HandOver(incident_id=1, to="Bob", note="End of shift", **ADA), bench.now_s)
    task = c.AddTask(incident_id=1, text="Close Mill Lane", who="Highways", due_s=bench.now_s + 600.0, **ADA)
    await book.act(task, bench.now_s)
    link = c.AddLink(
        incident_id=1, kind="what_if", ref="w1", title="Mill Lane closed", href="/what-if/1", **ADA
    )
    held = await book.act(link, bench.now_s)
    assert (held.owner, [t.text for t in held.open_tasks]) == ("Bob", ["Close Mill Lane"])
    assert [x.href for x in held.links] == ["/what-if/1"]
    with pytest.raises(c.IncidentRefusedError, match="1 task is not done"):
        await book.act(c.Close(incident_id=1, reason="Mended", **ADA), bench.now_s)
    await book.act(c.DoneTask(incident_id=1, number=1, note="Signs are up", **ADA), bench.now_s)
    await book.act(c.Contain(incident_id=1, reason="Water is off", **ADA), bench.now_s)

    # What comes later belongs to it, however long it lasts, while something in it is up.
    bench.now_s += 5 * 3600.0
    await bench.up(signal(9, "devices", east_m=100.0, min_=350.0))
    await bench.service.look()
    late = await book.incident(1)
    assert (late.signals, late.since_contained, late.state) == (7, True, "contained")

    await bench.over(bench.now_s, "alarm:1", "alarm:2", "alarm:3", "alarm:4", "alarm:5", "alarm:9")
    await bench.service.look()
    assert (await book.incident(1)).up == 1, "a report is up until somebody comes, or for a day"
    closed = await book.act(c.Close(incident_id=1, reason="Mended", **ADA), bench.now_s)
    assert (closed.state, closed.is_live) == ("closed", False)
    assert await book.incidents() == ()
    assert [i.incident_id for i in await book.incidents(since_s=bench.now_s)] == [1]
    bench.clock.advance(60.0)
    await bench.service.look()
    assert await book.incidents() == (), "what is closed proposes nothing again"

    acts = await book.acts(1)
    assert [a.act_id for a in acts] == sorted(a.act_id for a in acts)
    assert fold(acts) == await book.incident(1), "the log is the truth, the row what it comes to"
    assert len(await book.acts(since_s=bench.now_s)) < len(acts)
    with pytest.raises(NoSuchIncidentError, match="cityops incidents list"):
        await book.incident(99)
    for number in (0, -1, 2**70):
        with pytest.raises(NoSuchIncidentError):
            await book.incident(number)


async def test_merging_splitting_and_lapsing(bench: Bench) -> None:
    book = bench.book
    near, far = burst_main()[:4], [
        signal(11, "bins", rule_id="bins.fire", severity="critical", east_m=2000.0),
        signal(12, "devices", east_m=2100.0),
    ]  # fmt: skip
    await bench.up(*near, *far)
    await bench.service.look()
    assert [(i.incident_id, i.signals) for i in await book.incidents()] == [(1, 4), (2, 2)]
    own = await book.act(
        c.Open(title="Flood at the ford", place="Ford", latitude_deg=51.0, longitude_deg=-2.0, **ADA),
        bench.now_s,
    )
    assert (own.incident_id, own.state, own.title, own.signals) == (3, "open", "Flood at the ford", 0)
    await book.act(c.AddTask(incident_id=3, text="Sandbags", **ADA), bench.now_s)

    with pytest.raises(c.IncidentRefusedError, match="merge into one that is in hand"):
        await book.act(c.Merge(incident_id=3, into=1, reason="Same water", **ADA), bench.now_s)
    await book.act(c.Open(incident_id=1, **ADA), bench.now_s)
    merge = c.Merge(incident_id=3, into=1, reason="Same water", request_id="m1", **ADA)
    merged = await book.act(merge, bench.now_s)
    assert (merged.incident_id, [t.text for t in merged.tasks]) == (1, ["Sandbags"])
    assert (await book.act(merge, bench.now_s)) == merged
    gone = await book.incident(3)
    assert (gone.state, gone.merged_into) == ("merged", 1)
    with pytest.raises(c.IncidentRefusedError, match="part of I1 now"):
        await book.act(c.Claim(incident_id=3, **ADA), bench.now_s)

    split = c.SplitOff(
        incident_id=1, keys=("alarm:3", "alarm:4"), reason="A power cut", title="Power cut", **ADA
    )
    new = await book.act(split, bench.now_s)
    assert (new.incident_id, new.signals, new.title, new.owner) == (4, 2, "Power cut", "Ada")
    assert [s.key for s in await book.signals(1)] == ["alarm:1", "alarm:2"]
    await bench.service.look()
    assert [(i.incident_id, i.signals, i.touches) for i in await book.incidents()] == [
        (1, 2, (4,)), (2, 2, ()), (4, 2, (1,)),
    ]  # fmt: skip

    await bench.over(bench.now_s, "alarm:11", "alarm:12")
    bench.now_s += 7 * 3600.0
    bench.clock.advance(60.0)
    await bench.service.look()
    lapsed = await book.incident(2)
    assert (lapsed.state, lapsed.reason) == ("closed", "Nobody took it up, and everything in it is over.")
    for incident in (1, 2, 3, 4):
        assert fold(await book.acts(incident)) == await book.incident(incident)


@pytest.mark.storage
async def test_what_becomes_a_signal(db_dsn: str) -> None:
    """Of a group alarm each member; of homes and of devices in them nothing; a missed collection by its street."""
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        bench = Bench(PostgresIncidents(pool), conn)
        await conn.execute(PLACES.format(lat=LAT, lon=LON).encode())
        fire = signal(1, rule_id="bins.fire", severity="critical", subject="bin-1")
        await bench.up(fire)
        await conn.execute(OTHERS.format(at=AT_S, lat=LAT, lon=LON).encode())
        await bench.service.look()
        found = await bench.book.signals(1)
        assert [s.key for s in found] == ["alarm:1", "alarm:2:segment:roads-5", "report:1"]
        ice, missed = found[1], found[2]
        assert (ice.street, ice.binds, ice.severity, ice.service) == ("Mill Lane", False, "major", "roads")
        assert ice.latitude_deg == pytest.approx(LAT + 0.00045)
        assert (missed.title, missed.subject, missed.street) == (
            "A collection is reported missed", "Mill Lane", "Mill Lane"
        )  # fmt: skip
        assert missed.latitude_deg == ice.latitude_deg, "the street's place, not the house's"
        told = await bench.sql(
            "select document::text from incident_signal union select detail::text from incident_act"
        )
        for secret in ("home-1", "frog-1", "12 Mill Lane", "100012"):
            assert not any(secret in text for (text,) in told)
        lines = await bench.book.around(1)
        assert [(x.source, x.text) for x in lines] == [("alarm", "bins 1: commented")]
        assert lines[0].private == "Ada Smoke"
        # What left and came back is a signal of its own, as it begins anew; what left long ago is none.
        await conn.execute(AGAIN.format(at=AT_S).encode())
        bench.clock.advance(60.0)
        await bench.service.look()
        found = await bench.book.signals(1)
        assert [(s.key, s.at_s) for s in found if s.service == "roads"] == [
            ("alarm:2:segment:roads-5", AT_S), ("alarm:2:segment:roads-5:2", AT_S + 1800.0)
        ]  # fmt: skip
        assert [s.ended_s for s in found if s.service == "roads"] == [AT_S + 600.0, None]
        await bench.book.act(c.Open(incident_id=1, **ADA), NOW_S)
        placed = c.Place(incident_id=1, latitude_deg=LAT, longitude_deg=0.0, place="Quay", **ADA)
        assert (await bench.book.act(placed, NOW_S)).pin == (LAT, 0.0)
        version = (await bench.book.act(c.Note(incident_id=1, text="x", **ADA), NOW_S)).last_act_id
        await bench.book.act(c.HandOver(incident_id=1, to="Bob", **ADA), NOW_S)
        with pytest.raises(c.IncidentRefusedError, match="not as you saw it: handed over to Bob by Ada"):
            await bench.book.act(c.Claim(incident_id=1, seen=version, by="Cy"), NOW_S)
        assert [a.what for a in await bench.book.acts(1, most=2)] == ["note", "handed_over"]
        assert fold(await bench.book.acts(1)) == await bench.book.incident(1)
        with pytest.raises(UnusableTextError):
            await bench.book.act(c.Note(incident_id=1, text="\ud800", **ADA), NOW_S)
        await bench.book.act(c.Open(title="Ada's secret", place="Secret Lane", **ADA), NOW_S)
        await conn.execute("set role cityops_reader")
        board = await bench.sql(
            "select title, place, has_owner, row_to_json(i)::text from board.incident i order by 1"
        )
        assert [(title, place, owned) for title, place, owned, _ in board] == [
            ("Mill Lane: a bin on fire, ice on the road, a resident's report", "", True),
            ("Opened by hand", "", True),
        ]
        assert not any("ecret" in text or "Ada" in text for *_, text in board)
        for table in ("incident", "incident_act", "incident_signal"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute(f"select * from public.{table}".encode())
        await conn.execute("reset role")
        with pytest.raises(psycopg.errors.IntegrityError, match="appended only"):
            await conn.execute("update incident_act set text = ''")
        with pytest.raises(psycopg.errors.IntegrityError, match="appended only"):
            await conn.execute("truncate incident_act")


AGAIN = """
update alarm_member set left_at = to_timestamp({at} + 600) where alarm_id = 2;
insert into alarm_member (alarm_id, kind, subject, severity, joined_at)
values (2, 'segment', 'roads-5', 'major', to_timestamp({at} + 1800));
insert into alarm_member (alarm_id, kind, subject, severity, joined_at, left_at)
values (2, 'segment', 'roads-6', 'major', to_timestamp({at} - 99999), to_timestamp({at} - 90000));
"""
OTHERS = """
insert into alarm (alarm_id, rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, is_group)
overriding system value values
  (2, 'winter.ice', 1, 'route', 'r1', 'major', to_timestamp({at}), 'Route 1: ice', '', true),
  (3, 'device.silent', 1, 'home', 'home-1', 'warning', to_timestamp({at}), 'Home: silent', '', true),
  (4, 'damp.surface_humidity', 1, 'home', 'home-1', 'critical', to_timestamp({at}), 'Damp in home-1', '', false),
  (5, 'device.silent', 1, 'kind', 'frog', 'warning', to_timestamp({at}), 'Frogs: silent', '', true),
  (6, 'bins.full', 1, 'bin', 'bin-1', 'warning', to_timestamp({at}), 'A full bin', '', false);
insert into alarm_member (alarm_id, kind, subject, severity, joined_at)
values (2, 'segment', 'roads-5', 'major', to_timestamp({at})), (3, 'device', 'frog-1', 'warning', to_timestamp({at})),
       (5, 'device', 'frog-1', 'warning', to_timestamp({at}));
insert into device (name, kind, shard, latitude_deg, longitude_deg, installed_at)
values ('frog-1', 'frog', 0, {lat}, {lon}, now());
insert into home (code, label) values ('home-1', '12 Mill Lane');
insert into home_device (device_id, home_id) select device_id, home_id from device, home where name = 'frog-1';
insert into premises (uprn, address, words, rounds, latitude_deg, longitude_deg)
values (100012, '12 Mill Lane', '{{}}', '{{}}', {lat} + 0.0001, {lon} + 0.0001);
insert into collection_act (act_id, ref, what, at, by, role, via, seen, link, recorded_at)
values (1, 'uprn:100012', 9, to_timestamp({at} + 60), 'resident', 'resident', 'page', '{{}}', 'x', now());
insert into alarm_log (alarm_id, at, actor, by, via, what, detail)
values (1, to_timestamp({at} + 60), 'person', 'Ada', 'web', 'commented', '{{"text": "Smoke"}}'),
       (4, to_timestamp({at} + 60), 'person', 'Ada', 'web', 'commented', '{{"text": "home-1 is wet"}}');
"""
