"""Values as a filter writes them down.

Source: OData 4.0 ABNF (primitive literals), OGC 18-088 §9.3.3.5.1; stretches of time as FROST writes them:
``2026-01-01T00:00:00Z/2026-01-02T00:00:00Z`` or ``2026-01-01T00:00:00Z/P1D``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType

from ops_api.sensorthings.core.ast import Literal
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.geometry import geometry
from ops_api.sensorthings.core.types import Type

INT64 = 2**63
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,12}))?)?"
    r"(?:(Z)|([+\- ])([0-9]{2}):([0-9]{2}))?"
)
_DURATION = re.compile(
    r"(-)?P(?:([0-9]{1,7})W)?(?:([0-9]{1,7})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?"
)
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


def moment(text: str, at: int) -> datetime:
    """Return a moment with its zone.

    Raises:
        FilterError: no such moment, or without a zone.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise FilterError(f"{text!r} is no moment; one is written 2026-01-09T05:10:00Z", at)
    day, clock, second, fraction, zulu, sign, hours, minutes = found.groups()
    if zulu is None and sign is None:
        raise FilterError("a moment needs its zone: Z, or as +01:00 (the + as %2B in an address)", at)
    iso = f"{day}T{clock}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
    try:
        zone = UTC if zulu else _zone(sign, hours, minutes)
        found_at = datetime.fromisoformat(iso).replace(tzinfo=zone)
        found_at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(f"there is no moment {text}", at) from None
    return found_at


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    # A blank is a + that was not escaped in the address.
    off = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-off if sign == "-" else off)


def duration(text: str, at: int) -> timedelta:
    """Return an ISO 8601 duration of weeks, days, hours, minutes and seconds.

    Raises:
        FilterError: something else; years and months have no length.
    """
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise FilterError(f"{text!r} is no duration of days and less; one is written P1DT2H30M", at)
    sign, weeks, days, hours, minutes, seconds = found.groups()
    length = timedelta(
        weeks=int(weeks or 0),
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=float(seconds or 0),
    )
    return -length if sign else length


def stretch(text: str, at: int) -> tuple[datetime, datetime]:
    """Return the ends of a stretch of time.

    Raises:
        FilterError: an end that is no moment, or ends in the wrong order.
    """
    first, _, second = text.partition("/")
    since = moment(first, at)
    at += len(first) + 1
    if not second.startswith(("P", "-")):
        until = moment(second, at)
    else:
        try:
            until = since + duration(second, at)
        except OverflowError:
            raise FilterError(f"there is no moment {second} after {first}", at) from None
    if until < since:
        raise FilterError("a stretch of time that ends before it begins", at)
    return since, until


def number(text: str, at: int) -> Literal:
    """Return a whole number that fits 64 bits, or else a floating one.

    Raises:
        FilterError: larger than a floating number can be.
    """
    if text.isdigit() and len(text) < 20 and int(text) < INT64:
        return Literal(Type.WHOLE, int(text), at)
    value = float(text)
    if not math.isfinite(value):
        raise FilterError(f"{text[:20]} is too large a number", at)
    return Literal(Type.NUMBER, value, at)


def words(text: str, at: int) -> Literal:
    """Return text between quotes; a quote in it is written twice.

    Raises:
        FilterError: characters that no database keeps.
    """
    inner = text[1:-1].replace("''", "'")
    if bad := _UNSENDABLE.search(inner):
        raise FilterError("text with a character that is none", at + 1 + bad.start())
    return Literal(Type.TEXT, inner, at)


def _day(text: str, at: int) -> Literal:
    try:
        return Literal(Type.DATE, date.fromisoformat(text), at)
    except ValueError:
        raise FilterError(f"there is no date {text}", at) from None


def _clock(text: str, at: int) -> Literal:
    try:
        return Literal(Type.CLOCK, time.fromisoformat(text), at)
    except ValueError:
        raise FilterError(f"there is no time of day {text}", at) from None


def _quoted(text: str) -> tuple[str, int]:
    start = text.index("'") + 1
    return text[start:-1].replace("''", "'"), start


def _duration(text: str, at: int) -> Literal:
    inner, start = _quoted(text)
    return Literal(Type.DURATION, duration(inner, at + start), at)


def _geography(text: str, at: int) -> Literal:
    inner, start = _quoted(text)
    return Literal(Type.GEO, geometry(inner, at + start), at)


READERS: Mapping[str, Callable[[str, int], Literal]] = MappingProxyType(
    {
        "STRING": words,
        "NUMBER": number,
        "DATETIME": lambda text, at: Literal(Type.TIME, moment(text, at), at),
        "INTERVAL": lambda text, at: Literal(Type.INTERVAL, stretch(text, at), at),
        "DATE": _day,
        "TIME": _clock,
        "DURATION": _duration,
        "GEO": _geography,
        "NULL": lambda _text, at: Literal(Type.NULL, None, at),
        "TRUE": lambda _text, at: Literal(Type.BOOL, True, at),
        "FALSE": lambda _text, at: Literal(Type.BOOL, False, at),
    }
)
"""How the text of each terminal of the grammar is read."""
