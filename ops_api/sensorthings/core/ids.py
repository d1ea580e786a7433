"""Ids of observations: the datastream's and the quarter second, so that none is stored and one is found by index.

``id = datastream << 33 | tick``, tick = quarter seconds since 2000-01-01T00:00:00Z. Below 2^53, the largest whole number
that JSON keeps in a browser: 20 bits of datastream, 33 of time, until 2068. Two readings of a device within a quarter of a
second have one id; it leads to the first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TICKS_BITS = 33
TICKS = 1 << TICKS_BITS
DATASTREAMS = 1 << 20
TICK = timedelta(milliseconds=250)
BEGIN = datetime(2000, 1, 1, tzinfo=UTC)

SQL = "(({stream}.datastream_id)::bigint * 8589934592 + floor((date_part('epoch', {row}.ts) - 946684800) * 4)::bigint)"
"""The same in SQL, with ``{stream}`` and ``{row}``; a test holds both to each other. A double has microseconds of such seconds."""


def observation_id(datastream_id: int, at: datetime) -> int:
    """Return the id of a datastream's observation.

    Raises:
        ValueError: a datastream or a time outside what an id can say.
    """
    tick = (at - BEGIN) // TICK
    if not 0 <= datastream_id < DATASTREAMS or not 0 <= tick < TICKS:
        raise ValueError(f"datastream {datastream_id} at {at.isoformat()} is outside what an id can say")
    return datastream_id * TICKS + tick


def parts(number: int) -> tuple[int, datetime, datetime] | None:
    """Return the datastream of an id and the half-open quarter second; None where no observation can have that id."""
    if not 0 <= number < DATASTREAMS * TICKS:
        return None
    datastream_id, tick = divmod(number, TICKS)
    since = BEGIN + tick * TICK
    return datastream_id, since, since + TICK
