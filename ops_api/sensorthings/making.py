"""Makes entities: one that was sent, those sent with it, and what the standard has made beside them. In one transaction.

Source: OGC 18-088 §10.2. Only what is no household's can be linked to; the website's role sees nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from ops_api.sensorthings.core.bodies import Draft
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.kinds import MADE
from ops_api.sensorthings.core.schema import ENTITIES, Entity
from ops_api.sensorthings.core.types import Type

Row = dict[str, Any]
PRIVATE = frozenset({"sta_thing", "sta_location", "sta_feature", "sta_datastream"})
"""Relations in which what is a household's is marked."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "HistoricalLocation": ("Thing", "Locations"),
    "Datastream": ("Thing", "Sensor", "ObservedProperty"),
    "Observation": ("Datastream",),
}
_ONES: Mapping[str, Mapping[str, str]] = {
    "HistoricalLocation": {"Thing": "thing_id"},
    "Datastream": {"Thing": "thing_id", "Sensor": "sensor_id", "ObservedProperty": "property_id"},
}
"""Ways to one entity, with the column that holds it."""


class ChangedError(Exception):
    """It is not as it was seen."""


class ConflictError(Exception):
    """What is there already, or the registry, stands against it: HTTP 409."""


class Making:
    """Makes entities on a connection that is in a transaction.

    Args:
        connection: of a role that may write SensorThings' tables.
        now: time of what has none.
        observe: stores an observation; it has features of interest made here in turn.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        now: datetime,
        observe: Callable[[Making, Draft], Awaitable[int]],
    ) -> None:
        self.connection = connection
        self.now = now
        self._observe = observe

    async def rows(self, query: sql.SQL | sql.Composed, params: Mapping[str, object]) -> list[Row]:
        """Run a statement and return its rows."""
        cursor = self.connection.cursor(row_factory=dict_row)
        await cursor.execute(query, params)
        return await cursor.fetchall() if cursor.description else []

    async def check_there(self, of: Entity, numbers: list[int]) -> None:
        """Refuse links to what is not there, or not to be seen.

        Raises:
            FilterError: one is missing.
        """
        hidden = " and not private" if of.relation in PRIVATE else ""
        query = sql.SQL(
            "select {key} as key from {table} where {key} = any(%(ids)s::bigint[])" + hidden  # noqa: S608
        ).format(key=sql.Identifier(of.key), table=sql.Identifier(of.relation))
        found = {row["key"] for row in await self.rows(query, {"ids": numbers})}
        missing = [number for number in numbers if number not in found]
        if missing:
            raise FilterError(f"there is no {of.set}({missing[0]})", 0, of.name)

    async def make(self, draft: Draft) -> int:
        """Make an entity with all that was sent with it; return its id (an observation's is made elsewhere)."""
        of = draft.of
        for way in NEEDS.get(of.name, ()):
            if not draft.has(way):
                raise FilterError(f"it needs its {way}: as {{'@iot.id': …}}, or whole", 0, f"{of.name}.{way}")
        ends = await self.ends(draft)
        values = stored(draft)
        for way, column in _ONES.get(of.name, {}).items():
            values[column] = _only(of, way, ends[way])
        values |= await self._beside(draft, ends)
        number = await self._insert(of, values)
        await self._attach(draft, number, ends)
        return number

    async def ends(self, draft: Draft) -> dict[str, list[int]]:
        """Return ids at the ends of ways, made first where they were sent whole and do not need this one."""
        found: dict[str, list[int]] = {}
        for way in draft.of.ways.values():
            there = ENTITIES[way.to]
            links = draft.links.get(way.name, [])
            if links:
                await self.check_there(there, links)
            made = (
                [] if there.name in NEEDS else [await self.make(one) for one in draft.made.get(way.name, [])]
            )
            if links or made:
                found[way.name] = [*links, *made]
        return found

    async def _beside(self, draft: Draft, ends: dict[str, list[int]]) -> Row:
        """Return columns that follow from others."""
        if draft.of.name == "HistoricalLocation":
            return {"location_ids": ends["Locations"]}
        if draft.of.name != "Datastream":
            return {}
        place = await self.place_of(ends["Thing"][0])
        return {"kind": MADE, "field": "value", "area_id": place}

    async def place_of(self, thing_id: int) -> int | None:
        """Return the location of a thing that has GeoJSON; None: it has none."""
        rows = await self.rows(
            sql.SQL(
                "select location_id from sta_thing_location join sta_location using (location_id)"
                " where thing_id = %(thing)s order by location_id desc limit 1"
            ),
            {"thing": thing_id},
        )
        return int(rows[0]["location_id"]) if rows else None

    async def _insert(self, of: Entity, values: Row) -> int:
        query = sql.SQL("insert into {table} ({names}) values ({places}) returning {key}").format(
            table=sql.Identifier(of.relation),
            names=sql.SQL(", ").join(map(sql.Identifier, values)),
            places=sql.SQL(", ").join(map(sql.Placeholder, values)),
            key=sql.Identifier(of.key),
        )
        return int((await self.rows(query, values))[0][of.key])

    async def _attach(self, draft: Draft, number: int, ends: dict[str, list[int]]) -> None:
        """Make what needs the new entity, and say where things are."""
        of = draft.of
        if of.name == "Thing" and "Locations" in ends:
            await self.put(number, ends["Locations"])
        if of.name == "Location":
            for thing in ends.get("Things", ()):
                await self.put(thing, [number])
        for name in ("Datastreams", "Observations", "HistoricalLocations"):
            for child in draft.made.get(name, []):
                child.links.setdefault(of.ways[name].back, []).append(number)
                await self.make_needing(child)

    async def make_needing(self, child: Draft) -> int:
        """Make an entity that needs others; observations are readings."""
        if child.of.name != "Observation":
            return await self.make(child)
        return await self._observe(self, child)

    async def put(self, thing_id: int, locations: list[int]) -> None:
        """Say that a thing is now at locations, and that it was."""
        await self._must_be_ours(thing_id)
        params = {"thing": thing_id, "ids": locations, "at": self.now}
        await self.rows(sql.SQL("delete from sta_thing_location where thing_id = %(thing)s"), params)
        await self.rows(
            sql.SQL(
                "insert into sta_thing_location (thing_id, location_id) select %(thing)s, unnest(%(ids)s::integer[])"
                " on conflict do nothing"
            ),
            params,
        )
        await self.rows(
            sql.SQL(
                "insert into sta_history (thing_id, at, location_ids) values (%(thing)s, %(at)s, %(ids)s)"
            ),
            params,
        )
        await self.rows(
            sql.SQL(
                "update sta_datastream set area_id = (%(ids)s::integer[])[1] where thing_id = %(thing)s and device_id is null"
            ),
            params,
        )

    async def _must_be_ours(self, thing_id: int) -> None:
        rows = await self.rows(
            sql.SQL("select device_id from sta_thing where thing_id = %(thing)s"), {"thing": thing_id}
        )
        if rows and rows[0]["device_id"] is not None:
            raise ConflictError(
                "Where a registered device stands comes from the registry: cityops registry load."
            )


def stored(draft: Draft) -> Row:
    """Return a draft's own values as columns."""
    found: Row = {}
    for name, value in draft.values.items():
        known = draft.of.properties[name]
        if known.type in (Type.JSON, Type.GEO):
            found[known.columns[0]] = Jsonb(value)
        elif known.type is not Type.INTERVAL:
            found[known.columns[0]] = value
    return found


def _only(of: Entity, way: str, ends: list[int]) -> int:
    if len(ends) != 1:
        raise FilterError("one, and no more", 0, f"{of.name}.{way}")
    return ends[0]
