"""PostgreSQL away at full load: bounded, said so, caught up. Row 5 of docs/reliability.md."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import psutil
import pytest

from ops_api.demo.services import is_ready
from ops_api.verify.chain import Chain
from ops_api.verify.inject import INJECT
from tests.fakes.proof import prove

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="session")]

MANY = [pytest.mark.soak, pytest.mark.timeout(3600)]
MOST_MB = 300


@pytest.mark.parametrize(("seconds", "messages"), [(6.0, 12_000), pytest.param(600.0, 1_200_000, marks=MANY)])
async def test_the_ingester_stays_small_idle_and_not_ready_and_catches_up(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, messages: int
) -> None:
    sizes_mb: list[float] = []
    busy: list[float] = []

    async def away(chain: Chain, hold_s: float, _rng: random.Random) -> str:
        name = await chain.serving()
        worker = psutil.Process(chain.children.running[name].pid)
        await asyncio.to_thread(chain.stack.postgres.stop_at_once)
        async with asyncio.timeout(60):
            while await asyncio.to_thread(is_ready, chain.ports[name]):
                await asyncio.sleep(0.05)
        before = worker.cpu_times()
        for _ in range(int(hold_s)):
            await asyncio.sleep(1.0)
            sizes_mb.append(worker.memory_info().rss / 1e6)
            assert not await asyncio.to_thread(is_ready, chain.ports[name])
        after = worker.cpu_times()
        busy.append((after.user + after.system - before.user - before.system) / hold_s)
        await chain.start_database()
        return f"PostgreSQL away, the ingester at most {max(sizes_mb):.0f} MB and {busy[0]:.0%} of a core"

    monkeypatch.setitem(INJECT, "stop-db", away)
    await prove(chain, tmp_path, ("stop-db", seconds), messages=messages)
    assert max(sizes_mb) < MOST_MB
    assert busy[0] < 0.5
