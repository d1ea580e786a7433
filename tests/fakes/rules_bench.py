"""A bench for both stores of the rules: batches in, tables out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from devices.registry import Registry
from ingest.registry_store import store_registry
from ops_api.rules_lag import SETTLE
from rules.catalogue.loader import load
from rules.memory_store import MemoryRuleStore
from rules.ports import RuleStore
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes.rules_batches import RECEIVED_FROM, insert_batch, until_final
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import Reading, batch, hamlet


class Bench:
    """A store, a way to add batches to it, and a way to read what it holds."""

    def __init__(self, store: RuleStore, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.store, self._conn, self._batches = store, conn, 0

    async def add(self, readings: Sequence[Reading]) -> None:
        self._batches += 1
        if self._conn is not None:
            await insert_batch(self._conn, readings, self._batches)
            await until_final(self._conn)
        else:
            assert isinstance(self.store, MemoryRuleStore)
            # The ingester stores a batch at once: within it, time decides.
            ordered = sorted(readings, key=lambda r: r[2])
            self.store.add_batch(RECEIVED_FROM.timestamp() + self._batches, batch(ordered))

    async def want_settled(self) -> None:
        """Say that no more batches will come."""
        if self._conn is not None:
            await self._conn.execute(SETTLE)
            return
        assert isinstance(self.store, MemoryRuleStore)
        self.store.want_settled()

    async def retire(self, *devices: str) -> None:
        """Take devices away."""
        if self._conn is not None:
            statement = "update device set retired_at = now() where name = any (%s)"
            await self._conn.execute(statement, (list(devices),))
            return
        assert isinstance(self.store, MemoryRuleStore)
        before = self.store.installed
        self.store.installed = msgspec.structs.replace(
            before,
            devices=tuple(d for d in before.devices if d.name not in devices),
            homes=tuple(
                msgspec.structs.replace(h, devices=tuple(d for d in h.devices if d not in devices))
                for h in before.homes
            ),
            segments=tuple(
                msgspec.structs.replace(s, device=None if s.device in devices else s.device)
                for s in before.segments
            ),
            bins=tuple(b for b in before.bins if b.device not in devices),
        )

    async def rows(self, what: str) -> list[tuple[Any, ...]]:
        """The table's meaning: subjects and what was said of them, in order."""
        if self._conn is not None:
            return await (await self._conn.execute(QUERIES[what])).fetchall()
        assert isinstance(self.store, MemoryRuleStore)
        return memory_rows(self.store, what)


@asynccontextmanager
async def opened(database: str | None, registry: Registry | None = None) -> AsyncIterator[Bench]:
    """Give a bench on a database, or on the store in memory; of the hamlet or another town."""
    town = hamlet() if registry is None else registry
    if database is None:
        yield Bench(MemoryRuleStore(town), None)
        return
    dsn = database
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=3, open=False) as pool,
    ):
        await store_registry(conn, town)
        yield Bench(PostgresRuleStore(pool), conn)


def frosty(minutes: float) -> list[Reading]:
    """A cold evening's readings of one ten-minute interval."""
    at_s = minutes * 60.0
    surface = 2.5 - minutes / 40.0
    road = {
        "surface_temperature_c": surface,
        "air_temperature_c": surface + 1,
        "humidity_pct": 97.0,
        "water_film_mm": 0.3,
    }
    return [
        ("weather", "wx-0", at_s, {"air_temperature_c": surface + 1, "humidity_pct": 96.0, "wind_speed_m_s": 0.5}),
        ("road", "road-0", at_s + 1, road),
        ("road", "road-1", at_s + 2, {**road, "surface_temperature_c": surface - 0.5}),
        ("frog", "frog-2", at_s + 3, {"temperature_c": 15.0, "humidity_pct": 85.0}),
        ("bin", "bin-0", at_s + 4, {"distance_mm": max(150.0, 900.0 - 5 * minutes)}),
    ]  # fmt: skip


def service(store: RuleStore, lateness_s: float = 0.0) -> RulesService:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    return RulesService(store, HintWaker(), clock, load(), batch_limit=7, lateness_s=lateness_s)
