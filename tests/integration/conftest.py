"""Fixtures of the web tests: a town seeded once per process, copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from devices.registry import Registry
from tests.conftest import with_database
from tests.fakes import seed_web, website


@pytest.fixture(scope="session")
def seeded(pg_server: str, db_template: str) -> Iterator[tuple[str, Registry, datetime]]:
    """Name of a database with a town on a frosty evening, the town, and its now."""
    now = datetime.now(UTC)
    name = website.clone(pg_server, db_template)
    town = asyncio.run(seed_web.fill(with_database(pg_server, name), now))
    yield name, town, now
    website.drop(pg_server, name)


@pytest.fixture
async def site(pg_server: str, seeded: tuple[str, Registry, datetime]) -> AsyncIterator[website.Site]:
    """A running site with a database of its own."""
    template, town, now = seeded
    name = website.clone(pg_server, template)
    async with website.running(
        with_database(pg_server, name), town, now, sample_home=seed_web.DAMP_HOME
    ) as started:
        yield started
    website.drop(pg_server, name)
