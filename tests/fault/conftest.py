"""The chain of these tests: started once per process, used by each test with a boot number of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from cityops.settings import load_settings
from ops_api.verify.chain import Chain, ChainOptions, start_chain


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chain(server_dir: Path) -> AsyncIterator[Chain]:
    """Database, broker, ingester and 40 devices, with a network between them that can be spoilt."""
    folder = Path(tempfile.mkdtemp(prefix="chain", dir=server_dir))
    folder.chmod(0o711)
    options = ChainOptions(devices=40, proxied=True, durable=False)
    started = await start_chain(folder, options, load_settings(data_dir=folder))
    yield started
    await started.stop()
