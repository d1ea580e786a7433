"""Where a page of observations begins: behind the last one of the page before, and not after so many.

In order of ids or times an index finds it. In any other order the token has the values that order, as PostgreSQL writes them:
all is read and sorted for each page, but no page is out of reach. What is stored between two pages neither shifts nor repeats
anything. Source: keyset paging ("seek method").
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What orders rows before their ids do.

    Attributes:
        sql: the value.
        cast: its type in PostgreSQL.
        descending: whether the largest comes first; null is the smallest.
    """

    sql: str
    cast: str
    descending: bool


def listed(keys: Sequence[Key]) -> str:
    """Return the values that order a row as further columns, in words."""
    return "".join(f", ({key.sql})::text as key{i}" for i, key in enumerate(keys))


def behind_values(
    keys: Sequence[Key],
    values: Sequence[str | None],
    place: tuple[int, int],
    prefix: str,
    stream: str,
    *,
    descending: bool = False,
    names: str = "after",
) -> Seek:
    """Return what lies behind an observation in an order of any values.

    Args:
        keys: what orders; behind them datastream and time do.
        values: of that observation, in words; None: null.
        place: its datastream and its time, microseconds since the epoch.
        prefix: as of :func:`behind`.
        stream: as of :func:`behind`.
        names: as of :func:`behind`.
        descending: whether datastream and time go down.
    """
    params: dict[str, object] = {f"{names}_stream": place[0], f"{names}_at": moment(place[1])}
    than = "<" if descending else ">"
    where = f"({stream}.datastream_id, {prefix}.ts) {than} (%({names}_stream)s::integer, %({names}_at)s::timestamptz)"
    for i, (key, value) in reversed(list(enumerate(zip(keys, values, strict=True)))):
        params[f"{names}_{i}"] = value
        written = f"%({names}_{i})s::text::{key.cast}"
        same = f"{key.sql} is not distinct from {written}"
        where = f"({_after(key, written, value is None)} or {same} and {where})"
    return Seek(where=where, stream_where="true", params=params, bounds=Bounds(exact=False))


def _after(key: Key, written: str, null: bool) -> str:
    """Return that a value comes behind another; null comes before all."""
    if key.descending:
        return "false" if null else f"({key.sql} < {written} or {key.sql} is null)"
    return f"{key.sql} is not null" if null else f"{key.sql} > {written}"


def keyed(orders: Sequence[Order]) -> int:
    """Return how many keys stand before the id."""
    names = [order.by.names if isinstance(order.by, Path) else () for order in orders]
    return next((i for i, name in enumerate(names) if name in _IDS), len(names))


def by_time_bounds(orders: Sequence[Order], at_us: int) -> Bounds:
    """Return where in time the rest lies, of an order that begins with time."""
    if not orders or not isinstance(orders[0].by, Path) or orders[0].by.names != _TIME:
        return Bounds(exact=False)
    if orders[0].descending:
        return Bounds(until_us=at_us + 1, exact=False)
    return Bounds(since_us=at_us, exact=False)


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
    than = "<" if descending else ">"
    at, which = f"%({names}_at)s::timestamptz", f"%({names}_stream)s::bigint"
    params = {f"{names}_at": moment(at_us), f"{names}_stream": datastream_id}
    by_time = bool(orders) and isinstance(orders[0].by, Path) and orders[0].by.names == _TIME
    if by_time:
        first = f"{prefix}.ts {than}= {at}"
        where = f"({first} and ({prefix}.ts {than} {at} or {stream}.datastream_id > {which}))"
        return Seek(where=where, stream_where="true", params=params, bounds=by_time_bounds(orders[:1], at_us))
    where = f"({stream}.datastream_id {than} {which} or {prefix}.ts {than} {at})"
    stream_where = f"({stream}.datastream_id {than}= {which})"
    return Seek(where=where, stream_where=stream_where, params=params, bounds=Bounds(exact=False))


def moment(at_us: int) -> datetime:
    """Return the moment of some microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at_us)


def microseconds(at: datetime) -> int:
    """Return the microseconds since the epoch of a moment."""
    return (at - EPOCH) // US
