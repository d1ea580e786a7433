"""Queries on the reading tables, whose names and columns come from the kinds.

Names are composed with ``psycopg.sql.Identifier`` from a declared :class:`Kind` only,
never from a request; values are parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from psycopg import sql

from devices.contract.kind import Field, Kind
from ops_api.queries import Db, Row, Table

Bucket = Literal["raw", "hour", "day"]

OF_HOMES = frozenset({"frog"})
"""Kinds whose devices are a household's wherever they stand: the website's role reads none of them
(``kinds_of_homes()`` in ``cityops/db/routines/zz_rights.sql``)."""
_VIEW_SUFFIX = {"hour": "hourly", "day": "daily"}


# By way of text: a real cast to numeric keeps six digits only.
_AS_SENT: LiteralString = (
    "round({column}::text::numeric, {decimals} + case when {column}::float8 / {step} ="
    " floor({column}::float8 / {step}) then 0 else 2 end)::float8 as {name}"
)

_AS_WRITTEN: LiteralString = "{column}::text::float8 as {name}"
"""What has six digits alone: in binary 0.4 would come as 0.4000000059604645."""


def _columns(names: Sequence[str], alias: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, n) for n in names)


def values_as_sent(fields: Sequence[Field], alias: str) -> sql.Composed:
    """Return the columns as the device sent them (docs/adr/010).

    What lies on a binary step is rounded to the resolution, other digits to a hundredth of it.
    """
    return sql.SQL(", ").join(
        sql.SQL(_shown(f)).format(
            column=sql.Identifier(alias, f.name),
            step=sql.Literal(f.step),
            decimals=sql.Literal(f.decimals),
            name=sql.Identifier(f.name),
        )
        for f in fields
    )


def _shown(field: Field) -> LiteralString:
    if field.step is not None:
        return _AS_SENT
    return _AS_WRITTEN if field.storage == "real" else "{column} as {name}"


def aggregated_fields(kind: Kind) -> tuple[Field, ...]:
    """Return the fields that the hourly and daily views carry: numbers, not codes."""
    return tuple(f for f in kind.fields if not f.codes)


_LATEST: dict[str, tuple[Kind, sql.SQL]] = {}


def _latest_of(kind: Kind) -> sql.SQL:
    """Return the query of a kind, composed once and not for each who asks: of names of ours alone, no value of a request."""
    known = _LATEST.get(kind.name)
    if known is None or known[0] is not kind:
        known = _LATEST[kind.name] = (kind, sql.SQL(_newest(kind).as_string(None)))
    return known[1]


def _newest(kind: Kind) -> sql.Composed:
    return sql.SQL(
        """
        select d.name as device, d.label, d.latitude_deg, d.longitude_deg,
               r.ts, r.received_at, r.quality, {fields}
        from device d
        cross join lateral (
            select * from {table} x where x.device_id = d.device_id order by x.ts desc limit 1
        ) r
        where d.kind = %(kind)s and d.retired_at is null
          and (%(device_id)s::integer is null or d.device_id = %(device_id)s)
          and not d.private
        order by d.name limit %(limit)s
        """
    ).format(fields=values_as_sent(kind.fields, "r"), table=sql.Identifier(kind.table))


async def latest(db: Db, kind: Kind, *, device_id: int | None = None, limit: int = 1000) -> list[Row]:
    """Return the newest reading of every device of a kind that stands and stood in no home.

    Rows: device, label, latitude_deg, longitude_deg, ts, received_at, quality, and the
    kind's fields; devices without a reading are left out.
    """
    if kind.name in OF_HOMES:
        return []
    query = _latest_of(kind)
    return await db.fetch(query, {"kind": kind.name, "device_id": device_id, "limit": limit})


async def latest_table(db: Db, kind: Kind, *, limit: int) -> Table:
    """Return the rows of :func:`latest`, of all devices, as values alone."""
    if kind.name in OF_HOMES:
        return Table((), [])
    return await db.table(_latest_of(kind), {"kind": kind.name, "device_id": None, "limit": limit})


async def series(
    db: Db,
    kind: Kind,
    device_id: int,
    *,
    start: datetime,
    end: datetime,
    bucket: Bucket,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[Row]:
    """Return readings of one device with ``start <= ts < end`` in time order.

    ``raw`` rows carry ts, seq, quality and the fields; ``hour`` and ``day`` rows carry
    ts (start of the bucket), n, and ``<field>_avg|_min|_max`` of each numeric field.
    ``after``: time and seq of a row; only those after it (of a bucket the time alone counts).
    """
    if bucket == "raw":
        query = sql.SQL(
            "select r.ts, r.seq, r.quality, {columns} from {table} r where r.device_id = %(device_id)s"
            " and r.ts >= %(start)s and r.ts < %(end)s{after} order by r.ts, r.seq limit %(limit)s"
        ).format(
            columns=values_as_sent(kind.fields, "r"),
            table=sql.Identifier(kind.table),
            after=sql.SQL(" and (r.ts, r.seq) > (%(after_ts)s, %(after_seq)s)" if after else ""),
        )
    else:
        names = ["n", *(f"{f.name}_{s}" for f in aggregated_fields(kind) for s in ("avg", "min", "max"))]
        query = sql.SQL(
            "select r.bucket as ts, {columns} from {view} r where r.device_id = %(device_id)s"
            " and r.bucket >= %(start)s and r.bucket < %(end)s{after} order by r.bucket limit %(limit)s"
        ).format(
            columns=_columns(names, "r"),
            view=sql.Identifier(f"{kind.name}_{_VIEW_SUFFIX[bucket]}"),
            after=sql.SQL(" and r.bucket > %(after_ts)s" if after else ""),
        )
    after_ts, after_seq = after or (start, 0)
    values = {
        "device_id": device_id,
        "end": end,
        "limit": limit,
        "after_ts": after_ts,
        "after_seq": after_seq,
    }
    return await db.fetch(query, {**values, "start": max(start, after_ts)})


async def reporting(db: Db, kind: Kind, now: datetime) -> int:
    """Return how many devices of a kind sent a reading within three of their intervals [count]."""
    return int((await db.one("reporting", kind=kind.name, now=now))["devices"])


LATEST_WINDOW = timedelta(hours=48)
"""How far back a chart looks unless told otherwise."""
