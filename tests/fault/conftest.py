"""The chain of a file's tests: started once, used by each with a boot number of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cityops.settings import load_settings
from ops_api.verify.chain import Chain, ChainOptions, start_chain


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(request: pytest.FixtureRequest, server_dir: Path) -> AsyncIterator[Chain]:
    """Database, broker and ingester as the module's ``CHAIN`` says."""
    options: ChainOptions = getattr(request.module, "CHAIN", ChainOptions(devices=40))
    folder = Path(tempfile.mkdtemp(prefix="chain", dir=server_dir))
    folder.chmod(0o711)
    started = await start_chain(folder, options, load_settings(data_dir=folder))
    yield started
    await started.stop()
