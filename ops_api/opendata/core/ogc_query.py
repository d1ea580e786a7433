"""What a request for features asks, and which rows that are. Pure.

OGC API – Features, Part 1: Core 1.0.1 (17-069r4), sections 7.15.2 to 7.15.5.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import shapely
from shapely.geometry import shape

from ops_api.opendata.core.model import Box, Cell, Column, Dataset, Item

USUAL, MOST = 100, 10_000
"""Features of a page unless told otherwise, and at most."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NAMES = ("limit", "bbox", "datetime", "cursor", "f")


class QueryError(ValueError):
    """A parameter that can't be used; the text says which and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked: boxes as west, south, east, north [deg]; ``span``: both ends belong to it; ``after``: an id."""

    limit: int = USUAL
    boxes: tuple[Box, ...] = ()
    span: tuple[datetime, datetime] | None = None
    wanted: Mapping[str, str] = field(default_factory=dict)
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, how many match in all, and the cursor of the next page, None on the last."""

    items: Sequence[Item]
    matched: int
    cursor: str | None


def parse(pairs: Iterable[tuple[str, str]], dataset: Dataset) -> Query:
    """Return what a query string asks of a dataset.

    Raises:
        QueryError: an unknown parameter, one given twice, or a value that is none.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise QueryError(f"{name} is given twice")
        given[name] = value
    columns = {c.name for c in dataset.columns}
    for name in given:
        if name not in columns and name not in NAMES:
            raise QueryError(f"{name} is no parameter. There are {', '.join((*NAMES, *sorted(columns)))}")
    if given.get("f", "json") not in ("json", "geojson"):
        raise QueryError("f must be json: features come as GeoJSON")
    return Query(
        limit=_limit(given.get("limit")),
        boxes=_boxes(given.get("bbox")),
        span=_span(given.get("datetime")),
        wanted={n: v for n, v in given.items() if n in columns},
        after=_after(given.get("cursor")),
    )


def page(items: Sequence[Item], query: Query, columns: Sequence[Column]) -> Page:
    """Return the rows of one page of ``items``, which are in the order of their ids."""
    matching = [i for i in items if _matches(i, query, columns)]
    left = matching if query.after is None else [i for i in matching if i.id > query.after]
    shown = left[: query.limit]
    return Page(shown, len(matching), _cursor(shown[-1].id) if len(left) > len(shown) else None)


def _matches(item: Item, query: Query, columns: Sequence[Column]) -> bool:
    types = {c.name: c.type for c in columns}
    if any(not _equals(item.properties[n], v, types[n]) for n, v in query.wanted.items()):
        return False
    # What has no time, or no place, matches each (requirements fc-time-response and fc-bbox-response).
    if query.span is not None and item.at is not None and not query.span[0] <= item.at <= query.span[1]:
        return False
    return not query.boxes or _touches(item, query.boxes)


def _touches(item: Item, boxes: Sequence[Box]) -> bool:
    if item.box is None or item.geometry is None:
        return True
    w, s, e, n = item.box
    near = [b for b in boxes if w <= b[2] and e >= b[0] and s <= b[3] and n >= b[1]]
    if not near or item.geometry["type"] == "Point":
        return bool(near)
    place = shape(item.geometry)
    return any(place.intersects(shapely.box(*b)) for b in near)


def _equals(value: Cell, asked: str, type_: str) -> bool:
    if isinstance(value, bool):
        return asked.lower() == str(value).lower()
    if type_ == "number":
        number = _number(asked, "a number")
        return isinstance(value, int | float) and float(value) == number
    return value == asked


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise QueryError(f"limit must be a whole number from 1 to {MOST}")
    return min(
        int(text), MOST
    )  # more than there may be is as many as there may be (requirement fc-limit-response-1)


def _boxes(text: str | None) -> tuple[Box, ...]:
    if text is None:
        return ()
    n = [_number(t, "four or six numbers, comma between") for t in text.split(",")]
    if len(n) == 6:
        n = [n[0], n[1], n[3], n[4]]  # heights: nothing here has one
    if len(n) != 4:
        raise QueryError("bbox must be four or six numbers: west,south,east,north in degrees")
    w, s, e, north = n
    if not (-180.0 <= w <= 180.0 and -180.0 <= e <= 180.0 and -90.0 <= s <= north <= 90.0):
        raise QueryError("bbox must lie within -180,-90,180,90, with south below north")
    return ((w, s, e, north),) if w <= e else ((w, s, 180.0, north), (-180.0, s, e, north))


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError as e:
        raise QueryError(f"{text[:40]!r} is not {what}") from e
    if not math.isfinite(number):
        raise QueryError(f"{text[:40]!r} is not {what}")
    return number


def _span(text: str | None) -> tuple[datetime, datetime] | None:
    if text is None:
        return None
    ends = text.split("/")
    if len(ends) == 1:
        at = _time(text)
        return at, at
    if len(ends) != 2 or all(t in ("", "..") for t in ends):
        raise QueryError("datetime must be a time, or two with / between, one of which may be ..")
    first = _BEGINNING if ends[0] in ("", "..") else _time(ends[0])
    last = _END if ends[1] in ("", "..") else _time(ends[1])
    if first > last:
        raise QueryError("datetime must not end before it begins")
    return first, last


def _time(text: str) -> datetime:
    said = text.upper().replace(" ", "+")  # a bare + is a blank in a query string
    try:
        if not _TIME.fullmatch(said):
            raise ValueError
        return datetime.fromisoformat(said).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise QueryError(f"{text[:40]!r} is no time such as 2026-01-09T05:00:00Z") from e


def _cursor(id_: str) -> str:
    return base64.urlsafe_b64encode(id_.encode()).decode().rstrip("=")


def _after(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as e:
        raise QueryError("cursor must be one that a next link had") from e
