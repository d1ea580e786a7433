"""Everything that is kept of a resident's stay in a home, as one zip: CSV for a spreadsheet, JSON for a program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime

from devices.contract.kind import Kind
from ops_api.households import sharing
from ops_api.households.model import LivesIn, Member
from ops_api.households.zip_stream import ZipStream
from ops_api.queries import Row
from ops_api.queries.each_reading import each_reading

Pages = Callable[[], AsyncIterator[list[Row]]]
PAGE = 2000

_DIARY = ("at", "activity", "note", "source")
_SHARING = (
    "given_at", "given_by", "room", "device", "statistic", "recipient_kind", "recipient", "from_at", "to_at",
    "revoked_at", "revoked_by",
)  # fmt: skip
_DAYS = (
    "day", "device", "n", "expected", "temperature_c", "humidity_pct", "vapour_pa", "outdoor_c", "excess_pa", "surface_hours",
    "surface_min_c", "damp_hours_low", "damp_hours", "damp_hours_high", "mould", "factor", "factor_low", "factor_high",
    "factor_error", "factor_nights", "flags", "calibrations", "rules",
)  # fmt: skip
_EVENTS = (
    "started_at", "peak_at", "ended_at", "device", "activity", "confidence", "rise_g_m3", "grams_low", "grams", "grams_high",
    "half_min", "clear_min", "aired", "of_household", "diary_entry_id",
)  # fmt: skip
_FINDINGS = (
    "week", "to_day", "device", "cause", "confidence", "risk", "mould_index", "evidence", "advice", "iso", "standard", "monthly", "rules",
)  # fmt: skip
_CASES = (
    "case_id", "case_kind", "hazard", "landlord", "council_owned", "opened_at", "opened_by", "case_event_id", "kind", "at", "step",
    "until", "refers_to", "note", "by", "recorded_at",
)  # fmt: skip
_CONTACTS = ("contact_id", "at", "method", "who", "said", "reply", "replied_at", "by", "recorded_at")
_PHOTOS = (
    "photo_id", "taken_at", "room", "caption", "width", "height", "sha256", "original_sha256", "original_bytes", "by", "added_at",
)  # fmt: skip
_PACKS = (
    "pack_id",
    "from_day",
    "to_day",
    "made_at",
    "made_by",
    "sha256",
    "bytes",
    "manifest_sha256",
    "key_id",
)
_REMINDING = ("channel", "address")
_LOOKS = ("at", "who", "role", "what", "purpose")
_AUDIT = ("at", "who", "action", "about", "reason", "outcome")
_PEOPLE = ("name", "from_at", "to_at", "joined_at", "joined_by", "me")

README = """Your data from {label}

Made {at} for {name}.

readings/   what each frog in your home measured while you lived there:
            temperature_c in degrees Celsius, humidity_pct in per cent,
            wall_temperature_c (of the wall, where there is a probe), battery_v in volts.
            ts is the time of measuring, in UTC. quality is 0 when all is well.
diary       what you and your frog wrote in the diary
damp/       what was worked out of it: days of each room, showers and the like that were found,
            and why the home is damp week by week, with what each rests on
cases       cases with your landlord, and each thing that happened in them
contacts    calls, letters and visits
photos      your photos: photos/ has them without place and device, and as you sent them where that was kept
packs       which evidence packs were made
reminding   where you are reminded of dates
sharing     what was shared with whom, when, and who took it back
looks       who looked at your home's data, and why
audit       what you did on these pages, and who else looked at your home or changed something of it:
            lines of the service's own record, in its words
people      who lives in your home

Each is there twice: .csv for a spreadsheet, .json for a program.
An empty from_at means: since the frog came.
What was measured before you moved in is not yours and not in here.
"""


async def export(who: Member, home: LivesIn, frog: Kind, now: datetime) -> AsyncIterator[bytes]:
    """Yield the zip. What the resident may see no more is not in it, even if that changes meanwhile.

    Args:
        who: of whom.
        home: of which of her homes.
        frog: kind of the devices in homes.
        now: the wall clock's time.
    """
    out = ZipStream(now)
    yield out.text(
        "README.txt", README.format(label=home.label, at=f"{now:%d %B %Y %H:%M} UTC", name=who.name)
    )
    fields = ("ts", *(f.name for f in frog.fields), "quality")
    for device in await who.db.rows("my_devices", home_id=home.home_id):
        name = f"readings/{device['name']}"
        async for piece in _twice(out, name, fields, _readings(who, frog, device)):
            yield piece
    for name, columns, pages in (*_tables(who, home), *_worked_out(who, home)):
        async for piece in _twice(out, name, columns, pages):
            yield piece
    async for piece in _photos(out, who, home):
        yield piece
    yield out.close()


async def _twice(out: ZipStream, name: str, columns: tuple[str, ...], pages: Pages) -> AsyncIterator[bytes]:
    async for piece in out.csv(f"{name}.csv", columns, pages()):
        yield piece
    async for piece in out.json(f"{name}.json", columns, pages()):
        yield piece


def _readings(who: Member, frog: Kind, device: Row) -> Pages:
    async def pages() -> AsyncIterator[list[Row]]:
        if device["first"] is None:
            return
        span = {"first": device["first"], "last": device["last"], "cadence_s": device["cadence_s"]}
        async for rows in each_reading(who.db, frog, device["device_id"], **span):
            yield rows

    return pages


def _tables(who: Member, home: LivesIn) -> list[tuple[str, tuple[str, ...], Pages]]:
    there = {"home_id": home.home_id}

    async def diary() -> AsyncIterator[list[Row]]:
        after = 0
        while rows := await who.db.rows("my_diary", **there, after=after, limit=PAGE):
            yield rows
            after = rows[-1]["diary_entry_id"]

    async def shared() -> AsyncIterator[list[Row]]:
        yield await sharing.consents(who, home)

    async def looks() -> AsyncIterator[list[Row]]:
        before = None
        while rows := await who.db.rows("my_access_log", **there, before=before, limit=PAGE):
            yield rows
            before = rows[-1]["access_id"]

    async def audit() -> AsyncIterator[list[Row]]:
        before = None
        while rows := await who.db.rows("my_audit", **there, before=before, limit=PAGE):
            yield rows
            before = rows[-1]["entry_id"]

    async def people() -> AsyncIterator[list[Row]]:
        yield await who.db.rows("my_household", **there)

    return [
        ("diary", _DIARY, diary),
        ("sharing", _SHARING, shared),
        ("looks", _LOOKS, looks),
        ("audit", _AUDIT, audit),
        ("people", _PEOPLE, people),
    ]


def _worked_out(who: Member, home: LivesIn) -> list[tuple[str, tuple[str, ...], Pages]]:
    there = {"home_id": home.home_id}

    async def days() -> AsyncIterator[list[Row]]:
        device_id, after = 0, date(1970, 1, 1)
        while rows := await who.db.rows(
            "my_damp_days", **there, device_id=device_id, after=after, limit=PAGE
        ):
            yield rows
            device_id, after = rows[-1]["device_id"], rows[-1]["day"]

    async def events() -> AsyncIterator[list[Row]]:
        after = 0
        while rows := await who.db.rows("my_moisture_events", **there, after=after, limit=PAGE):
            yield rows
            after = rows[-1]["event_id"]

    def whole(query: str) -> Pages:
        async def pages() -> AsyncIterator[list[Row]]:
            yield await who.db.rows(query, **there)

        return pages

    return [
        ("damp/days", _DAYS, days),
        ("damp/events", _EVENTS, events),
        ("damp/findings", _FINDINGS, whole("my_findings")),
        ("cases", _CASES, whole("my_cases")),
        ("contacts", _CONTACTS, whole("my_contacts")),
        ("photos", _PHOTOS, whole("my_photos")),
        ("packs", _PACKS, whole("my_packs")),
        ("reminding", _REMINDING, whole("my_reminding")),
    ]


async def _photos(out: ZipStream, who: Member, home: LivesIn) -> AsyncIterator[bytes]:
    """Yield the pictures, one in memory at a time."""
    for photo in await who.db.rows("my_photos", home_id=home.home_id):
        number = photo["photo_id"]
        found = await who.db.row("my_photo", home_id=home.home_id, photo_id=number)
        if found is None:
            continue
        yield out.stored(f"photos/{number}.jpg", bytes(found["jpeg"]))
        if found["original"] is not None:
            yield out.stored(f"photos/{number}-as-sent", bytes(found["original"]))
