"""The file that says who can be told: people, their roles, channels and quiet hours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from cityops.errors import ConfigurationError
from rules.core.notify.model import Contact, Person
from rules.core.parameters import Severity

_QUIET = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Printed = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    channel: Word
    address: Printed
    least_severity: Severity = "info"


class _Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    person: Name
    label: Printed
    roles: tuple[Word, ...] = ()
    time_zone: str = "Europe/London"
    quiet_hours: str | None = None
    contact: tuple[_Contact, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    person: tuple[_Person, ...]


def read_people(file: Path) -> tuple[Person, ...]:
    """Return the people of a TOML file.

    Raises:
        ConfigurationError: it is no such file; names the field, what it holds and what is allowed.
        OSError: it can't be read.
    """
    try:
        return parse_people(file.read_text(encoding="utf-8"))
    except (ValueError, tomllib.TOMLDecodeError) as error:  # msgspec's errors are ValueErrors
        raise ConfigurationError(f"{file}: {error}") from error


def parse_people(text: str) -> tuple[Person, ...]:
    """Return the people of a file's text.

    Raises:
        ValueError: saying what is wrong and where.
    """
    listed = msgspec.convert(tomllib.loads(text), _File).person
    _once("person", [p.person for p in listed])
    return tuple(map(_person, listed))


def _person(given: _Person) -> Person:
    _once(f"{given.person}: a contact's channel", [c.channel for c in given.contact])
    try:
        ZoneInfo(given.time_zone)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"{given.person}: time_zone {given.time_zone!r}: use a name such as Europe/London"
        ) from error
    begin, end = quiet_minutes(given)
    return Person(
        person=given.person,
        label=given.label,
        roles=given.roles,
        time_zone=given.time_zone,
        quiet_from_min=begin,
        quiet_to_min=end,
        contacts=tuple(Contact(**msgspec.structs.asdict(c)) for c in given.contact),
    )


def quiet_minutes(given: _Person) -> tuple[int | None, int | None]:
    """Return quiet hours as minutes since midnight."""
    if given.quiet_hours is None:
        return None, None
    found = _QUIET.match(given.quiet_hours)
    if found is None:
        raise ValueError(f"{given.person}: quiet_hours {given.quiet_hours!r}: write 22:00-07:00")
    hour, minute, to_hour, to_minute = map(int, found.groups())
    return 60 * hour + minute, 60 * to_hour + to_minute


def _once(what: str, names: Sequence[str]) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is there twice")
