"""What the pages of a household say: people, sharing, looks, receipt. Reading age nine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ops_api.households import sharing
from ops_api.households.people import Invitation
from ops_api.identity.phones import PhoneCode
from ops_api.web import words
from ops_api.web.account_view import qr_code
from ops_api.web.brand import Brand
from ops_api.web.home_words import room_name

Row = Mapping[str, Any]

DELETED: Mapping[str, str] = {
    "readings": "readings of your frogs",
    "diary": "lines of your diary",
    "events": "things found in your readings",
    "decisions": "decisions about your home",
    "dead_letters": "messages that could not be read",
    "alarms": "alarms that are over",
    "alarms_blanked": "alarms that are still on, with all that was measured taken out",
    "alarm_members": "notes of your home in alarms of many homes",
    "alarm_lines": "lines about alarms that are still on, with what was measured taken out",
    "alarm_words": "messages about alarms that are still on, with their words taken out",
    "alarm_members_blanked": "notes of your home in alarms that are still on, with all that was measured taken out",
    "work_items": "repairs of your frogs that are done",
    "work_item_lines": "lines about repairs that wait, with what was measured taken out",
    "work_items_blanked": "repairs of your frogs that wait, with all that was measured taken out",
    "override_reasons": "reasons why a limit was another one for your home",
    "late_windows": "notes of late readings",
    "damp_days": "days of damp in your rooms",
    "moisture_events": "showers and the like found in your readings",
    "damp_findings": "findings why your home is damp",
    "cases": "cases with your landlord",
    "case_words": "lines in a case with the council, with your words and your name taken out",
    "contacts": "lines of calls and letters",
    "photos": "photos",
    "packs": "notes of evidence packs",
    "reminders": "messages to you",
    "reminding": "addresses where you were reminded",
    "consents": "things you shared",
    "stays": "lines that say you lived there",
    "state": "risk of your home now",
    "resident": "your name",
}
"""What a receipt lists, by the names that the eraser gives."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the household, as listed."""

    name: str
    me: bool
    lives_here: bool
    said: str


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, as shown once."""

    code: str
    link: str
    until: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Something shown to somebody; ``consent_id`` is what to take back.

    ``is_read``: whether anything of ours shows it to them. ``looks_back``: the risk rests on weeks before the day it is shared from.
    """

    consent_id: str
    is_read: bool
    looks_back: bool
    what: str
    who: str
    room: str
    since: str
    until: str
    given: str
    ended: str


@dataclass(frozen=True, slots=True)
class Sharing:
    """The page of what others see; ``council``: whether anything is to be stopped there, ``council_sees``: now."""

    council: bool
    council_sees: bool
    headline: str
    now: tuple[Shared, ...]
    later: tuple[Shared, ...]
    before: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A line of who looked."""

    at: str
    who: str
    what: str
    why: str


def day(at: datetime | None, brand: Brand) -> str:
    """Return ``9 January 2026``, or when the frog came."""
    if at is None:
        return "the day your frog came"
    local = at.astimezone(brand.time_zone)
    return f"{local.day} {local:%B %Y}"


def people(rows: Sequence[Row], brand: Brand, now: datetime) -> tuple[Person, ...]:
    """Return who lives in the home, and who moved out since the reader came."""
    return tuple(_person(row, brand, now) for row in rows)


def _person(row: Row, brand: Brand, now: datetime) -> Person:
    here = row["to_at"] is None or row["to_at"] > now
    how = "with an invitation" if row["joined_by"] == "invite" else "with the code on the frog"
    said = (
        f"Joined on {day(row['joined_at'], brand)}, {how}. Sees what was measured since {day(row['from_at'], brand)}."
        if here
        else f"Moved out on {day(row['to_at'], brand)}."
    )
    return Person(row["name"], row["me"], here, said)


def invited(invitation: Invitation, brand: Brand, origin: str) -> Invited:
    """Return an invitation with its link."""
    until = day(invitation.expires_at, brand)
    return Invited(invitation.code, f"{origin}/join/{quote(invitation.code, safe='')}", until)


@dataclass(frozen=True, slots=True)
class Phone:
    """A code for a new phone, with the address that its QR code shows."""

    code: str
    link: str
    qr: str
    until: str


def phone(made: PhoneCode, brand: Brand, origin: str) -> Phone:
    """Return a code for a new phone with its link, and the time of day until which it opens."""
    link = f"{origin}/join/{quote(made.code, safe='')}"
    return Phone(made.code, link, qr_code(link), f"{made.expires_at.astimezone(brand.time_zone):%H:%M}")


def rooms(rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    """Return the rooms to choose from: device and name."""
    return tuple((str(row["name"]), room_name(row)) for row in rows)


def shared(rows: Sequence[Row], brand: Brand, now: datetime, *, council_owned: bool = False) -> Sharing:
    """Return what is shown to whom, what will be, and what was.

    Args:
        rows: consents.
        brand: whose time zone names the days.
        now: by which a consent holds, is to begin, or is over.
        council_owned: whether the council is the landlord.
    """
    held, standing = sharing.in_force(rows, now), sharing.standing(rows, now)
    return Sharing(
        any(row["recipient_kind"] == "council" for row in standing),
        sharing.switched_on(rows, now),
        _headline(held, sees=sharing.switched_on(rows, now), council_owned=council_owned),
        tuple(_shared(row, brand) for row in held),
        tuple(_shared(row, brand) for row in standing if row not in held),
        tuple(_shared(row, brand) for row in rows if row not in standing),
    )


def _headline(held: Sequence[Row], *, sees: bool, council_owned: bool) -> str:
    if council_owned:
        said = f"The council is your landlord. It {'sees some of' if sees else 'does not see'} your home."
    else:
        said = (
            f"The council {'sees some of' if sees else 'does not see'} your home. Your landlord sees nothing."
        )
    others = len({(r["recipient_kind"], r["recipient"]) for r in held if r["recipient_kind"] != "council"})
    if others > 0:
        said += f" You said yes to {words.plural(others, 'other')}: nothing is sent to them yet."
    return said


def _shared(row: Row, brand: Brand) -> Shared:
    until = row["to_at"]
    return Shared(
        consent_id=str(row["consent_id"]),
        is_read=sharing.is_read(row),
        looks_back=row["statistic"] == "risk"
        and row["recipient_kind"] == "council"
        and row["from_at"] is not None,
        what=sharing.STATISTICS[row["statistic"]],
        who=sharing.recipient_name(row),
        room="all rooms" if row["device"] is None else room_name({**row, "label": "", "name": row["device"]}),
        since=day(row["from_at"], brand),
        # The end is the first moment that is not shown: people name the day before it.
        until="" if until is None else day(until - timedelta(microseconds=1), brand),
        given=f"{row['given_by']} said yes on {day(row['given_at'], brand)}",
        ended=""
        if row["revoked_at"] is None
        else f"{row['revoked_by'] or 'Somebody'} stopped it on {day(row['revoked_at'], brand)}",
    )


def looks(rows: Sequence[Row], brand: Brand, now: datetime) -> tuple[Look, ...]:
    """Return who looked."""
    return tuple(
        Look(words.day_and_clock(row["at"], brand.time_zone, now), row["who"], row["what"], row["purpose"])
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What a receipt says; ``done``: whether all of it is gone already."""

    number: str
    done: bool
    at: str
    gone: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


def receipt(row: Row, brand: Brand) -> ReceiptView:
    """Return what went, in words."""
    gone = tuple(
        (words.number(count), DELETED.get(what, what.replace("_", " ")))
        for what, count in row["deleted"].items()
        if count > 0
    )
    kept = tuple(f"from {day(first, brand)} to {day(last, brand)}" for first, last in row["kept"])
    done = row["done_at"] is not None
    at = (row["done_at"] if done else row["asked_at"]).astimezone(brand.time_zone)
    said = f"{words.long_date(at, brand.time_zone)}, {at:%H:%M}"
    return ReceiptView(str(row["erasure_id"]), done, said, gone, kept)
