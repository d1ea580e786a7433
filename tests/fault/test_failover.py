"""The database fails over to a synchronous standby at another address: row 6 of docs/reliability.md."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

import pytest

from cityops.settings import load_settings
from ops_api.verify.chain import Chain, ChainOptions, start_chain
from ops_api.verify.inject import INJECT
from tests.fakes.proof import MOMENT, prove
from tests.fakes.standby import Standby

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]


async def test_what_was_receipted_is_on_the_standby(
    server_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="failover", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=20, proxied=True, durable=False)
    chain = await start_chain(folder, options, load_settings(data_dir=folder))
    standby = await asyncio.to_thread(Standby, chain.stack.postgres, folder)

    async def fail_over(chain: Chain, _hold_s: float, _rng: random.Random) -> str:
        """The proxy stands for the name or floating address that moves to the new primary."""
        await asyncio.to_thread(chain.stack.postgres.kill)
        await asyncio.to_thread(standby.promote)
        chain.stack.postgres.port = standby.port
        return "primary killed, standby promoted"

    monkeypatch.setitem(INJECT, "kill-db", fail_over)
    try:
        await prove(chain, tmp_path, ("kill-db", 0.0), messages=MOMENT)
        assert str(standby.port) in chain.dsn
    finally:
        await chain.stop()
        await asyncio.to_thread(standby.stop)
