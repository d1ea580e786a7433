"""The ingester killed, frozen and stopped under load: rows 1 and 10 of docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_api.verify.chain import KEEPALIVE_S, Chain
from tests.fakes.proof import MOMENT, prove

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(("kills", "messages"), [(2, MOMENT), pytest.param(20, 100_000, marks=MANY)])
async def test_killed_at_random_moments(chain: Chain, tmp_path: Path, kills: int, messages: int) -> None:
    outcome = await prove(chain, tmp_path, *[("kill-ingester", 0.0)] * kills, messages=messages)
    assert outcome.settled.received >= messages


async def test_frozen_beyond_its_keepalive_acknowledges_nothing_stale(chain: Chain, tmp_path: Path) -> None:
    """The broker gives the connection up meanwhile, and its packet ids begin anew."""
    await prove(chain, tmp_path, ("freeze-ingester", 2.0 * KEEPALIVE_S))


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=MANY)])
async def test_stopped_under_load_it_drains_within_its_deadline(
    chain: Chain, tmp_path: Path, times: int
) -> None:
    """The fault itself fails where the exit code is not 0 or the deadline is missed."""
    await prove(chain, tmp_path, *[("stop-ingester", 0.0)] * times, messages=MOMENT)
