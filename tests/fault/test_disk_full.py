"""No space left on the database's disk: row 8 of docs/reliability.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cityops.errors import CityopsError
from ops_api.verify.chain import Chain, ChainOptions
from ops_api.verify.small_disk import SmallDisk
from tests.fakes.proof import prove

pytestmark = [pytest.mark.fault, pytest.mark.asyncio(loop_scope="module")]

CHAIN = ChainOptions(devices=40, small_disk=True)
MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mountable(server_dir: Path) -> AsyncIterator[None]:
    """Skips where a small file system can't be mounted: not root, not Linux, or a closed container."""
    disk = SmallDisk(server_dir / "try")
    try:
        disk.make()
    except CityopsError as e:
        pytest.skip(str(e))
    disk.remove()
    yield


@pytest.mark.parametrize("seconds", [4.0, pytest.param(60.0, marks=MANY)])
async def test_nothing_is_acknowledged_and_all_is_stored_when_there_is_space(
    mountable: None, chain: Chain, tmp_path: Path, seconds: float
) -> None:
    await prove(chain, tmp_path, ("fill-disk", seconds), messages=20_000, rate=4_000)
    log = (chain.folder / "postgres-18" / "server.log").read_text(errors="replace")
    assert "No space left on device" in log
