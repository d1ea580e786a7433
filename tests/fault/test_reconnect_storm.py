"""All devices come back at once to a broker that has forgotten them: row 24 of docs/reliability.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from cityops.settings import load_settings
from ops_api.verify.chain import ChainOptions, start_chain
from tests.fakes.proof import prove

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]


@pytest.mark.parametrize("devices", [500, pytest.param(5_000, marks=pytest.mark.soak)])
async def test_everyone_is_connected_again_and_nothing_is_lost(
    server_dir: Path, tmp_path: Path, devices: int
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="storm", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=devices, durable=False)
    chain = await start_chain(folder, options, load_settings(data_dir=folder))
    try:
        outcome = await prove(chain, tmp_path, ("wipe-broker", 0.5), messages=devices * 10)
        assert outcome.connects >= 2 * devices
    finally:
        await chain.stop()
