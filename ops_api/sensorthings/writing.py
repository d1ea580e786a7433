"""Takes what is sent to make, change and take away entities: from address and body to the database, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from ops_api.queries import DatabaseUnavailableError, Pool
from ops_api.rest.core.etag import is_seen
from ops_api.sensorthings import changing, documents
from ops_api.sensorthings.core.bodies import MUST, Draft, draft
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.json_patch import patched
from ops_api.sensorthings.core.paths import StaPath
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.making import ChangedError, ConflictError, Making
from ops_api.sensorthings.observing import observe
from ops_api.sensorthings.observing_many import store_groups
from ops_api.sensorthings.service import Sta


class Writing:
    """Writes for who may; whether somebody may is the routes' rule.

    Args:
        sta: reads.
        pool: connections whose role may write SensorThings' tables.
    """

    def __init__(self, sta: Sta, pool: Pool) -> None:
        self._sta = sta
        self._pool = pool

    async def create(self, path: StaPath, body: object) -> tuple[Entity, int]:
        """Make an entity with those sent with it; return what it is and its id.

        Raises:
            FilterError: 400. PathError: 404. ConflictError: 409.
        """
        if not path.many or path.tail or len(path.steps) > 2:
            raise FilterError("entities are made in a set: /Things, or /Things(1)/Datastreams", 0, "address")
        made = draft(path.of, body, whole=True)
        async with self._making() as making:
            if len(path.steps) == 2:
                await self._under(making, path, made)
            return path.of, await making.make_needing(made)

    async def _under(self, making: Making, path: StaPath, made: Draft) -> None:
        parent, way = path.steps[0], path.steps[1].way
        assert way is not None
        if parent.id is None:
            raise FilterError("entities are made in a set: /Things, or /Things(1)/Datastreams", 0, "address")
        if parent.entity is OBSERVATION:
            raise FilterError("it is made by its own set", 0, "address")
        try:
            await making.check_there(parent.entity, [parent.id])
        except FilterError:
            raise PathError("there is nothing at this address") from None
        made.links.setdefault(way.back, []).append(parent.id)

    async def change(
        self, path: StaPath, body: object, *, kind: str, base: str, seen: str | None = None
    ) -> tuple[Entity, int]:
        """Change an entity; return what it is and its id.

        Args:
            path: the entity's address.
            body: decoded JSON.
            kind: ``merge``: what is sent is changed; ``whole``: what is not sent is as of a new one; ``patch``: JSON Patch.
            base: address of the service.
            seen: ``If-Match``: tags of states, as one of which it must still be; None: any.

        Raises:
            FilterError: 400. PathError: 404. ConflictError: 409. ChangedError: 412.
        """
        number = _number(path)
        if kind != "patch":
            _changed(path.of, body, kind)  # what is wrong in itself need not wait for anybody
        async with self._making() as making:
            now = await self._held(making, path, base) if kind == "patch" or seen is not None else b""
            _check_seen(now, seen)
            after = patched(msgspec.json.decode(now), body) if kind == "patch" else body
            await changing.change(making, _changed(path.of, after, kind), number)
        return path.of, number

    async def _held(self, making: Making, path: StaPath, base: str) -> bytes:
        """Have nobody else change an entity until the transaction's end; return it as it now is.

        It is read on the connection that holds it: who waits for a second one while all are held waits in vain.
        """
        await changing.hold(making, path.of, _number(path))
        found = await self._sta.answer_on(making.connection, path, base)
        return found if isinstance(found, bytes) else b"{}"

    async def delete(self, path: StaPath, *, base: str, seen: str | None = None) -> None:
        """Take an entity away; arguments as of :meth:`change`.

        Raises:
            PathError: 404. ConflictError: 409. ChangedError: 412.
        """
        number = _number(path)
        async with self._making() as making:
            if seen is not None:
                _check_seen(await self._held(making, path, base), seen)
            await changing.take_away(making, path.of, number)

    async def create_observations(self, body: object) -> list[int | None]:
        """Store observations that come as arrays; return each one's id, None of one that could not be.

        Raises:
            FilterError: they are no arrays, or too many.
        """
        # Beside the loop: some megabytes take a while, for which everybody else would wait.
        groups = await asyncio.to_thread(_arrays, body, self._sta.settings.create_most)
        async with self._making() as making:
            return await store_groups(making, groups)

    @asynccontextmanager
    async def _making(self) -> AsyncIterator[Making]:
        try:
            async with self._pool.connection(5.0) as connection:
                await connection.execute(
                    "select set_config('statement_timeout', '10s', true), set_config('lock_timeout', '5s', true)"
                )
                yield Making(connection, self._sta.clock.now(), observe)
        except psycopg.errors.IntegrityError as error:
            raise ConflictError("Something that is there already stands against it.") from error
        except (psycopg.DataError, UnicodeEncodeError) as error:
            raise FilterError("a value in it cannot be stored", 0, "body") from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise DatabaseUnavailableError("the database does not answer") from error
        finally:
            self._sta.forget()


def _number(path: StaPath) -> int:
    if len(path.steps) != 1 or path.steps[0].id is None or path.name or path.tail:
        raise FilterError("an entity is changed at its own address, as /Things(1)", 0, "address")
    return path.steps[0].id


def _changed(of: Entity, body: object, kind: str) -> Draft:
    made = draft(of, body, whole=False)
    if kind == "whole":
        _check_whole(of, made)
    return made


def _check_seen(now: bytes, seen: str | None) -> None:
    """Raise ChangedError where an entity is no longer as somebody says that they saw it."""
    if seen is not None and not is_seen(documents.tag(now), seen):
        raise ChangedError("It was changed meanwhile. Read it again.")


def _check_whole(of: Entity, made: Draft) -> None:
    missing = [name for name in MUST[of.name] if name not in made.values]
    if missing:
        raise FilterError("it must be given", 0, f"{of.name}.{missing[0]}")
    if "properties" in of.properties:
        made.values.setdefault("properties", {})


def _arrays(body: object, most: int) -> list[list[Draft | None]]:
    """Return the observations of ``[{Datastream, components, dataArray}]``; None for one that says nothing. OGC 18-088 §12.3.2."""
    if not isinstance(body, list):
        raise FilterError("a list of {Datastream, components, dataArray} is needed", 0, "body")
    found: list[list[Draft | None]] = []
    left = most
    for group in body:
        match group:
            case {"Datastream": dict() as stream, "components": [*names], "dataArray": [*rows]}:
                left -= max(1, len(rows))
                if left < 0:
                    raise FilterError(f"more than {most} at once", 0, "body")
                found.append([_row(stream, names, row) for row in rows])
            case _:
                raise FilterError("Datastream, components and dataArray are needed", 0, "body")
    return found


def _row(stream: dict[str, Any], names: list[Any], row: Any) -> Draft | None:
    if not isinstance(row, list) or len(row) != len(names):
        return None
    body = {
        ("FeatureOfInterest" if name == "FeatureOfInterest/id" else str(name)): value
        for name, value in zip(names, row, strict=True)
    }
    if not isinstance(body.get("FeatureOfInterest", {}), dict):
        body["FeatureOfInterest"] = {"@iot.id": body["FeatureOfInterest"]}
    try:
        return draft(OBSERVATION, body | {"Datastream": stream}, whole=True)
    except FilterError:
        return None
