"""One behaviour for both books of cases, contacts, photos and packs; and reminders into both outboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from cityops.errors import TransientError
from ops_api.case_work import a_contact, a_photo
from rules.catalogue.law_files import load_law
from rules.core.legal_clock import CaseEvent
from rules.core.notify.model import Contact, Person, Shift
from rules.evidence.book import PostgresBook
from rules.evidence.memory_book import MemoryBook
from rules.evidence.ports import Album, CaseBook, NoSuchError, Pack, RefusedError
from rules.evidence.reminders import CaseReminders
from rules.notify.memory_outbox import MemoryOutbox
from rules.notify.memory_people import MemoryPeople
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.notify.ports import Outbox, People
from tests.fakes.evidence_home import photo_bytes

NOW = datetime(2026, 1, 20, 10, 0, tzinfo=UTC)
AMIRA = Person(
    person="amira",
    label="Amira",
    roles=("housing_officer",),
    contacts=(Contact(channel="mail", address="a@x.example"),),
)


class Both(CaseBook, Album):
    """What either implementation is."""


class Bench:
    def __init__(self, book: Any, outbox: Outbox, people: People) -> None:
        self.book: Both = book
        self.outbox = outbox
        law, days = load_law()
        self.reminders = CaseReminders(book, people, outbox, law, days, ManualClock(NOW))

    async def case(self, home_id: int, **more: Any) -> int:
        values: dict[str, Any] = {
            "hazard": "damp",
            "landlord": "N",
            "council_owned": False,
            "at": NOW,
            "by": "Ada",
        }
        return await self.book.open_case(home_id, "significant", **values | more)


def event(kind: str, day: int, **more: Any) -> CaseEvent:
    at_s = datetime(2026, 1, day, 9, tzinfo=UTC).timestamp()
    return CaseEvent(number=0, kind=kind, at_s=at_s, by="Ada", **more)  # type: ignore[arg-type]


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the twin in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    shift = Shift(
        role="housing_officer", person="amira", from_s=NOW.timestamp() - 1, to_s=NOW.timestamp() + 9e6
    )
    if database is None:
        book = MemoryBook({"lily": 1, "pond": 2})
        people = MemoryPeople([AMIRA])
        await people.put_shifts("test", [shift])
        addresses = {("amira", "mail"): "a@x.example", ("home:1", "mail"): "sam@x.example"}
        yield Bench(book, MemoryOutbox(addresses), people)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool,
    ):
        await conn.execute(
            "insert into home (code, label) values ('lily', '1 Lily Court'), ('pond', '2 Pond Row')"
        )
        stored = PostgresPeople(pool)
        await stored.put_people([AMIRA])
        await stored.put_shifts("test", [shift])
        yield Bench(PostgresBook(pool), PostgresOutbox(pool), stored)


async def test_a_case_is_opened_written_into_and_read_back(bench: Bench) -> None:
    home_id = await bench.book.home_id("lily")
    with pytest.raises(NoSuchError, match=r"^No home has this code\.$"):
        await bench.book.home_id("lilly")
    case_id = await bench.case(home_id, landlord="Northgate")
    first = await bench.book.add_event(case_id, event("aware", 6), NOW)
    more = event("extended", 7, step="investigate", until=date(2026, 2, 2), note="Key lost")
    second = await bench.book.add_event(case_id, more, NOW, home_id)
    filed = await bench.book.case(case_id)
    assert (filed.home_id, filed.case.landlord, filed.case.opened_at) == (home_id, "Northgate", NOW)
    assert filed.case.events == (first, second)
    assert second == replace(more, number=second.number, recorded_s=NOW.timestamp())
    other = await bench.case(await bench.book.home_id("pond"))
    assert [f.case.case_id for f in await bench.book.cases()] == [case_id, other]
    assert [f.case.case_id for f in await bench.book.cases(home_id)] == [case_id]


async def test_a_case_of_another_home_is_none(bench: Bench) -> None:
    lily, pond = await bench.book.home_id("lily"), await bench.book.home_id("pond")
    case_id = await bench.case(lily)
    for wrong in (case_id + 99, 0, 2**63):
        with pytest.raises(NoSuchError):
            await bench.book.case(wrong)
        with pytest.raises(NoSuchError):
            await bench.book.add_event(wrong, event("aware", 6), NOW)
    with pytest.raises(NoSuchError):
        await bench.book.case(case_id, pond)
    with pytest.raises(NoSuchError):
        await bench.book.add_event(case_id, event("aware", 6), NOW, pond)
    assert (await bench.book.case(case_id, lily)).case.events == ()


async def test_an_entry_is_withdrawn_by_another_and_refused_where_it_can_not_be(bench: Bench) -> None:
    case_id, other = await bench.case(1), await bench.case(2)
    wrong = await bench.book.add_event(case_id, event("aware", 6), NOW)
    with pytest.raises(RefusedError, match="This case has no entry"):
        await bench.book.add_event(other, event("withdrawn", 7, refers_to=wrong.number, note="x"), NOW)
    await bench.book.add_event(case_id, event("withdrawn", 7, refers_to=wrong.number, note="Wrong home"), NOW)
    with pytest.raises(RefusedError, match="future"):
        await bench.book.add_event(case_id, event("aware", 25), NOW)
    assert [e.kind for e in (await bench.book.case(case_id)).case.events] == ["aware", "withdrawn"]


async def test_contacts_are_kept_in_order_of_time_and_answered_once(bench: Bench) -> None:
    late = await bench.book.log_contact(1, a_contact("letter", "N", "Second", NOW, NOW, "Ada"))
    early = await bench.book.log_contact(
        1, a_contact("phone", "N", "First", NOW - timedelta(days=3), NOW, "Ada")
    )
    assert await bench.book.contacts(1) == [early, late]
    assert await bench.book.contacts(2) == []
    answered = await bench.book.reply(1, early.contact_id, "We will come", NOW)
    assert answered == replace(early, reply="We will come", replied_at=NOW)
    with pytest.raises(RefusedError, match="has a reply already"):
        await bench.book.reply(1, early.contact_id, "Again", NOW)
    for home_id, number in ((2, late.contact_id), (1, 10_000), (1, 2**63)):
        with pytest.raises(NoSuchError):
            await bench.book.reply(home_id, number, "x", NOW)
    assert await bench.book.contacts(1) == [answered, late]


async def test_the_same_photo_is_there_once_and_of_one_home(bench: Bench) -> None:
    photo, jpeg = a_photo(photo_bytes(), caption="Wall", room="", taken_at=NOW, now=NOW, by="Ada")
    first = await bench.book.add_photo(1, photo, jpeg, None)
    again = await bench.book.add_photo(1, replace(photo, caption="Other"), jpeg, photo_bytes())
    other = await bench.book.add_photo(2, photo, jpeg, photo_bytes())
    assert first == again == replace(photo, photo_id=first.photo_id)
    assert await bench.book.photos(1) == [first]
    assert await bench.book.photo_bytes(1, first.photo_id) == jpeg
    with pytest.raises(NoSuchError):
        await bench.book.photo_bytes(1, other.photo_id)
    with pytest.raises(NoSuchError):
        await bench.book.remove_photo(1, other.photo_id)
    await bench.book.remove_photo(1, first.photo_id)
    assert await bench.book.photos(1) == []
    assert [p.photo_id for p in await bench.book.photos(2)] == [other.photo_id]


async def test_packs_are_remembered(bench: Bench) -> None:
    pack = Pack(
        pack_id="ab12", from_day=date(2026, 1, 1), to_day=date(2026, 1, 9), made_at=NOW, made_by="Ada", sha256="aa",
        bytes=3, manifest_sha256="bb", key_id="cc",
    )  # fmt: skip
    await bench.book.record_pack(1, pack)
    later = replace(pack, sha256="dd")
    await bench.book.record_pack(1, later)
    assert (await bench.book.packs(1), await bench.book.packs(2)) == ([later], [])


async def test_household_and_officer_are_reminded_once_over_the_outbox(bench: Bench) -> None:
    own = await bench.case(1, council_owned=True)
    private = await bench.case(2)
    for case_id in (own, private):
        await bench.book.add_event(case_id, event("aware", 5), NOW)  # until Monday 19 January
    assert await bench.reminders.plan(datetime(2026, 1, 12, 10, tzinfo=UTC)) == 0
    await bench.book.remind_at(1, "mail", "sam@x.example")
    assert await bench.book.channels_of(1) == ["mail"]
    assert await bench.reminders.plan(NOW) == 2  # the other household said no channel
    assert await bench.reminders.plan(NOW + timedelta(minutes=15)) == 0
    taken = await bench.outbox.claim("mail", "w", 60.0, 10, NOW.timestamp() + 60)
    said = {c.notification.recipient: (c.notification.address, c.notification.title) for c in taken}
    assert said == {
        "home:1": ("sam@x.example", "The time for your landlord to check the damp in your home ended: Monday 19 January 2026."),
        "amira": ("a@x.example", f"Case {own}: time was up Monday 19 January 2026: Investigate the hazard."),
    }  # fmt: skip
    assert {c.notification.kind for c in taken} == {"reminder"}
    await bench.book.add_event(own, event("investigated", 20), NOW)
    await bench.book.remind_at(1, "mail", "")
    assert await bench.book.channels_of(1) == []


async def test_an_officer_is_not_reminded_of_what_was_done_meanwhile(bench: Bench) -> None:
    case_id = await bench.case(1, council_owned=True)
    other = await bench.case(2, council_owned=True)
    for number in (case_id, other):
        await bench.book.add_event(number, event("aware", 5), NOW)  # until Monday 19 January
    evening = datetime(2026, 1, 15, 21, tzinfo=UTC)  # reminders wait for the morning
    assert await bench.reminders.plan(evening) == 2
    assert await bench.outbox.claim("mail", "w", 60.0, 10, evening.timestamp() + 3600) == []
    await bench.book.add_event(case_id, event("investigated", 15, role="officer"), evening)
    assert await bench.reminders.plan(evening + timedelta(minutes=15)) == 0
    morning = datetime(2026, 1, 16, 9, 1, tzinfo=UTC).timestamp()
    [taken] = await bench.outbox.claim("mail", "w", 60.0, 10, morning)
    assert taken.notification.title == f"Case {other}: by Monday 19 January 2026: Investigate the hazard."
    closed = event("closed", 15, note="Moved out")
    await bench.book.add_event(other, closed, evening)
    at = datetime(2026, 1, 20, 10, tzinfo=UTC)
    await bench.reminders.plan(at)
    later = await bench.outbox.claim("mail", "w2", 60.0, 10, at.timestamp())
    assert {c.notification.title.partition(":")[0] for c in later} <= {f"Case {case_id}"}


async def test_quiet_hours_hold_an_officers_reminder_back(bench: Bench) -> None:
    case_id = await bench.case(1, council_owned=True)
    await bench.book.add_event(case_id, event("aware", 5), NOW)
    reminders = CaseReminders(
        bench.book, MemoryPeople([replace(AMIRA, quiet_from_min=8 * 60, quiet_to_min=11 * 60)]), bench.outbox,
        *load_law(), ManualClock(NOW),
    )  # fmt: skip
    at = datetime(2026, 1, 16, 9, 30, tzinfo=UTC)
    assert await reminders.plan(at) == 1
    assert await bench.outbox.claim("mail", "w", 60.0, 10, at.timestamp() + 3600) == []
    assert len(await bench.outbox.claim("mail", "w", 60.0, 10, at.timestamp() + 5401)) == 1


async def test_a_household_that_goes_takes_everything_with_it(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await pg.execute("insert into home (code, label) values ('lily', '1 Lily Court')")
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool:
        book = PostgresBook(pool)
        home_id = await book.home_id("lily")
        case_id = await book.open_case(
            home_id, "significant", hazard="damp", landlord="", council_owned=False, at=NOW, by="Ada"
        )
        wrong = await book.add_event(case_id, event("aware", 6), NOW)
        await book.add_event(case_id, event("withdrawn", 7, refers_to=wrong.number, note="x"), NOW)
        await book.log_contact(home_id, a_contact("phone", "N", "x", NOW, NOW, "Ada"))
        photo, jpeg = a_photo(photo_bytes(), caption="Wall", room="", taken_at=NOW, now=NOW, by="Ada")
        await book.add_photo(home_id, photo, jpeg, photo_bytes())
        await book.remind_at(home_id, "mail", "sam@x.example")
        with pytest.raises(RefusedError, match="cannot be stored"):
            await book.log_contact(home_id, a_contact("phone", "N", "\0", NOW, NOW, "Ada"))
    await pg.execute("delete from home")
    for table in ("housing_case", "case_event", "contact_log", "evidence_photo", "home_contact"):
        row = await (await pg.execute(f"select count(*) from {table}")).fetchone()  # type: ignore[arg-type]
        assert row == (0,), table


async def test_a_database_that_does_not_answer_is_told() -> None:
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        "postgresql://nobody@127.0.0.1:1/none", min_size=0, max_size=1, timeout=0.2, open=False
    )
    async with pool:
        with pytest.raises(TransientError):
            await PostgresBook(pool).cases()
