"""The broker killed with and without its file, and frozen: rows 2 and 12 of docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_api.verify.chain import KEEPALIVE_S, Chain
from tests.fakes.proof import prove

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(("kills", "messages"), [(2, 3_000), pytest.param(20, 60_000, marks=MANY)])
async def test_killed_and_back_with_what_it_had_saved(
    chain: Chain, tmp_path: Path, kills: int, messages: int
) -> None:
    outcome = await prove(chain, tmp_path, *[("kill-broker", 0.3)] * kills, messages=messages)
    assert outcome.connects >= 2 * len(chain.devices)


@pytest.mark.parametrize(("kills", "messages"), [(2, 3_000), pytest.param(20, 60_000, marks=MANY)])
async def test_killed_and_back_without_its_file(
    chain: Chain, tmp_path: Path, kills: int, messages: int
) -> None:
    """Every session and every queued message is gone while batches of the old one are in flight."""
    outcome = await prove(chain, tmp_path, *[("wipe-broker", 0.3)] * kills, messages=messages)
    assert outcome.resent > 0


async def test_frozen_beyond_everyones_keepalive(chain: Chain, tmp_path: Path) -> None:
    outcome = await prove(chain, tmp_path, ("freeze-broker", 2.0 * KEEPALIVE_S))
    assert outcome.connects >= 2 * len(chain.devices)
