"""PostgreSQL stopped, killed, frozen and full of connections: rows 3, 4 and 7 of docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_api.verify.chain import Chain
from tests.fakes.proof import MOMENT, prove

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(("times", "messages"), [(2, MOMENT), pytest.param(20, 100_000, marks=MANY)])
async def test_stopped_at_once_and_started(chain: Chain, tmp_path: Path, times: int, messages: int) -> None:
    await prove(chain, tmp_path, *[("stop-db", 0.5)] * times, messages=messages)


async def test_killed_and_started(chain: Chain, tmp_path: Path) -> None:
    await prove(chain, tmp_path, ("kill-db", 0.2), messages=MOMENT)


@pytest.mark.parametrize("seconds", [3.0, pytest.param(60.0, marks=MANY)])
async def test_frozen(chain: Chain, tmp_path: Path, seconds: float) -> None:
    await prove(chain, tmp_path, ("freeze-db", seconds))


async def test_no_connection_left(chain: Chain, tmp_path: Path) -> None:
    outcome = await prove(chain, tmp_path, ("fill-connections", 2.0))
    assert int(outcome.faults[0].split()[0]) > 150


@pytest.mark.parametrize(("times", "messages"), [(1, MOMENT), pytest.param(20, 100_000, marks=MANY)])
async def test_ingester_broker_and_database_killed_within_a_second(
    chain: Chain, tmp_path: Path, times: int, messages: int
) -> None:
    await prove(chain, tmp_path, *[("kill-all", 0.2)] * times, messages=messages)
