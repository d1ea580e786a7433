"""Queries for observations, one for each plan (:mod:`plan`): alias ``d`` a datastream, ``o`` a row beside it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from devices.contract.kind import Kind
from ops_api.sensorthings.core import rows
from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.plan import ByDatastream, ByIdOrder, Plan
from ops_api.sensorthings.core.seek import Key, listed, moment
from ops_api.sensorthings.core.sql import Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of observations is wanted.

    Attributes:
        kinds: those that datastreams in question are of.
        where, stream_where, order: as :class:`Compiled` has them.
        params: values by name.
        bounds: where they lie.
        keys: what orders before the ids do, where the next page begins by it.
        descending: whether ids go down behind them.
    """

    kinds: tuple[Kind, ...]
    where: str
    stream_where: str
    order: str
    params: dict[str, object]
    bounds: Bounds
    keys: tuple[Key, ...] = ()
    descending: bool = False


def wanted(found: Compiled, kinds: Iterable[Kind], answers: dict[str, object]) -> Wanted:
    """Return what a filter wants; ``answers``: of whoever holds the shapes."""
    return Wanted(
        kinds=tuple(kinds),
        where=found.where,
        stream_where=found.stream_where,
        order=found.order,
        params=dict(found.params) | answers,
        bounds=found.bounds,
        keys=found.keys,
        descending=found.descending,
    )


_OF_FEATURE = "(d.feature_id = {feature} or exists (select from sta_extra x where x.datastream_id = d.datastream_id and x.feature_id = {feature}))"
"""Datastreams with observations of a feature: all of theirs, or some that were sent with it."""


def within(of: Wanted, bounds: Bounds) -> Wanted:
    """Return it held to further bounds, which its queries then name."""
    return replace(of, bounds=of.bounds.both(bounds))


def page(of: Wanted, plan: Plan, limit: int, skip: int) -> tuple[str, dict[str, object]]:
    """Return a query for a page and its parameters."""
    span, params = _span(of.bounds)
    params |= of.params
    streams, params = _streams(of, params)
    if isinstance(plan, (ByDatastream, ByIdOrder)):
        cut = None if isinstance(plan, ByDatastream) and plan.sorted else limit + skip
        each = _each(of, span, of.order, cut)
        text = (
            f"select o.*{listed(of.keys)} from sta_datastream d cross join lateral ({each}) o where {streams}"  # noqa: S608
            f" order by {of.order} limit {limit:d} offset {skip:d}"
        )
    else:
        text = _together(of, span, streams, limit, skip)
    return rows.relations(of.kinds, text) + text, params


def counted(of: Wanted) -> tuple[str, dict[str, object]]:
    """Return a query for how many there are: all within the bounds are read."""
    span, params = _span(of.bounds)
    streams, params = _streams(of, params | of.params)
    parts = " union all ".join(
        f"select count(*) as n from sta_datastream d cross join lateral ({rows.beside(kind, span)}) o"  # noqa: S608
        f" where {streams} and {of.where}"
        for kind in of.kinds
    )
    text = f"select coalesce(sum(n), 0)::bigint as n from ({parts or 'select 0 as n'}) c"  # noqa: S608
    return rows.relations(of.kinds, text) + text, params


def roughly(of: Wanted) -> tuple[str, dict[str, object]]:
    """Return a query whose number of rows, as the planner guesses it, is about how many there are; it is never run.

    Fields that a reading may lack are taken to be there: the planner knows nothing of which field a datastream has.
    """
    span, params = _span(of.bounds)
    streams, params = _streams(of, params | of.params)
    text = " union all ".join(
        f'select 1 from sta_datastream d join "{kind.table}" r on r.device_id = d.device_id'  # noqa: S608
        f" where d.kind = '{kind.name}' and {span} and {streams}"
        for kind in of.kinds
    )
    return text or "select 1 where false", params


def latest(
    of: Wanted, limit: int, skip: int, parents: str, *, further: bool = False
) -> tuple[str, dict[str, object]]:
    """Return a query for observations of each of many datastreams, or of each feature, whose keys are ``%(keys)s``.

    Args:
        of: what is wanted.
        limit: how many of each.
        skip: after how many of each.
        parents: column of the datastream that says whose they are; ``feature_id`` takes all of a feature's together.
        further: of datastreams, whether to say if there was one before; those of which nobody knows are left out.
    """
    span, params = _span(of.bounds)
    params |= of.params
    if parents == "feature_id":
        each = _each(
            replace(of, where=f"{of.where} and o.feature_id = h.parent"), span, of.order, limit + skip
        )
        inner = (
            f"select o.*{listed(of.keys)} from sta_datastream d cross join lateral ({each}) o where {_OF_FEATURE.format(feature='h.parent')}"  # noqa: S608
            f" and {of.stream_where} order by {of.order} limit {limit:d} offset {skip:d}"
        )
        text = (
            f"select h.parent, x.* from unnest(%(keys)s::integer[]) h (parent) cross join lateral ({inner}) x"  # noqa: S608
        )
    else:
        # A query a kind: of ten thousand datastreams each would else ask every kind.
        more = ", d.seen_since < o.ts as further" if further else ""
        known = " and d.seen_since is not null" if further else ""
        text = " union all ".join(
            f"select d.datastream_id as parent, o.*{more} from sta_datastream d cross join lateral"  # noqa: S608
            f" ({_one(kind, of, span, of.order, limit, skip, of.keys)}) o where d.datastream_id = any(%(keys)s::integer[])"
            f" and d.kind = '{kind.name}' and {of.stream_where}{known}"
            for kind in of.kinds
        )
    text = text or f"select null::integer as parent, n.*, false as further from ({rows.NONE}) n"  # noqa: S608
    return rows.relations(of.kinds, text) + text, params


def each_counted(of: Wanted, parents: str) -> tuple[str, dict[str, object]]:
    """Return a query for how many observations each of ``%(keys)s`` has: all within the bounds are read."""
    span, params = _span(of.bounds)
    mine = f"d.{parents} = any(%(keys)s::integer[])"
    if parents == "feature_id":
        mine = f"{_OF_FEATURE.format(feature='any(%(keys)s::integer[])')} and o.feature_id = any(%(keys)s::integer[])"
    parts = " union all ".join(
        f"select o.{parents} as parent from sta_datastream d cross join lateral ({rows.beside(kind, span)}) o"  # noqa: S608
        f" where {mine} and {of.stream_where} and {of.where}"
        for kind in of.kinds
    )
    text = f"select parent, count(*) as n from ({parts or 'select null::integer as parent where false'}) c group by 1"  # noqa: S608
    return rows.relations(of.kinds, text) + text, params | of.params


def by_device(of: Wanted, size: int, way: str, *, cut: bool = False) -> tuple[str, dict[str, object]]:
    """Return a query for the first or newest readings of each device of datastreams ``%(keys)s``, told to each of its datastreams.

    A device is looked up once for all that it measures. Of a field that such a reading lacks there are fewer than there may be.
    ``further`` says whether there are more behind the last; null: that is not known.

    Args:
        of: what is wanted; its conditions are those of time alone.
        size: how many of each.
        way: ``desc`` for the newest.
        cut: whether there may be more outside the bounds, so that nobody knows what is behind the last within.
    """
    span, params = _span(of.bounds)
    none_left = "null" if cut else "false"
    heads, parts = [], []
    for kind in of.kinds:
        heads.append(f"{kind.name}_near as materialized ({_near(kind, span, size, way)})")
        more = f"case when z.device_id is null then {none_left} when {rows.present(kind, 'd', 'z')} then true end as further"
        parts.append(
            f"select d.datastream_id as parent, {rows.columns(kind)}, {more}, r.place as nth from {kind.name}_near r"  # noqa: S608
            f" left join {kind.name}_near z on z.device_id = r.device_id and z.place = r.place + 1"
            f" join sta_datastream d on d.device_id = r.device_id and d.kind = '{kind.name}'{rows.with_extra(kind)}"
            f" where r.place <= {size:d} and d.datastream_id = any(%(keys)s::integer[]) and {rows.present(kind, 'd')}"
        )
    if not parts:
        nothing = f"select null::integer as parent, n.*, false as further, 1 as nth from ({rows.NONE}) n"  # noqa: S608
        return nothing, params
    # Of one each there is no order; of more no join keeps that of their places.
    order = " order by nth" if size > 1 else ""
    return f"with {', '.join(heads)} {' union all '.join(parts)}{order}", params | of.params


def _near(kind: Kind, span: str, size: int, way: str) -> str:
    """Return a query for one reading more than are wanted of each device, with its place among them."""
    return (
        f"select r.* from (select distinct v.device_id from sta_datastream v"  # noqa: S608
        f" where v.datastream_id = any(%(keys)s::integer[]) and v.kind = '{kind.name}') v cross join lateral"
        f' (select r.*, row_number() over () as place from (select * from "{kind.table}" r where r.device_id = v.device_id'
        f" and {span} order by r.ts {way} limit {size + 1:d}) r) r"
    )


def _one(
    kind: Kind, of: Wanted, span: str, order: str, limit: int | None, skip: int = 0, keys: Sequence[Key] = ()
) -> str:
    if limit is not None and rows.may_lack(kind) and _NEWEST_FIRST.match(order):
        return _newest(kind, of, span, order, limit, skip, keys)
    cut = "" if limit is None else f" order by {order} limit {limit:d}"
    after = f" offset {skip:d}" if skip else ""
    return f"(select o.*{listed(keys)} from ({rows.beside(kind, span)}) o where {of.where}{cut}{after})"  # noqa: S608


_NEWEST_FIRST = re.compile(r"(d\.datastream_id desc, )?o\.ts desc")
"""Orders in which the newest of a datastream comes first."""


def _newest(kind: Kind, of: Wanted, span: str, order: str, limit: int, skip: int, keys: Sequence[Key]) -> str:
    """Return the newest of a datastream of which it is known where they lie (:func:`rows.newest`)."""
    parts = " union all ".join(
        f"(select o.* from ({rows.beside(kind, f'{span} and {there}')}) o where {of.where} order by {order} limit {limit + skip:d})"  # noqa: S608
        for there in rows.newest("d")
    )
    return f"(select o.*{listed(keys)} from ({parts}) o order by {order} limit {limit:d} offset {skip:d})"  # noqa: S608


def _each(of: Wanted, span: str, order: str, limit: int | None) -> str:
    return " union all ".join(_one(kind, of, span, order, limit) for kind in of.kinds) or rows.NONE


def _together(of: Wanted, span: str, streams: str, limit: int, skip: int) -> str:
    """Return a query that joins datastreams and readings kind by kind, the best of each put in order together."""
    parts = " union all ".join(
        f"(select o.* from sta_datastream d cross join lateral ({rows.beside(kind, span)}) o"  # noqa: S608
        f" where {streams} and {of.where} order by {of.order} limit {limit + skip:d})"
        for kind in of.kinds
    )
    return (
        f"select o.*{listed(of.keys)} from ({parts or rows.NONE}) o join sta_datastream d on d.datastream_id = o.datastream_id"  # noqa: S608
        f" order by {of.order} limit {limit:d} offset {skip:d}"
    )


def _span(bounds: Bounds) -> tuple[str, dict[str, object]]:
    """Return the bounds in time as a condition; values, so that chunks of other times are left out in planning."""
    parts, params = [], dict[str, object]()
    if bounds.since_us is not None:
        parts.append("r.ts >= %(since)s::timestamptz")
        params["since"] = moment(bounds.since_us)
    if bounds.until_us is not None:
        parts.append("r.ts < %(until)s::timestamptz")
        params["until"] = moment(bounds.until_us)
    return " and ".join(parts) or "true", params


def _streams(of: Wanted, params: dict[str, object]) -> tuple[str, dict[str, object]]:
    parts = [of.stream_where]
    for name, ids in (("datastream_id", of.bounds.datastream_ids), ("thing_id", of.bounds.thing_ids)):
        if ids is not None:
            parts.append(f"d.{name} = any(%(only_{name})s::integer[])")
            params[f"only_{name}"] = [number for number in ids if number < 2**31]
    return " and ".join(parts), params


def streams(bounds: Bounds, most: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Return a query for the kinds of datastreams within bounds."""
    of = Wanted(kinds=(), where="true", stream_where="true", order="", params={}, bounds=bounds)
    text, params = _streams(of, {})
    asked = f"select distinct d.kind from sta_datastream d where d.kind = any(%(most)s) and {text}"  # noqa: S608
    return asked, params | {"most": list(most)}
