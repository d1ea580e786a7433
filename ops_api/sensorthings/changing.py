"""Changes entities and takes them away. What the registry owns keeps its place; its words may be changed. OGC 18-088 §10.3-4."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.bodies import Draft
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.making import PRIVATE, ConflictError, Making, stored
from ops_api.sensorthings.observing import DEVICE, extra_of

REGISTERED = "It is of a registered device: the registry makes and takes it (cityops registry load)."
_OWNER = {
    "Thing": "device_id is not null",
    "Location": "device_id is not null",
    "FeatureOfInterest": "device_id is not null",
    "Datastream": "device_id is not null",
    "Sensor": "kind is not null",
    "ObservedProperty": "title is not null",
    "HistoricalLocation": "exists (select from sta_thing t where t.thing_id = sta_history.thing_id and t.device_id is not null)",
}
WORDS = frozenset({"name", "description", "properties"})
"""What may be changed of an entity that the registry owns."""
_STREAMS = {
    "Thing": "thing_id = %(id)s",
    "Datastream": "datastream_id = %(id)s",
    "Sensor": "sensor_id = %(id)s",
    "ObservedProperty": "property_id = %(id)s",
}
"""Datastreams that go with an entity."""


async def change(making: Making, draft: Draft, number: int) -> None:
    """Change what a draft names.

    Raises:
        PathError: it is not there. ConflictError: the registry's. FilterError: it cannot be.
    """
    of = draft.of
    if of is OBSERVATION:
        await _change_observation(making, draft, number)
        return
    if await _registered(making, of, number) and (draft.values.keys() - WORDS or draft.links):
        raise ConflictError(REGISTERED)
    ends = await making.ends(draft)
    values = stored(draft)
    for way, column in (("Thing", "thing_id"), ("Sensor", "sensor_id"), ("ObservedProperty", "property_id")):
        if ends.get(way) and of.name in ("Datastream", "HistoricalLocation"):
            values[column] = ends[way][0]
    if values:
        pairs = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
        )
        query = sql.SQL("update {table} set {pairs} where {key} = %(this)s").format(
            table=sql.Identifier(of.relation), pairs=pairs, key=sql.Identifier(of.key)
        )
        await making.rows(query, values | {"this": number})
    if of.name == "Thing" and ends.get("Locations"):
        await making.put(number, ends["Locations"])


async def hold(making: Making, of: Entity, number: int) -> None:
    """Have nobody else change an entity until the transaction's end; of an observation, its datastream's.

    Raises:
        PathError: it is not there. ConflictError: a device's observation.
    """
    if of is OBSERVATION:
        await _ours(making, number)
    else:
        await _registered(making, of, number)


async def take_away(making: Making, of: Entity, number: int) -> None:
    """Delete an entity and what cannot be without it.

    Raises:
        PathError: it is not there. ConflictError: the registry's.
    """
    if of is OBSERVATION:
        stream, span = await _ours(making, number)
        await making.rows(_reading("delete from other_reading"), span | {"id": stream})
        await making.rows(_extra("delete from sta_extra"), span | {"id": stream})
        return
    if await _registered(making, of, number):
        raise ConflictError(REGISTERED)
    await _take_streams(making, of, number)
    if of.name == "FeatureOfInterest":
        await _take_observed(making, number)
    if of.name == "Location":
        await _forget_place(making, number)
    query = sql.SQL("delete from {table} where {key} = %(id)s").format(
        table=sql.Identifier(of.relation), key=sql.Identifier(of.key)
    )
    await making.rows(query, {"id": number})


async def _registered(making: Making, of: Entity, number: int) -> bool:
    """Return whether the registry owns an entity, which is held until the transaction's end."""
    hidden = " and not private" if of.relation in PRIVATE else ""
    query = sql.SQL(
        f"select ({_OWNER[of.name]}) as owned from {{table}} where {{key}} = %(id)s{hidden} for update"  # noqa: S608
    ).format(table=sql.Identifier(of.relation), key=sql.Identifier(of.key))
    rows = await making.rows(query, {"id": number})
    if not rows:
        raise PathError("there is nothing at this address")
    return bool(rows[0]["owned"])


async def _take_streams(making: Making, of: Entity, number: int) -> None:
    where = _STREAMS.get(of.name)
    if where is None:
        return
    params = {"id": number}
    streams = await making.rows(
        sql.SQL(f"select datastream_id, device_id from sta_datastream where {where} for update"),  # noqa: S608
        params,
    )
    if any(row["device_id"] is not None for row in streams):
        raise ConflictError(REGISTERED)
    numbers = {"ids": [row["datastream_id"] for row in streams]}
    await making.rows(
        sql.SQL("delete from other_reading where device_id = any(select -unnest(%(ids)s::integer[]))"),
        numbers,
    )
    await making.rows(sql.SQL("delete from sta_datastream where datastream_id = any(%(ids)s)"), numbers)


async def _take_observed(making: Making, feature: int) -> None:
    """Delete observations of a feature: those that say so themselves, and those of its datastreams that name no other."""
    await making.rows(
        sql.SQL(
            "with gone as (delete from other_reading r using sta_datastream d"
            " where d.feature_id = %(id)s and d.device_id is null and r.device_id = -d.datastream_id and not exists (select from sta_extra x"
            " where x.datastream_id = d.datastream_id and x.ts = r.ts and x.feature_id <> %(id)s) returning d.datastream_id, r.ts)"
            " delete from sta_extra e using gone g where e.datastream_id = g.datastream_id and e.ts = g.ts"
        ),
        {"id": feature},
    )
    await making.rows(
        sql.SQL(
            "with gone as (delete from sta_extra where feature_id = %(id)s returning datastream_id, ts)"
            " delete from other_reading r using gone g where r.device_id = -g.datastream_id and r.ts = g.ts"
        ),
        {"id": feature},
    )


async def _forget_place(making: Making, location: int) -> None:
    params = {"id": location}
    await making.rows(
        sql.SQL("delete from sta_history where location_ids = array[%(id)s]::integer[]"), params
    )
    await making.rows(
        sql.SQL(
            "update sta_history set location_ids = array_remove(location_ids, %(id)s) where location_ids @> array[%(id)s]::integer[]"
        ),
        params,
    )


async def _ours(making: Making, number: int) -> tuple[int, dict[str, Any]]:
    """Return the datastream of an observation that people made, and when it was.

    Raises:
        PathError: there is none. ConflictError: a device's.
    """
    known = ids.parts(number)
    if known is None or known[0] == 0:
        raise PathError("there is nothing at this address")
    stream, since, until = known
    rows = await making.rows(
        sql.SQL(
            "select device_id from sta_datastream where datastream_id = %(id)s and not private for update"
        ),
        {"id": stream},
    )
    if not rows:
        raise PathError("there is nothing at this address")
    if rows[0]["device_id"] is not None:
        raise ConflictError(DEVICE)
    span = {"since": since, "until": until}
    if not await making.rows(_reading("select ts from other_reading"), span | {"id": stream}):
        raise PathError("there is nothing at this address")
    return stream, span


def _reading(begin: str) -> sql.SQL:
    return sql.SQL(f"{begin} where device_id = -%(id)s and ts >= %(since)s and ts < %(until)s")


def _extra(begin: str) -> sql.SQL:
    return sql.SQL(f"{begin} where datastream_id = %(id)s and ts >= %(since)s and ts < %(until)s")


async def _change_observation(making: Making, draft: Draft, number: int) -> None:
    if "phenomenonTime" in draft.values or draft.links.get("Datastream"):
        raise FilterError("its id says datastream and time: delete it, and make another", 0, "Observation")
    stream, span = await _ours(making, number)
    params = span | {"id": stream}
    if "result" in draft.values:
        await making.rows(
            _reading("update other_reading set value = %(value)s"), params | {"value": draft.values["result"]}
        )
    ends = await making.ends(draft)
    extra = extra_of(draft) | {"feature": next(iter(ends.get("FeatureOfInterest", ())), None)}
    if any(value is not None for value in extra.values()):
        await making.rows(_PUT_EXTRA, params | extra)


_PUT_EXTRA = sql.SQL(
    "insert into sta_extra as e (datastream_id, ts, result_time, valid_since, valid_until, quality, parameters, feature_id)"
    " select %(id)s, ts, %(result_time)s, %(valid_since)s, %(valid_until)s, %(quality)s, %(parameters)s, %(feature)s"
    " from other_reading where device_id = -%(id)s and ts >= %(since)s and ts < %(until)s limit 1"
    " on conflict (datastream_id, ts) do update set result_time = coalesce(excluded.result_time, e.result_time),"
    " valid_since = coalesce(excluded.valid_since, e.valid_since), valid_until = coalesce(excluded.valid_until, e.valid_until),"
    " quality = coalesce(excluded.quality, e.quality), parameters = coalesce(excluded.parameters, e.parameters),"
    " feature_id = coalesce(excluded.feature_id, e.feature_id)"
)
