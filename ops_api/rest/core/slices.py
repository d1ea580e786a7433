"""A bulk export cut into pieces that a short transaction reads each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

ROWS = 20_000
"""Readings that a piece holds, by the devices' own cadence."""
WIDTH_MOST = timedelta(days=30)
BEFORE_INSTALLED = timedelta(days=1)
"""No reading is stored that is older than its device's installation by more (DESIGN §4)."""
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
    rows = 0
    for source in sources:
        expected = _expected(source, since, until)
        if together and (
            rows + expected > ROWS or len(together) == DEVICES_MOST or until - since > WIDTH_MOST
        ):
            yield from _pieces(together, since, until)
            together, rows = [], 0
        together.append(source)
        rows += expected
    yield from _pieces(together, since, until)


def _expected(source: Source, since: datetime, until: datetime) -> int:
    start = max(since, source.installed_at - BEFORE_INSTALLED)
    return max(0, int((until - start).total_seconds())) // source.cadence_s


def _pieces(together: Sequence[Source], since: datetime, until: datetime) -> Iterator[Slice]:
    """Yield the pieces of devices that share theirs."""
    if not together:
        return
    start = max(since, min(s.installed_at for s in together) - BEFORE_INSTALLED)
    width = WIDTH_MOST
    if len(together) == 1:
        width = min(width, timedelta(seconds=ROWS * together[0].cadence_s))
    while start < until:
        end = min(start + width, until)
        yield Slice(tuple(together), start, end)
        start = end
