"""A bench for both stores of the road forecaster, with the rules' store beside it that takes what it issues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from cityops.clock import ManualClock
from devices.registry import Registry
from rules.core.readings import Readings
from rules.core.stitch import stitch
from rules.memory_store import MemoryRuleStore
from rules.store import PostgresRuleStore
from rules.winter.forecaster.memory import GRITTER, ROAD, STATION, MemoryRoadForecasts
from rules.winter.forecaster.ports import Installed, RoadForecasts
from rules.winter.forecaster.service import RoadForecaster
from rules.winter.forecaster.store import PostgresRoadForecasts
from rules.winter.weather.memory import MemoryForecasts
from tests.fakes.rules_bench import Bench, opened
from tests.fakes.rules_town import START, Reading, context, hamlet

FIELDS = {"weather": STATION, "road": ROAD, "gritter": GRITTER}


@dataclass
class RoadBench:
    """Both stores, a way to add readings, and the service on them."""

    rules: Bench
    store: RoadForecasts
    weather: MemoryForecasts
    registry: Registry

    async def add(self, readings: Sequence[Reading]) -> None:
        """Add a batch of readings."""
        await self.rules.add(readings)
        if isinstance(self.store, MemoryRoadForecasts):
            new = {k: _readings([r for r in readings if r[0] == k], k) for k in FIELDS}
            held = stitch([self.store.readings, {k: r for k, r in new.items() if len(r)}])
            self.store.readings = dict(held)

    def forecaster(self) -> RoadForecaster:
        """Return the service."""
        installed = Installed(self.registry, context(self.registry))

        async def surroundings() -> Installed:
            return installed

        clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        return RoadForecaster(self.store, self.weather, surroundings, clock)


@asynccontextmanager
async def road_bench(database: str | None, registry: Registry | None = None) -> AsyncIterator[RoadBench]:
    """Give a bench on a database, or in memory; of the hamlet or another town."""
    town = hamlet() if registry is None else registry
    async with opened(database, town) as rules:
        if isinstance(rules.store, PostgresRuleStore):
            yield RoadBench(rules, PostgresRoadForecasts(rules.store._pool), MemoryForecasts(), town)
            return
        kept = rules.store
        assert isinstance(kept, MemoryRuleStore)
        store = MemoryRoadForecasts(
            hand_on=lambda batch: kept.add_batch(START + 1e6 + len(kept.batches), batch)
        )
        yield RoadBench(rules, store, MemoryForecasts(), town)


def _readings(rows: Sequence[Reading], kind: str) -> Readings:
    n = len(rows)
    return Readings(
        np.arange(n), np.array([START + r[2] for r in rows], dtype=np.float64), [r[1] for r in rows],
        np.zeros(n, dtype=np.int64),
        {f: np.array([r[3].get(f, np.nan) for r in rows], dtype=np.float64) for f in FIELDS[kind]},
    )  # fmt: skip
