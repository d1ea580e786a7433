"""A small town in the tables that SensorThings filters are about, and the shapes of its places.

Written from the standard's data model, not from the code: columns are those that ``schema.columns()`` asks for, with what
PostgreSQL would give them. Observations are A to G, in order of their ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
import shapely

from ops_api.sensorthings.core.ast import Expr, Order
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.core.spatial import GeoTest
from ops_api.sensorthings.core.sql import Compiled, to_sql

NOW = datetime(2026, 1, 9, 1, 30, tzinfo=UTC)

TABLES = """
create table sta_thing (thing_id integer primary key, name text not null, description text not null, properties jsonb not null);
create table sta_location (location_id integer primary key, name text not null, description text not null, encoding text not null,
  location jsonb not null, properties jsonb not null);
create table sta_thing_location (thing_id integer, location_id integer, primary key (thing_id, location_id));
create table sta_history (history_id integer primary key, thing_id integer not null, at timestamptz not null, location_ids integer[] not null);
create table sta_sensor (sensor_id integer primary key, name text not null, description text not null, encoding text not null,
  metadata jsonb not null, properties jsonb not null);
create table sta_property (property_id integer primary key, name text not null, definition text not null, description text not null,
  properties jsonb not null);
create table sta_datastream (datastream_id integer primary key, thing_id integer not null, sensor_id integer not null, property_id integer not null,
  name text not null, description text not null, observation_type text not null, unit jsonb not null, observed_area jsonb, area_id integer,
  phenomenon_since timestamptz, phenomenon_until timestamptz, result_since timestamptz, result_until timestamptz, properties jsonb not null);
create table sta_feature (feature_id integer primary key, name text not null, description text not null, encoding text not null,
  feature jsonb not null, properties jsonb not null);
create table reading (datastream_id integer not null, ts timestamptz not null, result double precision not null, received_at timestamptz,
  result_quality jsonb, valid_since timestamptz, valid_until timestamptz, parameters jsonb, feature_id integer, primary key (datastream_id, ts));
create view sta_observation as select r.*, r.datastream_id::bigint * 8589934592
  + floor(extract(epoch from r.ts - '2000-01-01Z') * 4)::bigint as observation_id from reading r;
"""

_GEO = "application/geo+json"
_POINT_1 = {"type": "Point", "coordinates": [0.13, 52.2]}
_POINT_2 = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0.14, 52.18]}}
_AREA = {
    "type": "Polygon",
    "coordinates": [[[0.1, 52.1], [0.2, 52.1], [0.2, 52.19], [0.1, 52.19], [0.1, 52.1]]],
}
_LINE = {"type": "LineString", "coordinates": [[0.1, 52.0], [0.1, 52.03]]}
_HUGE = '{"kind": "road", "lanes": 2, "lit": true, "ref": "A603", "deep": {"x": 1.5}, "huge": 1e400, "none": null}'
_C = {"name": "degree Celsius", "symbol": "°C"}

ROWS: Mapping[str, tuple[tuple[object, ...], ...]] = {
    "sta_thing": (
        (1, "Mill Road", "A road in the east", _HUGE),
        (2, "Long Road", "100% straight_", {"kind": "road", "lanes": 4, "lit": False, "ref": "7"}),
        (3, "Weather at O'Hara's", "", {"kind": "weather", "lanes": "2"}),
    ),
    "sta_location": (
        (1, "Bridge", "over the railway", _GEO, _POINT_1, {}),
        (2, "Junction", "with lights", _GEO, _POINT_2, {"grade": 3}),
        (3, "Field", "south", _GEO, _AREA, {}),
    ),
    "sta_thing_location": ((1, 1), (1, 3), (2, 2), (3, 3)),
    "sta_history": ((1, 1, "2026-01-01T00:00:00Z", [1, 3]), (2, 3, "2026-01-05T12:00:00Z", [3])),
    "sta_sensor": (
        (1, "road", "Road sensor", "application/schema+json", '"https://example.org/road"', {}),
        (2, "weather", "Station", "application/pdf", '"https://example.org/weather"', {"height_m": 2}),
    ),
    "sta_property": (
        (1, "Road surface temperature", "http://qudt.org/vocab/quantitykind/Temperature", "of the surface", {}),
        (2, "Air temperature", "http://qudt.org/vocab/quantitykind/Temperature", "of the air", {}),
    ),
    "sta_datastream": (
        (1, 1, 1, 1, "Mill Road surface", "a", "OM_Measurement", _C, _POINT_1, 1,
         "2026-01-09T00:00:00Z", "2026-01-09T01:00:00Z", "2026-01-09T00:00:05Z", "2026-01-09T01:00:05Z", {"limit": 1}),
        (2, 1, 1, 2, "Mill Road air", "b", "OM_Measurement", _C, _POINT_1, 1,
         "2026-01-09T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-09T00:00:05Z", "2026-01-09T00:00:05Z", {}),
        (3, 2, 1, 1, "Long Road surface", "c", "OM_Measurement", _C, _POINT_2, 2,
         "2026-01-06T12:00:00Z", "2026-01-08T00:00:00Z", "2026-01-06T12:00:05Z", "2026-01-08T00:00:05Z", {}),
        (4, 3, 2, 2, "Station air", "d", "OM_CountObservation", {"symbol": "1"}, None, None, None, None, None, None, {}),
    ),
    "sta_feature": (
        (1, "Surface of Mill Road", "", _GEO, _LINE, {}),
        (2, "Surface of Long Road", "", _GEO, _AREA, {"lane": 1}),
    ),
    "reading": (
        (1, "2026-01-09T00:00:00Z", -1.5, "2026-01-09T00:00:05Z", None, None, None, None, 1),
        (1, "2026-01-09T00:10:00Z", 0.0, None, None, None, None, None, 1),
        (1, "2026-01-09T00:20:00Z", 2.5, "2026-01-09T00:20:05Z", None, None, None, None, 1),
        (1, "2026-01-09T01:00:00Z", 7.0, "2026-01-09T01:00:05Z", None, None, None, None, None),
        (2, "2026-01-09T00:00:00Z", 3.0, "2026-01-09T00:00:05Z", None, None, None, None, 1),
        (3, "2026-01-06T12:00:00Z", -4.0, "2026-01-06T12:00:05Z", '"good"', "2026-01-06T12:00:00Z",
         "2026-01-06T13:00:00Z", {"quality": 2, "by": "crew"}, 2),
        (3, "2026-01-07T23:59:59.75Z", 5.5, "2026-01-08T00:00:05Z", None, None, None, None, 2),
    ),
}  # fmt: skip
LETTERS = "ABCDEFG"
SHAPES: Mapping[str, Mapping[int, Any]] = {
    "Location": {1: _POINT_1, 2: _POINT_2["geometry"], 3: _AREA},
    "FeatureOfInterest": {1: _LINE, 2: _AREA},
}


def build(connection: psycopg.Connection[Any]) -> None:
    """Make the tables and fill them."""
    connection.execute(TABLES)
    for table, rows in ROWS.items():
        for row in rows:
            values = [json.dumps(v) if isinstance(v, dict) else v for v in row]
            places = ", ".join(["%s"] * len(values))
            connection.execute(f"insert into {table} values ({places})".encode(), values)
    connection.execute("analyze")


def answer(test: GeoTest) -> object:
    """Return what whoever holds the shapes says to a question about them."""
    other = shapely.from_wkt(test.wkt) if test.wkt else None
    shapes = {i: shapely.from_geojson(json.dumps(s)) for i, s in SHAPES[test.entity].items()}
    if test.op == "length":
        return json.dumps({i: shapely.length(shape) for i, shape in shapes.items()})
    if test.op == "distance":
        return json.dumps({i: shapely.distance(shape, other) for i, shape in shapes.items()})
    if test.op == "relate":
        return [i for i, shape in shapes.items() if shapely.relate_pattern(shape, other, test.pattern)]
    return [i for i, shape in shapes.items() if getattr(shapely, test.op)(shape, other)]


def statement(of: Entity, compiled: Compiled) -> str:
    """Return a query for the keys of an entity; of observations for the datastream, the time in µs, in two columns."""
    where = f"where {compiled.stream_where} and {compiled.where} order by {compiled.order}"
    if of is OBSERVATION:
        return (
            "select d.datastream_id, (extract(epoch from o.ts) * 1000000)::bigint from sta_datastream d cross join lateral"
            f" (select * from sta_observation x where x.datastream_id = d.datastream_id) o {where}"
        )
    return f"select q.{of.key}, 0::bigint from {of.relation} q {where}"


def compiled(
    expr: Expr | None, orders: tuple[Order, ...], of: Entity, within: Expr | None = None
) -> Compiled:
    """Return a filter as SQL with the aliases that :func:`statement` uses."""
    if of is OBSERVATION:
        return to_sql(expr, orders, of, "o", now=NOW, stream="d", within=within)
    return to_sql(expr, orders, of, "q", now=NOW, within=within)


def keys(
    connection: psycopg.Connection[Any], of: Entity, found: Compiled, explain: bool = False
) -> list[tuple[int, int]]:
    """Run a query; with ``explain`` only plan it, which finds every type that does not fit."""
    params = dict(found.params) | {test.name: answer(test) for test in found.geo}
    text = ("explain (format json) " if explain else "") + statement(of, found)
    return connection.execute(text.encode(), params).fetchall()


def all_observations() -> list[tuple[int, int]]:
    """Datastream and time in µs of A to G."""
    zero = datetime(1970, 1, 1, tzinfo=UTC)
    found = []
    for row in ROWS["reading"]:
        since = datetime.fromisoformat(str(row[1])) - zero
        found.append(
            (int(str(row[0])), (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
        )
    return found


def named(of: Entity, rows: list[tuple[int, int]]) -> str:
    """Return what was found: letters of observations, numbers of others."""
    if of is not OBSERVATION:
        return "".join(str(key) for key, _ in rows)
    known = dict(zip(all_observations(), LETTERS, strict=True))
    return "".join(known[key, at] for key, at in rows)
