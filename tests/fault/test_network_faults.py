"""A bad network between any two parts: rows 7 and 11 of docs/reliability.md."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest

from ops_api.demo.services import is_ready
from ops_api.verify.chain import KEEPALIVE_S, Chain
from ops_api.verify.inject import INJECT
from tests.fakes.proof import prove

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]
BUSY_S = 20.0
"""Allowed on top of what is promised: the machine may be busy with other tests."""


@pytest.mark.parametrize(("times", "messages"), [(5, 3_000), pytest.param(40, 60_000, marks=MANY)])
async def test_connections_cut_between_and_within_packets(
    chain: Chain, tmp_path: Path, times: int, messages: int
) -> None:
    await prove(chain, tmp_path, *[("cut-network", 0.2)] * times, messages=messages, seed=4)


async def test_nothing_passes_for_a_while(chain: Chain, tmp_path: Path) -> None:
    await prove(chain, tmp_path, *[("stall-network", 1.5)] * 2, seed=2)


async def test_half_open_connections_are_noticed(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A readiness that goes false is how the ingester says that it has noticed."""
    noticed_s: list[float] = []

    async def half_open(chain: Chain, _hold_s: float, _rng: random.Random) -> str:
        assert chain.links is not None
        name = await chain.serving()
        began_s = time.monotonic()
        for proxy in (chain.links.devices, chain.links.broker):
            proxy.half_open()
        async with asyncio.timeout(120):
            while await asyncio.to_thread(is_ready, chain.ports[name]):
                await asyncio.sleep(0.05)
        noticed_s.append(time.monotonic() - began_s)
        for proxy in (chain.links.devices, chain.links.broker):
            proxy.heal()
        return f"half open, noticed after {noticed_s[0]:.1f} s"

    monkeypatch.setitem(INJECT, "half-open", half_open)
    outcome = await prove(chain, tmp_path, ("half-open", 0.0))
    assert noticed_s[0] <= 1.5 * KEEPALIVE_S + BUSY_S
    assert outcome.connects >= 2 * len(chain.devices)


async def test_a_slow_network_to_the_broker(chain: Chain, tmp_path: Path) -> None:
    await prove(chain, tmp_path, ("slow-network", 3.0))


async def test_slow_commits(chain: Chain, tmp_path: Path) -> None:
    """Every round trip to the database takes half a second: so does each commit, and what comes before it."""
    await prove(chain, tmp_path, ("slow-db", 4.0))


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_a_half_open_connection_to_the_database(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up after the store's own time-out, a minute."""

    async def half_open(chain: Chain, _hold_s: float, _rng: random.Random) -> str:
        assert chain.links is not None
        chain.links.database.half_open()
        await asyncio.sleep(2.0)
        chain.links.database.heal()
        return "database half open"

    monkeypatch.setitem(INJECT, "half-open", half_open)
    await prove(chain, tmp_path, ("half-open", 0.0))
