"""Fixtures of the web tests: a town seeded once per process, copied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from devices.registry import Registry
from tests.fakes import browser, seed_web, website
from tests.fakes.databases import drop, seal, with_database

REFRESH = timedelta(minutes=4)
"""A town older than this is seeded anew: after a while its devices would count as silent."""


class Towns:
    """Makes the seeded template database, and makes it again when it has aged."""

    def __init__(self, server: str, empty: str) -> None:
        self._server, self._empty = server, empty
        self._name: str | None = None
        self._town: Registry | None = None
        self._now = datetime.min.replace(tzinfo=UTC)

    async def template(self) -> tuple[str, Registry, datetime]:
        """Return the database's name, what is installed and when its evening ends."""
        if self._name is None or self._town is None or datetime.now(UTC) - self._now > REFRESH:
            self.drop()
            self._now = datetime.now(UTC)
            self._name = website.clone(self._server, self._empty)
            self._town = await seed_web.fill(with_database(self._server, self._name), self._now)
            seal(self._server, self._name)
        return self._name, self._town, self._now

    def drop(self) -> None:
        """Remove the template."""
        if self._name is not None:
            drop(self._server, self._name)
            self._name = None


@pytest.fixture(scope="session")
def towns(pg_server: str, db_template: str) -> Iterator[Towns]:
    """The town of the web tests, seeded once every few minutes per process."""
    made = Towns(pg_server, db_template)
    yield made
    made.drop()


@pytest.fixture
async def site(pg_server: str, towns: Towns) -> AsyncIterator[website.Site]:
    """A running site with a database of its own, whose data flow as of now."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def still(pg_server: str, towns: Towns) -> AsyncIterator[website.Site]:
    """A running site for all tests of a file that leave nothing behind in it; they are marked ``website.STILL``.

    It stands still between them: whoever kept a connection for longer than it does would be cut off.
    """
    limits = website.NEW_EACH_TIME
    async with website.copied(pg_server, *await towns.template(), limits=limits) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def one_chromium() -> AsyncIterator[Browser]:
    """The browser of this process."""
    async with browser.started(browser.ONE_PROCESS) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium(one_chromium: Browser) -> AsyncIterator[Browser]:
    """The browser of this process, without what another file left in it; see :mod:`tests.fakes.browser`."""
    yield one_chromium
    await browser.emptied(one_chromium)
