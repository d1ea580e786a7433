"""Keeps datasets between those who ask: read once in so many seconds, written once, however many ask."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from time import monotonic

from ops_api.opendata.core.model import Table

KEPT_S = 10.0
"""A dataset is read from the database once in so long at most [s]."""
OGL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"


@dataclass(frozen=True, slots=True)
class Body:
    """An answer: bytes, their entity tag, and since when they are so."""

    data: bytes
    etag: str
    changed_at: datetime


@dataclass(slots=True)
class _Kept:
    table: Table
    read_s: float
    bodies: dict[str, Body] = field(default_factory=dict)


class Shelf:
    """One application's open data.

    Args:
        licence: address of the licence of all of it.
        contact: address for questions, empty where there is none.
        kept_s: how long a dataset is new enough [s].
    """

    def __init__(self, licence: str = OGL, contact: str = "", *, kept_s: float = KEPT_S) -> None:
        self.licence, self.contact = licence, contact
        self._kept_s = kept_s
        self._kept: dict[str, _Kept] = {}
        self._last: dict[tuple[str, str], Body] = {}
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def licence_name(self) -> str:
        """What the licence is called."""
        return "Open Government Licence v3.0" if self.licence == OGL else self.licence

    async def table(self, name: str, load: Callable[[], Awaitable[Table]]) -> Table:
        """Return a dataset; ``load`` reads it, once for all who ask within ``kept_s``."""
        return (await self._fresh(name, load)).table

    async def body(
        self, name: str, form: str, load: Callable[[], Awaitable[Table]], make: Callable[[Table], bytes]
    ) -> Body:
        """Return a dataset written in one form; ``make`` runs in a thread, once a reading."""
        kept = await self._fresh(name, load)
        async with self._busy[f"{name} as {form}"]:
            if form not in kept.bodies:
                kept.bodies[form] = self._body((name, form), await asyncio.to_thread(make, kept.table))
        return kept.bodies[form]

    async def _fresh(self, name: str, load: Callable[[], Awaitable[Table]]) -> _Kept:
        async with self._busy[name]:
            kept = self._kept.get(name)
            if kept is None or monotonic() - kept.read_s >= self._kept_s:
                kept = self._kept[name] = _Kept(await load(), monotonic())
        return kept

    def _body(self, key: tuple[str, str], data: bytes) -> Body:
        """Return the body; one that says the same as the last has changed when that had."""
        etag, last = f'"{blake2b(data, digest_size=12).hexdigest()}"', self._last.get(key)
        if last is None or last.etag != etag:
            last = self._last[key] = Body(data, etag, datetime.now(UTC))
        return last
