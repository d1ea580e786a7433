"""Reading protobuf-JSON: fields that are left out are zero, numbers may be texts, times have nanoseconds.

Both servers write their events so. A field of the wrong type is an :class:`EnvelopeError` that names
it; a field that is not known is not looked at.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingest.core.lorawan.events import EnvelopeError

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?([Zz]|[+-]\d\d:\d\d)$")
_EUI = re.compile(r"^[0-9a-f]{16}$")
MOST_NUMBER = 1e12
"""Counters, frequencies, signals: none is larger, and a column would not take it."""
_SECONDS = re.compile(r"^(\d{1,9}(?:\.\d{1,9})?)s$")


class Node:
    """An object of an event with its place in it."""

    __slots__ = ("_values", "place")

    def __init__(self, values: Mapping[str, Any], place: str = "") -> None:
        self._values = values
        self.place = place

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def path(self, name: str) -> str:
        """Return the field's place in the event."""
        return f"{self.place}.{name}" if self.place else name

    def node(self, name: str) -> Node:
        """Return the object ``name``; one that is left out is empty."""
        found = self._values.get(name)
        if found is None:
            return Node({}, self.path(name))
        if not isinstance(found, dict):
            raise self._wrong(name, found, "an object")
        return Node(found, self.path(name))

    def plain(self, name: str) -> Mapping[str, Any] | None:
        """Return the object ``name`` as it is; None where it is left out."""
        return self.node(name)._values if name in self else None

    def nodes(self, name: str) -> list[Node]:
        """Return the list of objects ``name``; one that is left out is empty."""
        found = self._values.get(name)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong(name, found, "a list of objects")
        return [Node(one, f"{self.path(name)}[{place}]") for place, one in enumerate(found)]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the list of texts ``name``; one that is left out is empty."""
        found = self._values.get(name)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(name, found, "a list of texts")
        return tuple(found)

    def text(self, name: str) -> str:
        """Return the text ``name``; empty where it is left out."""
        found = self._values.get(name)
        if found is None:
            return ""
        if not isinstance(found, str):
            raise self._wrong(name, found, "a text")
        return found

    def flag(self, name: str) -> bool:
        """Return the flag ``name``; False where it is left out."""
        found = self._values.get(name)
        if found is None:
            return False
        if not isinstance(found, bool):
            raise self._wrong(name, found, "true or false")
        return found

    def number(self, name: str) -> float | None:
        """Return the number ``name``; None where it is left out."""
        found = self._values.get(name)
        if isinstance(found, str):
            try:
                found = float(found)
            except ValueError:
                raise self._wrong(name, found, "a number") from None
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self._wrong(name, found, "a number")
        try:
            number = float(found)
        except OverflowError:
            number = math.inf
        if not abs(number) <= MOST_NUMBER:
            raise self._wrong(name, found, f"a number up to {MOST_NUMBER:g}")
        return number

    def integer(self, name: str, most: int, default: int = 0) -> int:
        """Return the whole number ``name``, 0 to ``most``; ``default`` where it is left out."""
        number = self.number(name)
        if number is None:
            return default
        if number != int(number) or not 0 <= number <= most:
            raise self._wrong(name, number, f"a whole number from 0 to {most}")
        return int(number)

    def time(self, name: str) -> datetime | None:
        """Return the time ``name``, cut to microseconds; None where it is left out."""
        found = self.text(name)
        return None if not found else parse_time(found, self.path(name))

    def seconds(self, name: str) -> float | None:
        """Return the duration ``name``, as ``0.056576s`` [s]; None where it is left out."""
        found = self.text(name)
        if not found:
            return None
        match = _SECONDS.match(found)
        if match is None:
            raise self._wrong(name, found, "a duration such as 0.056576s")
        return float(match[1])

    def bytes(self, name: str) -> bytes:
        """Return the bytes ``name``, base64; empty where they are left out."""
        found = self.text(name).replace("-", "+").replace("_", "/")
        try:
            return base64.b64decode(found + "=" * (-len(found) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise self._wrong(name, found, "base64") from None

    def eui(self, name: str) -> str:
        """Return the EUI ``name``, lower case; empty where it is left out."""
        found = self.text(name).lower().replace("-", "").replace(":", "")
        if found and _EUI.match(found) is None:
            raise self._wrong(name, found, "16 hexadecimal digits")
        return found

    def _wrong(self, name: str, found: object, wanted: str) -> EnvelopeError:
        shown = found if isinstance(found, str | int | float | bool) else type(found).__name__
        return EnvelopeError(f"{self.path(name)} is {_cut(repr(shown))}; wanted is {wanted}")


def read_json(body: bytes) -> Node:
    """Return the object that ``body`` is.

    Raises:
        EnvelopeError: it is no JSON, or no object.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise EnvelopeError(f"the event is not JSON ({_cut(str(e))}); set the integration to JSON") from None
    if not isinstance(found, dict):
        raise EnvelopeError(f"the event is {type(found).__name__}; wanted is a JSON object")
    return Node(found)


def parse_time(text: str, place: str) -> datetime:
    """Return a time of RFC 3339 in UTC, cut to microseconds (servers give nanoseconds).

    Raises:
        EnvelopeError: ``text`` is none; ``place`` is named.
    """
    match = _TIME.match(text)
    try:
        if match is None:
            raise ValueError
        zone = "+00:00" if match[4] in "Zz" else match[4]
        whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").astimezone(UTC)
        micros = int((match[3] or "0")[:6].ljust(6, "0"))
        return whole + timedelta(microseconds=micros)
    except (ValueError, OverflowError):
        wanted = "wanted is a time such as 2026-01-09T05:10:00Z"
        raise EnvelopeError(f"{place} is {_cut(repr(text))}; {wanted}") from None


def _cut(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[:most] + "…"
