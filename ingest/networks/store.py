"""Road networks in PostgreSQL."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from devices.registry import Registry, parse
from ingest.networks import sql
from ingest.networks.keep import Known, keeping, refuse_others
from ingest.networks.ports import Imported, Own, Replaced, Source
from ingest.registry_store import store_registry

AsyncConnection = psycopg.AsyncConnection[Any]


class PgRoadNetworks:
    """The networks of one database, over a connection that its user opens and closes."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def replace(self, imported: Imported) -> Replaced:
        """Put a network in the place of the one of its name, in one transaction."""
        async with self._conn.transaction():
            await self._conn.execute(sql.LOCK)
            known = await self._known([s.segment_id for s in imported.segments])
            refuse_others(imported.source.network_id, known)
            written = await self._write(imported, known)
            gone, lost = await self._remove(imported)
            return Replaced(written, gone, lost)

    async def _known(self, segments: list[str]) -> dict[str, Known]:
        cursor = await self._conn.execute(sql.KNOWN, [segments])
        return {row[0]: Known(*row[1:]) for row in await cursor.fetchall()}

    async def _write(self, imported: Imported, known: dict[str, Known]) -> dict[str, int]:
        source = imported.source
        row = {name: getattr(source, name) for name in source.__dataclass_fields__}
        await self._conn.execute(sql.SOURCE, row | {"summary": Jsonb(dict(source.summary))})
        registry = Registry(
            name=source.network_id,
            nodes=imported.nodes,
            segments=keeping(imported.segments, known),
            turn_bans=imported.turn_bans,
            depots=imported.depots,
        )
        changed = await store_registry(self._conn, registry)
        await self._conn.execute(sql.OWN_SEGMENTS, _names(imported))
        await self._conn.execute(sql.OWN_NODES, _names(imported))
        return {table: changed[table] for table in ("road_node", "road_segment", "turn_ban", "depot")}

    async def _remove(self, imported: Imported) -> tuple[dict[str, int], dict[str, int]]:
        names = _names(imported)
        bans = await self._conn.execute(sql.BANS_GONE, names)
        segments = await self._conn.execute(sql.SEGMENTS_GONE, names)
        routes = Counter(row[0] for row in await segments.fetchall() if row[0] is not None)
        nodes = await self._conn.execute(sql.NODES_GONE, names)
        gone = {"turn_ban": bans.rowcount, "road_segment": segments.rowcount, "road_node": nodes.rowcount}
        return gone, dict(routes)

    async def roads(self) -> Registry:
        """Return nodes, segments, turn bans, depots and road sensors of the whole installation."""
        row = await (await self._conn.execute(sql.ROADS)).fetchone()
        assert row is not None
        return parse(row[0].encode())

    async def own(self, network_id: str) -> Own:
        """Return what belongs to a network."""
        row = await (await self._conn.execute(sql.OWN, {"network_id": network_id})).fetchone()
        assert row is not None
        return Own(frozenset(row[0]), frozenset(row[1]))

    async def sources(self) -> tuple[Source, ...]:
        """Return where the networks come from, by name."""
        cursor = await self._conn.execute(sql.SOURCES)
        names = [column.name for column in cursor.description or ()]
        return tuple(Source(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall())


def _names(imported: Imported) -> dict[str, object]:
    return {
        "network_id": imported.source.network_id,
        "segments": [s.segment_id for s in imported.segments],
        "nodes": [n.node_id for n in imported.nodes],
        "bans": [b.ban_id for b in imported.turn_bans],
    }
