"""Stores observations that come as arrays: those of a datastream by a few statements together. OGC 18-088 §12.3.2.

One by one each takes some six statements: thousands would take longer than anybody waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.bodies import Draft
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.making import ConflictError, Making
from ops_api.sensorthings.observing import extra_of, feature_of, hold_streams, numbered, stream_of

_THERE = sql.SQL(
    "select t.nth, r.ts, r.value from unnest(%(since)s::timestamptz[]) with ordinality t (since, nth) cross join lateral"
    " (select ts, value from other_reading where device_id = -%(id)s and ts >= t.since and ts < t.since + interval '250 ms' limit 1) r"
)
_STORE = sql.SQL(
    "insert into other_reading (ts, device_id, value, received_at)"
    " select t.at, -%(id)s, t.value, clock_timestamp() from unnest(%(at)s::timestamptz[], %(value)s::double precision[]) t (at, value)"
)
_EXTRA = sql.SQL(
    "insert into sta_extra (datastream_id, ts, result_time, valid_since, valid_until, quality, parameters, feature_id)"
    " select %(id)s, x.ts, x.result_time, x.valid_since, x.valid_until, x.quality, x.parameters, x.feature"
    " from jsonb_to_recordset(%(extras)s) x (ts timestamptz, result_time timestamptz, valid_since timestamptz, valid_until timestamptz,"
    " quality jsonb, parameters jsonb, feature integer)"
)


async def store_groups(making: Making, groups: Sequence[Sequence[Draft | None]]) -> list[int | None]:
    """Store groups of observations, each of one datastream; return each one's id, None of one that cannot be."""
    await hold_streams(
        making, (n for group in groups for one in group if one for n in one.links.get("Datastream", ()))
    )
    found: list[int | None] = []
    for group in groups:
        found += await _group(making, group)
    return found


async def _group(making: Making, group: Sequence[Draft | None]) -> list[int | None]:
    plain = all(one is None or (one.links.keys() <= {"Datastream"} and not one.made) for one in group)
    try:
        if plain:
            async with making.connection.transaction():
                return await _together(making, group)
    except (FilterError, ConflictError, PathError):
        return [None] * len(group)  # of the datastream itself
    except (psycopg.errors.IntegrityError, psycopg.DataError):
        pass  # one of them cannot be stored: which, is found out
    return [await _one(making, one) for one in group]


async def _one(making: Making, one: Draft | None) -> int | None:
    if one is None:
        return None
    try:
        async with making.connection.transaction():
            return await making.make_needing(one)
    except (FilterError, ConflictError, PathError, psycopg.errors.IntegrityError, psycopg.DataError):
        return None


async def _together(making: Making, group: Sequence[Draft | None]) -> list[int | None]:
    first = next((one for one in group if one is not None), None)
    if first is None:
        return [None] * len(group)
    [stream] = first.links["Datastream"]
    known = await stream_of(making, stream)
    found = [_number(making, stream, one) for one in group]
    there = await _there(making, stream, [n for n in found if n is not None])
    fresh: list[tuple[datetime, Draft]] = []
    for i, (number, one) in enumerate(zip(found, group, strict=True)):
        if number is None or one is None:
            continue
        at, value = _at(making, one), one.values["result"]
        if number not in there:
            there[number] = (at, value)
            fresh.append((at, one))
        elif there[number] != (at, value):
            found[i] = None  # another is there already, or came before in this array
    await _store(making, stream, known, fresh)
    return found


def _at(making: Making, one: Draft) -> datetime:
    at: datetime = one.values.get("phenomenonTime") or making.now
    return at


def _number(making: Making, stream: int, one: Draft | None) -> int | None:
    try:
        return None if one is None else numbered(stream, _at(making, one), making.now)
    except FilterError:
        return None


async def _there(making: Making, stream: int, numbers: list[int]) -> dict[int, tuple[datetime, float]]:
    """Return time and value of what is there already, by id."""
    since = [known[1] for known in map(ids.parts, numbers) if known is not None]
    rows = await making.rows(_THERE, {"id": stream, "since": since})
    return {numbers[row["nth"] - 1]: (row["ts"], row["value"]) for row in rows}


async def _store(
    making: Making, stream: int, known: dict[str, Any], fresh: list[tuple[datetime, Draft]]
) -> None:
    if not fresh:
        return
    feature = await feature_of(making, stream, known, [])
    times = [at for at, _ in fresh]
    values = [one.values["result"] for _, one in fresh]
    await making.rows(_STORE, {"id": stream, "at": times, "value": values})
    extras = [extra for at, one in fresh if (extra := _extra(at, one, feature)) is not None]
    if extras:
        await making.rows(_EXTRA, {"id": stream, "extras": Jsonb(extras)})


def _extra(at: datetime, one: Draft, feature: int | None) -> dict[str, Any] | None:
    extra = {name: _plain(value) for name, value in extra_of(one).items()} | {"feature": feature}
    if all(value is None for value in extra.values()):
        return None
    return extra | {"ts": at.isoformat()}


def _plain(value: Any) -> Any:
    if isinstance(value, Jsonb):
        return value.obj
    return value.isoformat() if isinstance(value, datetime) else value
