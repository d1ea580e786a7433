"""A filter and an order to SQL text with parameters: no word of whoever asks stands in the text.

The text is for PostgreSQL by way of psycopg: ``%(p0)s`` for values. Names of relations are bare: a search path decides whose
they are. Observations have no relation of their own that could be searched whole: the caller puts a row ``prefix`` with the
columns of ``sta_observation`` beside a datastream ``stream``, and gets apart what is asked of the datastream alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops_api.sensorthings.core.ast import And, Expr, Literal, Order, Path
from ops_api.sensorthings.core.bounds import Bounds, bounds
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fold import fold
from ops_api.sensorthings.core.fragment import Fragment
from ops_api.sensorthings.core.joins import Place
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.core.seek import Key, can_seek
from ops_api.sensorthings.core.spatial import GeoTest
from ops_api.sensorthings.core.types import CASTS, Type
from ops_api.sensorthings.core.writer import Writer

_ALIAS = re.compile(r"[a-mo-z][a-z_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A filter and an order in SQL.

    Attributes:
        where: what must hold of the row; ``true`` where nothing is asked.
        stream_where: of observations, what must hold of the datastream beside it.
        order: items of ``order by``; they make every order total.
        keys: of observations, what orders before the ids do, where datastream and time alone do not say where a page begins.
        descending: whether ids go down behind them.
        params: values by name.
        geo: questions whose answers are further parameters.
        bounds: of observations, where they lie.
    """

    where: str
    stream_where: str
    order: str
    params: Mapping[str, object]
    geo: tuple[GeoTest, ...]
    bounds: Bounds
    keys: tuple[Key, ...] = ()
    descending: bool = False


def to_sql(
    expr: Expr | None,
    orders: Sequence[Order],
    of: Entity,
    prefix: str,
    *,
    now: datetime,
    stream: str = "",
    names: str = "p",
    within: Expr | None = None,
) -> Compiled:
    """Return a filter and an order as SQL.

    Args:
        expr: the filter; None: everything.
        orders: keys; after them, or without any, the id orders.
        of: whose properties they name.
        prefix: alias of the row.
        now: what ``now()`` is.
        stream: of observations, alias of the datastream beside the row.
        names: what names of parameters begin with; different ones for queries that are put together.
        within: what the address says, or whoever expands; it stands apart from the filter, so that
            ``/Things(1)/Locations?$filter=Things/name eq 'a'`` asks for any thing, not for that one.

    Raises:
        FilterError: it means nothing, or would ask too much.
    """
    for alias in filter(None, (prefix, stream, names)):
        if not _ALIAS.fullmatch(alias):
            raise ValueError(f"{alias!r} is no alias: lower case letters and _, not n first")
    root = Place(entity=of, alias=prefix)
    writer = Writer(root, stream if of is OBSERVATION else "", names)
    apart = [fold(part, now) for part in (within, expr) if part is not None]
    row, beside = _conditions(writer, apart)
    order, keys, descending = _order(writer, orders, of, prefix, stream, now)
    return Compiled(
        where=row,
        stream_where=beside,
        order=order,
        keys=() if of is not OBSERVATION or can_seek(orders) else keys,
        descending=descending,
        params=writer.params,
        geo=tuple(writer.geo),
        bounds=bounds(And(tuple(apart), 0)) if of is OBSERVATION else Bounds(),
    )


def _conditions(writer: Writer, apart: Sequence[Expr]) -> tuple[str, str]:
    """Return what is asked of the row, and of the datastream beside it alone."""
    row: list[str] = []
    beside: list[str] = []
    for expr in apart:
        parts = writer.holds(expr)
        needed = frozenset().union(*(part.needs for part in parts if part.row))
        about_row: list[Fragment] = []
        alone: list[Fragment] = []
        for part in parts:
            # What is said of the same further entity as of the row stays with it.
            with_row = part.row or not writer.beside or part.needs & needed
            (about_row if with_row else alone).append(part)
        row += [writer.joins.closed(about_row).sql] if about_row else []
        beside += [writer.joins.closed(alone).sql] if alone else []
    return " and ".join(row) or "true", " and ".join(beside) or "true"


def _order(
    writer: Writer, orders: Sequence[Order], of: Entity, prefix: str, stream: str, now: datetime
) -> tuple[str, tuple[Key, ...], bool]:
    """Return items of ``order by``, what of them stands before the id, and whether the id goes down."""
    items: list[str] = []
    keys: list[Key] = []
    descending: bool | None = None
    for order in orders:
        if isinstance(order.by, Path) and order.by.names in (("id",), ("@iot.id",)):
            descending = order.descending if descending is None else descending
        elif descending is not None:
            # Behind an id nothing orders any more; it must mean something all the same.
            _item(Writer(Place(entity=of, alias=prefix), stream, "unused"), order, now)
        else:
            key, item = _item(writer, order, now)
            keys.append(key)
            items.append(item)
    items += _by_id(of, prefix, stream, descending is True)
    return ", ".join(items), tuple(keys), descending is True


def _by_id(of: Entity, prefix: str, stream: str, descending: bool) -> list[str]:
    way = " desc" if descending else ""
    if of is OBSERVATION:
        return [f"{stream or prefix}.datastream_id{way}", f"{prefix}.ts{way}"]
    return [f"{prefix}.{of.key}{way}"]


def _item(writer: Writer, order: Order, now: datetime) -> tuple[Key, str]:
    try:
        by = fold(order.by, now)
        if isinstance(by, Literal):
            raise FilterError("a value orders nothing: name a property", order.position)
        value = writer.value(by)
        if value.type is Type.GEO:
            raise FilterError("geometries have no order", order.position)
        sql = _alone(writer, value, order)
    except FilterError as error:
        raise FilterError(error.message, error.position, "$orderby") from None
    # OData: null comes before everything else. Said only where there may be one, so that an index serves.
    nulls = (" nulls last" if order.descending else " nulls first") if value.nullable or value.needs else ""
    cast = "jsonb" if value.type is Type.JSON else CASTS.get(value.type, CASTS[Type.TIME])
    key = Key(sql=sql, cast=cast, descending=order.descending)
    return key, f"{sql}{' desc' if order.descending else ''}{nulls}"


def _alone(writer: Writer, value: Fragment, order: Order) -> str:
    if not value.needs:
        return value.sql
    if not writer.joins.single(value.needs):
        raise FilterError("several entities give no order", order.position)
    return writer.joins.one(value)
