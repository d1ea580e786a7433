"""Two ingesters that share the shards, struck while messages flow: rows 1, 2, 4 and 10 of docs/reliability.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from cityops.settings import load_settings
from ops_api.verify.chain import LEASE_S, ChainOptions, start_chain
from tests.fakes.proof import prove

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=MANY)])
async def test_whoever_of_them_is_struck_each_reading_is_stored_once(
    server_dir: Path, tmp_path: Path, times: int
) -> None:
    """Frozen for longer than a lease, so that the other has its shards when it wakes."""
    folder = Path(tempfile.mkdtemp(prefix="two", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=20, ingesters=2, durable=False)
    chain = await start_chain(folder, options, load_settings(data_dir=folder))
    strikes = [
        ("freeze-ingester", 1.5 * LEASE_S),
        ("kill-ingester", 0.0),
        ("kill-broker", 0.3),
        ("stop-db", 0.5),
    ]
    try:
        await prove(chain, tmp_path, *strikes * times, messages=6_000 * times)
        logs = [chain.children.log_path(name).read_text() for name in chain.ingesters]
    finally:
        await chain.stop()
    assert all("shard taken" in log for log in logs)
    assert any("shard lost" in log for log in logs)
