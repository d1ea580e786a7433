"""No space left on the database's disk: row 8 of docs/reliability.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from cityops.errors import CityopsError
from cityops.settings import load_settings
from ops_api.verify.chain import ChainOptions, start_chain
from ops_api.verify.small_disk import SmallDisk
from tests.fakes.proof import prove

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture
def mountable(server_dir: Path) -> None:
    """Skips where a small file system can't be mounted: not root, not Linux, or a closed container."""
    disk = SmallDisk(server_dir / "try")
    try:
        disk.make()
    except CityopsError as e:
        pytest.skip(str(e))
    disk.remove()


@pytest.mark.parametrize("seconds", [3.0, pytest.param(60.0, marks=MANY)])
async def test_nothing_is_acknowledged_and_all_is_stored_when_there_is_space(
    mountable: None, server_dir: Path, tmp_path: Path, seconds: float
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="disk", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=20, small_disk=True, durable=False)
    chain = await start_chain(folder, options, load_settings(data_dir=folder))
    try:
        await prove(chain, tmp_path, ("fill-disk", seconds), messages=30_000, rate=2_500.0)
        log = (chain.folder / "postgres-18" / "server.log").read_text(errors="replace")
        assert "No space left on device" in log
    finally:
        await chain.stop()
