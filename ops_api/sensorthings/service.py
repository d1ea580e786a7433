"""Answers a SensorThings request for reading: from address and query to a document."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from cityops.clock import Clock
from cityops.settings_sta import StaSettings
from devices.contract.kind import Kind
from ops_api.queries import Pool
from ops_api.sensorthings import documents, readings
from ops_api.sensorthings.core.cost import Budget, page_size
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.kinds import MADE, OTHER
from ops_api.sensorthings.core.options import Options, parse_options
from ops_api.sensorthings.core.paths import StaPath, parse_path
from ops_api.sensorthings.core.schema import OBSERVATION
from ops_api.sensorthings.expand import expand
from ops_api.sensorthings.finder import Finder
from ops_api.sensorthings.fleet import Fleets
from ops_api.sensorthings.nodes import Many, Node, many_of
from ops_api.sensorthings.shapes import Shapes
from ops_api.sensorthings.store import OPEN, Audience, Reader, Store
from ops_api.sensorthings.sync import Keeper

APART = 2_000
"""Entities of an answer that is written beside the loop, on which everybody else waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A bare value, as ``$value`` and ``$count`` give it."""

    text: str


class Sta:
    """Reads entities and observations.

    Args:
        store: lends transactions.
        settings: sizes and limits.
        kinds: kinds of device.
        clock: for ``now()``.
        pool: connections that may have entities made of devices.
        endpoint: the broker's address for whoever listens to observations; empty: none.
    """

    def __init__(
        self,
        store: Store,
        settings: StaSettings,
        kinds: Mapping[str, Kind],
        clock: Clock,
        pool: Pool,
        endpoint: str = "",
    ) -> None:
        self.settings = settings
        self.kinds = {**kinds, MADE: OTHER}
        self.clock = clock
        self.shapes = Shapes()
        self.fleets = Fleets(self.kinds)
        self.endpoint = endpoint
        self._store = store
        self._keeper = Keeper(pool, kinds, self.forget)

    def forget(self) -> None:
        """Read anew what is kept of entities: there are others now."""
        self.shapes.forget()
        self.fleets.forget()

    async def fresh(self) -> None:
        """See to it that new devices are there."""
        await self._keeper.fresh()

    def path(self, text: str) -> StaPath:
        """Return what an address names; see :func:`parse_path`."""
        return parse_path(text, self.settings.expand_deep)

    async def answer(
        self,
        path: StaPath,
        query: Sequence[tuple[str, str]],
        address: str,
        base: str,
        audience: Audience = OPEN,
    ) -> bytes | Text | None:
        """Return the answer to a request for reading, JSON or a bare value; None: a property that has no value (204).

        Args:
            path: what is named.
            query: options.
            address: the absolute address that was asked, without its query.
            base: address of the service.
            audience: whose view it is.

        Raises:
            FilterError: 400. PathError: 404. TransientError: 503.
        """
        options = parse_options(query, path.of, self.settings.expand_deep)
        await self.fresh()
        async with self._store.reading(audience) as reader:
            in_words = not path.tail and not path.name and not options.data_array
            finder = await self._finder(reader, audience, base if in_words else "")
            if path.tail == "$count":
                count, _ = await _count(finder, path, options)
                if count == 0:
                    await _must_exist(finder, path)
                return Text(text=str(count))
            if path.many:
                return await self._set(finder, path, options, address, base)
            return _shown(base, path, await _entity(finder, path, options), options)

    async def answer_on(
        self, connection: psycopg.AsyncConnection[Any], path: StaPath, base: str
    ) -> bytes | Text | None:
        """Return an entity as everybody sees it, read within somebody's transaction."""
        async with self._store.reading_on(connection) as reader:
            finder = await self._finder(reader, OPEN, base)
            return _shown(base, path, await _entity(finder, path, Options()), Options())

    async def _finder(self, reader: Reader, audience: Audience, base: str) -> Finder:
        fleet = await self.fleets.of(reader, audience, self.clock.now())
        return Finder(
            reader=reader,
            audience=audience,
            shapes=self.shapes,
            fleet=fleet,
            kinds=tuple(kind for name, kind in self.kinds.items() if name in fleet.kinds),
            now=self.clock.now(),
            usual=self.settings.top,
            most=self.settings.top_most,
            budget=Budget(),
            base=base,
        )

    async def _set(self, finder: Finder, path: StaPath, options: Options, address: str, base: str) -> bytes:
        many = await _page(finder, path, options)
        if not many.nodes and not many.told:
            await _must_exist(finder, path)
        if options.count:
            many.count, many.estimated = await _count(finder, path, options)
        await expand(finder, path.of, many.nodes, options.expand)
        if finder.budget.spent > APART:
            return await asyncio.to_thread(_written, path, options, many, address, base)
        return _written(path, options, many, address, base)


def _written(path: StaPath, options: Options, many: Many, address: str, base: str) -> bytes:
    if path.tail == "$ref":
        return documents.references(base, address, path.of, many)
    if options.data_array:
        return documents.data_array(base, address, many)
    return documents.page(base, address, path.of, many)


async def _page(finder: Finder, path: StaPath, options: Options) -> Many:
    size = page_size(options.top, finder.usual, finder.most)
    if path.of is OBSERVATION:
        rows = await readings.page(finder, path, options, size) if size else []
    else:
        if options.skiptoken:
            raise FilterError("it is of observations", 0, "$skiptoken")
        rows = await finder.page(path.of, options, path.condition(), size) if size else []
    many = many_of(rows, options, size, more=len(rows) > size)
    if path.of is OBSERVATION and many.more:
        many.token = readings.token(options, rows[size - 1])
    return many


async def _count(finder: Finder, path: StaPath, options: Options) -> tuple[int, bool]:
    if path.of is OBSERVATION:
        return await readings.count(finder, path, options)
    return await finder.count(path.of, options, path.condition()), False


async def _must_exist(finder: Finder, path: StaPath) -> None:
    """Raise PathError where an address leads through something that is not there."""
    before = StaPath(steps=path.steps[:-1])
    if before.steps and not before.steps[-1].many:
        await _entity(finder, before, Options())


async def _entity(finder: Finder, path: StaPath, options: Options) -> Node:
    asked = Options(select=options.select, expand=options.expand)
    if path.of is OBSERVATION:
        rows = await readings.page(finder, path, asked, 1)
    else:
        rows = await finder.page(path.of, asked, path.condition(), 1)
    if not rows:
        raise PathError("there is nothing at this address")
    node = Node(rows[0])
    await expand(finder, path.of, [node], options.expand)
    return node


def _shown(base: str, path: StaPath, node: Node, options: Options) -> bytes | Text | None:
    """Return an entity, a property of it, or its bare value."""
    if path.tail == "$ref":
        return documents.encode({"@iot.selfLink": documents.self_link(base, path.of, node.row[path.of.key])})
    if not path.name:
        return documents.document(base, path.of, node, options)
    known = path.of.properties[path.name]
    value = (
        node.row[path.of.key]
        if path.name == "id"
        else documents.plain(documents.shown(known, node.row, base))
    )
    for name in path.below:
        value = _below(value, name)
    if value is None:
        return None
    shown = path.below[-1] if path.below else ("@iot.id" if path.name == "id" else path.name)
    return Text(text=documents.bare(value)) if path.tail == "$value" else documents.encode({shown: value})


def _below(value: object, name: str) -> object:
    if isinstance(value, dict) and name in value:
        return value[name]
    raise PathError("there is nothing at this address")
