"""A bulk export cut into pieces that a short transaction reads each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ROWS = 20_000
"""Readings that a piece holds, by the devices' own cadence."""
WIDTH_MOST = timedelta(days=366)
"""Of a piece: each part of the table in the span is looked into."""
BEFORE_INSTALLED = timedelta(days=1)
"""No reading is stored that is older than its device's installation by more (DESIGN §4); but the registry may give
another day later, so what lies before is looked at too, as few readings."""
DEVICES_MOST = 500
"""Of one piece: each is found in every chunk of the table."""


@dataclass(frozen=True, slots=True)
class Source:
    """A device of an export: ``cadence_s``: usual interval of its readings [s]; ``geometry``: GeoJSON, where it stands."""

    device_id: int
    name: str
    cadence_s: int
    installed_at: datetime
    geometry: str = "null"


@dataclass(frozen=True, slots=True)
class Slice:
    """Readings of some devices with ``since <= ts < until``."""

    sources: tuple[Source, ...]
    since: datetime
    until: datetime


def slices(sources: Sequence[Source], since: datetime, until: datetime) -> Iterator[Slice]:
    """Yield the pieces of an export, by device in the order given and then by time.

    Every reading of the devices in the span is in exactly one of them. A device with many readings has pieces
    of its own; neighbours with few share one.
    """
    together: list[Source] = []
    rows, earliest = 0, until  # of those together: how many readings, and since when
    for source in sources:
        begins = _begin(source.installed_at, since)
        expected = max(0, int((until - begins).total_seconds())) // source.cadence_s
        is_long = until - min(begins, earliest) > WIDTH_MOST
        if together and (is_long or rows + expected > ROWS or len(together) == DEVICES_MOST):
            yield from _pieces(together, since, earliest, until)
            together, rows, earliest = [], 0, until
        together.append(source)
        rows, earliest = rows + expected, min(begins, earliest)
    yield from _pieces(together, since, earliest, until)


def _begin(installed_at: datetime, since: datetime) -> datetime:
    """Return the time before which a device has no readings that are asked for, or few."""
    return max(since, installed_at - BEFORE_INSTALLED)


def _pieces(together: Sequence[Source], since: datetime, start: datetime, until: datetime) -> Iterator[Slice]:
    """Yield the pieces of devices that share theirs: one, or of a single device as many as it has readings for."""
    if len(together) > 1:
        yield Slice(tuple(together), since, until)
        return
    for source in together:
        width = min(WIDTH_MOST, timedelta(seconds=ROWS * source.cadence_s))
        if since < start:
            yield Slice((source,), since, min(start, until))
        while start < until:
            end = min(start + width, until)
            yield Slice((source,), start, end)
            start = end
