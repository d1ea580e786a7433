"""All readings of a device in bounded memory: a stretch of time after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from devices.contract.kind import Kind
from ops_api.queries import Db, Row, readings

EXPECTED_ROWS = 2000
"""Readings that a stretch holds at the device's own cadence."""
MOST_ROWS = 5000
"""Readings that are held at once."""


async def each_reading(
    db: Db, kind: Kind, device_id: int, *, first: datetime, last: datetime, cadence_s: int
) -> AsyncIterator[list[Row]]:
    """Yield the readings with ``first <= ts <= last`` in time order, at most ``MOST_ROWS`` at once.

    Each stretch is a transaction of its own: who reads slowly holds nothing open, and who may not
    see the home any more gets no more of it.
    """
    width, start = timedelta(seconds=cadence_s * EXPECTED_ROWS), first
    end_of_all = last + timedelta(microseconds=1)
    while start < end_of_all:
        end = min(start + width, end_of_all)
        rows = await readings.series(db, kind, device_id, start=start, end=end, bucket="raw", limit=MOST_ROWS)
        if len(rows) == MOST_ROWS:
            # More than fit: go on at the last time, whose own readings come whole with the next.
            end = rows[-1]["ts"]
            rows = [row for row in rows if row["ts"] < end] or rows
            if rows[-1]["ts"] == end:
                end += timedelta(microseconds=1)
        if rows:
            yield rows
        start = end
