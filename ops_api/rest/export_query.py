"""The statements of a bulk export: readings as lines of CSV, or as features of GeoJSON, made by the database."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from devices.contract.kind import Field, Kind
from ops_api.queries.readings import values_as_sent
from ops_api.rest.core.slices import Slice
from ops_api.rest.open_rows import view_of

HEAD = ("device", "ts", "quality")
"""Columns before the kind's fields."""

# A time as RFC 3339 has it: sessions are in UTC, and to_char would cost four times as much.
_TIME: LiteralString = "replace(replace(v.ts::text, ' ', 'T'), '+00', 'Z')"
# What no number is (JSON has no word for it) is nothing. PostgreSQL folds this away into the one scan.
_ROWS: LiteralString = """
 from (select r.device_id, r.ts, r.seq, r.quality, {known} from {view} r
        where {devices} and r.ts >= %(since)s and r.ts < %(until)s) v {names}"""
_ONE: tuple[LiteralString, LiteralString] = (
    "r.device_id = %(id)s",
    "cross join (select %(name)s::text as name, %(place)s::text as place, 1 as rank) d order by v.ts, v.seq",
)
_SOME: tuple[LiteralString, LiteralString] = (
    "r.device_id = any(%(ids)s)",
    (
        "join unnest(%(ids)s::integer[], %(names)s::text[], %(places)s::text[]) with ordinality as d(device_id, name, place, rank)"
        " using (device_id) order by d.rank, v.ts, v.seq"
    ),
)
_CSV: LiteralString = (
    "copy (select d.name as device, {time} as ts, v.quality, {fields}{rows}) to stdout (format csv)"
)
# JSON has no control characters, so that with these as marks a line is the value itself.
_GEOJSON: LiteralString = (
    "copy (select '{{\"type\":\"Feature\",\"geometry\":' || coalesce({place}, 'null') || ',\"properties\":' || row_to_json(p) || '}}'"
    " from (select d.name, d.place, d.rank, v.seq, v.ts, v.quality, {own}{fields}{rows}) x,"
    " lateral (select x.name as device, x.ts, x.quality, {names}) p"
    " order by x.rank, x.ts, x.seq) to stdout (format csv, delimiter e'\\x02', quote e'\\x01')"
)
_OWN_PLACE: LiteralString = (
    "('{{\"type\":\"Point\",\"coordinates\":[' || x.own_longitude || ',' || x.own_latitude || ']}}')"
)
# As many bytes as numbers: of a lot of readings a row has each column's in one. Their order is said, so that all columns have the same.
_COLUMNS: LiteralString = (
    "copy (select {sent} from (select x.*, row_number() over () as n from (select d.rank, v.ts, v.quality, {fields}{rows}) x) y"
    " group by (y.n - 1) / {lot} order by (y.n - 1) / {lot}) to stdout (format binary)"
)
LOT = 2048
"""Readings of a lot."""
NO_CODE = -(2**31)
"""Stands for a code that is not there; of numbers it is what no number is."""


def columns(kind: Kind) -> list[str]:
    """Return the names of a line's values."""
    return [*HEAD, *(f.name for f in kind.fields)]


def csv_query(kind: Kind, piece: Slice) -> sql.Composed:
    """Return the statement whose rows are lines of CSV."""
    return sql.SQL(_CSV).format(
        time=sql.SQL(_TIME), fields=values_as_sent(kind.fields, "v"), rows=_rows(kind, piece)
    )


def geojson_query(kind: Kind, piece: Slice) -> sql.Composed:
    """Return the statement whose rows are features: where the device stands, or of what moves where it was."""
    moves = {"latitude_deg", "longitude_deg"} <= kind.by_name.keys()
    own: LiteralString = "v.latitude_deg as own_latitude, v.longitude_deg as own_longitude, " if moves else ""
    return sql.SQL(_GEOJSON).format(
        place=sql.SQL(_OWN_PLACE).format() if moves else sql.SQL("x.place"),
        own=sql.SQL(own),
        fields=values_as_sent(kind.fields, "v"),
        rows=_rows(kind, piece),
        names=sql.SQL(", ").join(sql.Identifier("x", f.name) for f in kind.fields),
    )


def columns_query(kind: Kind, piece: Slice) -> sql.Composed:
    """Return the statement whose rows are columns of many readings, as bytes of numbers, the highest first.

    The device's place in the piece from 1 on, the time in microseconds since 2000, the quality, then the kind's fields.
    """
    head: tuple[LiteralString, ...] = (
        "int4send(y.rank::integer)",
        "timestamptz_send(y.ts)",
        "int4send(y.quality::integer)",
    )
    sent = [*map(sql.SQL, head), *map(_bytes, kind.fields)]
    return sql.SQL(_COLUMNS).format(
        sent=sql.SQL(", ").join(sql.SQL("string_agg({}, '' order by y.n)").format(one) for one in sent),
        fields=values_as_sent(kind.fields, "v"),
        rows=_rows(kind, piece),
        lot=sql.Literal(LOT),
    )


def _bytes(field: Field) -> sql.Composed:
    column = sql.Identifier("y", field.name)
    if field.storage == "smallint":
        return sql.SQL("int4send(coalesce({}, {})::integer)").format(column, sql.Literal(NO_CODE))
    return sql.SQL("float8send(coalesce({}, 'NaN')::double precision)").format(column)


def values(piece: Slice) -> dict[str, object]:
    """Return the parameters of a statement of this piece."""
    return {
        "id": piece.sources[0].device_id,
        "name": piece.sources[0].name,
        "place": piece.sources[0].geometry,
        "ids": [s.device_id for s in piece.sources],
        "names": [s.name for s in piece.sources],
        "places": [s.geometry for s in piece.sources],
        "since": piece.since,
        "until": piece.until,
    }


def _rows(kind: Kind, piece: Slice) -> sql.Composed:
    devices, names = _ONE if len(piece.sources) == 1 else _SOME
    return sql.SQL(_ROWS).format(
        known=sql.SQL(", ").join(map(_known, kind.fields)),
        view=view_of(kind),
        devices=sql.SQL(devices),
        names=sql.SQL(names),
    )


def _known(field: Field) -> sql.Composed:
    column = sql.Identifier("r", field.name)
    if field.storage == "smallint":
        return column + sql.SQL("")
    return sql.SQL("nullif({}, 'NaN') as {}").format(column, sql.Identifier(field.name))
