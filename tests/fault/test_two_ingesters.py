"""Two ingesters that share the shards, struck while messages flow: rows 1, 2, 4 and 10 of docs/reliability.md."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import psycopg
import pytest

from cityops.settings import load_settings
from ops_api.verify.chain import LEASE_S, Chain, ChainOptions, start_chain
from tests.fakes.ingest_fleet import holdings, until
from tests.fakes.proof import MOMENT, prove

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=MANY)])
async def test_whoever_of_them_is_struck_each_reading_is_stored_once(
    server_dir: Path, tmp_path: Path, times: int
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="two", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=20, ingesters=2, durable=False)
    chain = await start_chain(folder, options, load_settings(data_dir=folder))
    try:
        for _ in range(times):
            assert await one_had_all_while_the_other_was_frozen(chain, tmp_path)
            others = ("kill-ingester", 0.0), ("kill-broker", 0.3), ("stop-db", 0.5)
            await prove(chain, tmp_path, *others, messages=MOMENT)
    finally:
        await chain.stop()


async def one_had_all_while_the_other_was_frozen(chain: Chain, tmp_path: Path) -> bool:
    """Freeze one for two leases under load; return whether the other got its shards."""
    alone = False
    with psycopg.connect(chain.dsn, autocommit=True) as watch:
        await asyncio.to_thread(until, lambda: len(holdings(watch)) == 2, "two share the shards")
        playing = asyncio.create_task(prove(chain, tmp_path, ("freeze-ingester", 2.0 * LEASE_S)))
        while not playing.done():
            alone |= len(await asyncio.to_thread(holdings, watch)) == 1
            await asyncio.sleep(0.05)
        await playing
    return alone
