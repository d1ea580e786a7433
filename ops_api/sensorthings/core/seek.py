"""Where a page of observations begins: behind the last one of the page before, found by index and not by counting.

What is stored between two pages neither shifts nor repeats anything. Source: keyset paging ("seek method").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops_api.sensorthings.core.ast import Order, Path
from ops_api.sensorthings.core.bounds import EPOCH, US, Bounds

_IDS = (("id",), ("@iot.id",))
_TIME = ("phenomenonTime",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seek:
    """Conditions of being behind a place.

    Attributes:
        where: of the row beside its datastream.
        stream_where: of the datastream alone.
        params: values by name.
        bounds: of what lies behind it.
    """

    where: str
    stream_where: str
    params: Mapping[str, object]
    bounds: Bounds


def can_seek(orders: Sequence[Order]) -> bool:
    """Return whether a datastream and a time say where a page begins: in order of ids, or of times and then ids."""
    names = [order.by.names if isinstance(order.by, Path) else () for order in orders]
    if not names or names[0] in _IDS:
        return True
    return names[0] == _TIME and (len(names) == 1 or (names[1] in _IDS and not orders[1].descending))


def behind(
    orders: Sequence[Order], datastream_id: int, at_us: int, prefix: str, stream: str, names: str = "after"
) -> Seek:
    """Return what lies behind an observation.

    Args:
        orders: keys, for which :func:`can_seek` holds.
        datastream_id: of the last observation that was given.
        at_us: its time, microseconds since the epoch.
        prefix: alias of the row.
        stream: alias of the datastream beside it.
        names: what names of parameters begin with.

    Raises:
        ValueError: another order.
    """
    if not can_seek(orders):
        raise ValueError("a place by datastream and time means nothing in this order")
    descending = bool(orders) and orders[0].descending
    than, sign = ("<", -1) if descending else (">", 1)
    at, which = f"%({names}_at)s::timestamptz", f"%({names}_stream)s::bigint"
    params = {f"{names}_at": moment(at_us), f"{names}_stream": datastream_id}
    by_time = bool(orders) and isinstance(orders[0].by, Path) and orders[0].by.names == _TIME
    if by_time:
        first = f"{prefix}.ts {than}= {at}"
        where = f"({first} and ({prefix}.ts {than} {at} or {stream}.datastream_id > {which}))"
        bounds = Bounds(until_us=at_us + 1, exact=False) if sign < 0 else Bounds(since_us=at_us, exact=False)
        return Seek(where=where, stream_where="true", params=params, bounds=bounds)
    where = f"({stream}.datastream_id {than} {which} or {prefix}.ts {than} {at})"
    stream_where = f"({stream}.datastream_id {than}= {which})"
    return Seek(where=where, stream_where=stream_where, params=params, bounds=Bounds(exact=False))


def moment(at_us: int) -> datetime:
    """Return the moment of some microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at_us)


def microseconds(at: datetime) -> int:
    """Return the microseconds since the epoch of a moment."""
    return (at - EPOCH) // US
