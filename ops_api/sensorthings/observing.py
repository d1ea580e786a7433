"""Stores observations of datastreams that people made, as readings; those of devices come from the devices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.bodies import Draft
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.making import ConflictError, Making

AHEAD = timedelta(minutes=5)
"""How far ahead of the clock an observation may be."""
LOCKS = 512
"""That are held for datastreams, at most."""
_STREAM = sql.SQL(
    "select d.device_id, d.thing_id, d.feature_id from sta_datastream d where d.datastream_id = %(id)s and not d.private for share"
)
_THERE = sql.SQL(
    "select ts, value from other_reading where device_id = -%(id)s and ts >= %(since)s and ts < %(until)s limit 1"
)
_STORE = sql.SQL(
    "insert into other_reading (ts, device_id, value, received_at) values (%(at)s, -%(id)s, %(value)s, clock_timestamp())"
)
_EXTRA = sql.SQL(
    "insert into sta_extra (datastream_id, ts, result_time, valid_since, valid_until, quality, parameters, feature_id)"
    " values (%(id)s, %(at)s, %(result_time)s, %(valid_since)s, %(valid_until)s, %(quality)s, %(parameters)s, %(feature)s)"
)
_WHERE = sql.SQL(
    "select x.location_id, f.feature_id from sta_thing_location x join sta_location l using (location_id)"
    " left join sta_feature f on f.location_id = x.location_id where x.thing_id = %(thing)s order by x.location_id desc limit 1"
)
_FEATURE = sql.SQL(
    "insert into sta_feature (name, description, encoding, feature, location_id) select name, description, encoding, location, location_id"
    " from sta_location where location_id = %(location)s on conflict (location_id) do update set name = sta_feature.name"
    " returning feature_id"
)
DEVICE = "A registered device sends its own readings, as docs/kinds.md says; to add others, make a datastream of the Thing."


async def observe(making: Making, draft: Draft) -> int:
    """Store an observation and return its id; the same one again is stored once.

    Raises:
        FilterError: it cannot be. ConflictError: of a device, or another stands at that time.
    """
    ends = await making.ends(draft)
    if len(ends.get("Datastream", ())) != 1:
        raise FilterError("it needs its Datastream: as {'@iot.id': …}", 0, "Observation.Datastream")
    stream = ends["Datastream"][0]
    at = draft.values.get("phenomenonTime") or making.now
    number = numbered(stream, at, making.now)
    await hold_streams(making, [stream])
    known = await stream_of(making, stream)
    if await _stands(making, stream, number, at, draft.values["result"]):
        return number
    feature = await feature_of(making, stream, known, ends.get("FeatureOfInterest", []))
    await making.rows(_STORE, {"id": stream, "at": at, "value": draft.values["result"]})
    await _keep_extra(making, stream, at, draft, feature)
    return number


async def hold_streams(making: Making, streams: Iterable[int]) -> None:
    """Have one at a time store observations of datastreams: two of the same would not see each other. In one order, so that no two wait for each other.

    Several datastreams share a lock: the server has some thousands for everybody, and whoever sends arrays may name as many.
    """
    await making.rows(
        sql.SQL("select pg_advisory_xact_lock(7369, x) from unnest(%(locks)s::integer[]) x"),
        {"locks": sorted({number % LOCKS for number in streams})},
    )


async def stream_of(making: Making, stream: int) -> dict[str, Any]:
    """Return what an observation needs of its datastream.

    Raises:
        FilterError: there is none. ConflictError: a device's.
    """
    known = next(iter(await making.rows(_STREAM, {"id": stream})), None)
    if known is None:
        raise FilterError(f"there is no Datastreams({stream})", 0, "Observation.Datastream")
    if known["device_id"] is not None:
        raise ConflictError(DEVICE)
    return known


def numbered(stream: int, at: datetime, now: datetime) -> int:
    """Return the id of an observation.

    Raises:
        FilterError: of a time to come, or before what an id can say.
    """
    if at > now + AHEAD:
        raise FilterError("it is of a time to come", 0, "Observation.phenomenonTime")
    try:
        return ids.observation_id(stream, at)
    except ValueError:
        raise FilterError("from 2000 on", 0, "Observation.phenomenonTime") from None


async def _stands(making: Making, stream: int, number: int, at: datetime, value: float) -> bool:
    known = ids.parts(number)
    assert known is not None
    rows = await making.rows(_THERE, {"id": stream, "since": known[1], "until": known[2]})
    if not rows:
        return False
    if rows[0]["ts"] == at and rows[0]["value"] == value:
        return True
    raise ConflictError(
        f"Observations({number}) is there already, with another result: within a quarter of a second there is one."
    )


async def feature_of(making: Making, stream: int, known: dict[str, Any], given: list[int]) -> int | None:
    """Return the feature that this observation has and not all of its datastream: the one given, or of where its Thing now is."""
    feature = given[0] if given else await _of_place(making, known["thing_id"])
    if feature is not None and known["feature_id"] is None and not given:
        await _set_feature(making, stream, feature)
        return None
    return None if feature == known["feature_id"] else feature


async def _of_place(making: Making, thing_id: int) -> int | None:
    """Return the feature of where a thing is, made where there is none yet; None: it is nowhere."""
    for row in await making.rows(_WHERE, {"thing": thing_id}):
        if row["feature_id"] is None:
            [row] = await making.rows(_FEATURE, {"location": row["location_id"]})
        return int(row["feature_id"])
    return None


async def _set_feature(making: Making, stream: int, feature: int) -> None:
    await making.rows(
        sql.SQL("update sta_datastream set feature_id = %(feature)s where datastream_id = %(id)s"),
        {"feature": feature, "id": stream},
    )


async def _keep_extra(making: Making, stream: int, at: datetime, draft: Draft, feature: int | None) -> None:
    extra = extra_of(draft) | {"feature": feature}
    if any(value is not None for value in extra.values()):
        await making.rows(_EXTRA, extra | {"id": stream, "at": at})


def extra_of(draft: Draft) -> dict[str, Any]:
    """Return what of an observation stands beside the reading."""
    values = draft.values
    since, until = values.get("validTime") or (None, None)
    return {
        "result_time": values.get("resultTime"),
        "valid_since": since,
        "valid_until": until,
        "quality": None if values.get("resultQuality") is None else Jsonb(values["resultQuality"]),
        "parameters": Jsonb(values["parameters"]) if "parameters" in values else None,
    }
