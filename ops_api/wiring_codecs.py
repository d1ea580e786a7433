"""Composition of codecs for the website: the book on its connections, trials in the sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import psycopg
from psycopg_pool import AsyncConnectionPool

from cityops.clock import Clock, SystemClock
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.contract.kind import Kind
from ingest.bridge.book import NewCodec
from ingest.bridge.trial import Tried, try_codec, unusable
from ingest.bridge.web_book import WebBook
from ingest.core.lorawan.example import Example, ExampleError, read_example
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Decoder
from ops_api.codec_desk import LANGUAGES, Bound, Draft, DraftRefusedError, Row, Trial
from ops_api.queries import DatabaseUnavailableError
from ops_api.wiring import kinds_of

WAIT_S = 5.0
HOMES = "Sensors in homes are bound by `cityops lorawan bind`: the website does not see them."
TAKEN = frozenset({"new"})


class WiredCodecs:
    """The website's desk of codecs.

    Args:
        pool: the website's connections.
        kinds: declared kinds.
        decoder: runs JavaScript.
        clock: when an uplink without a time was heard: now.
    """

    def __init__(
        self, pool: AsyncConnectionPool, kinds: dict[str, Kind], decoder: Decoder, clock: Clock
    ) -> None:
        self._pool, self._kinds, self._decoder, self._clock = pool, kinds, decoder, clock

    def close(self) -> None:
        """End the processes that run codecs."""
        self._decoder.close()

    async def codecs(self) -> list[Row]:
        """Return the newest version of each codec."""
        async with self._book() as book:
            return await book.codecs()

    async def versions(self, name: str) -> list[Row]:
        """Return the versions of a codec, newest first."""
        async with self._book() as book:
            return await book.versions(name)

    async def bound(self, name: str | None = None) -> list[Row]:
        """Return bound sensors."""
        async with self._book() as book:
            return await book.bound(name)

    async def heard(self) -> list[Row]:
        """Return sensors that are bound to no device."""
        async with self._book() as book:
            return await book.heard()

    async def try_out(self, draft: Draft, example: str, f_port: int) -> Trial:
        """Return what a draft makes of an uplink."""
        try:
            uplink = read_example(example, f_port)
        except ExampleError as e:
            raise DraftRefusedError(str(e)) from e
        tried = await self._try(draft, uplink)
        return Trial(
            taken_for=uplink.what, payload_hex=uplink.payload.hex(), f_port=uplink.f_port, dev_eui=uplink.dev_eui,
            **asdict(tried),
        )  # fmt: skip

    async def save(self, draft: Draft, by: str) -> int:
        """Keep a draft as a new version, where it loads."""
        if draft.name in TAKEN:
            raise DraftRefusedError(f"The name {draft.name!r} is taken by a page: choose another.")
        self._kind(draft)
        if draft.language == "javascript" and (
            why := await asyncio.to_thread(unusable, self._decoder, draft.source)
        ):
            raise DraftRefusedError(f"The codec can't be used: {why}")
        new = NewCodec(
            name=draft.name, language=draft.language, kind=draft.kind, body=draft.source, note=draft.note,
            field_map=None if draft.language == "native" else _map(draft),
        )  # fmt: skip
        async with self._book() as book:
            return await book.add_codec(new, by)

    async def bind(self, dev_eui: str, device: str, codec: str, by: str, note: str = "") -> Bound:
        """Say which device a sensor is, by which codec."""
        try:
            async with self._book() as book:
                done = await book.bind(dev_eui, device, codec, by, note=note)
        except DraftRefusedError as e:
            more = f" {HOMES}" if str(e).startswith("No device named") else ""
            raise DraftRefusedError(f"{e}{more}") from e
        return Bound(device=done.device, codec=done.codec, again=done.again)

    async def unbind(self, dev_eui: str, by: str) -> str:
        """End a binding."""
        async with self._book() as book:
            return await book.unbind(dev_eui, by)

    async def _try(self, draft: Draft, uplink: Example) -> Tried:
        kind = self._kind(draft)
        found = None if draft.language == "native" else _map(draft)
        now = self._clock.now()
        return await asyncio.to_thread(
            try_codec, self._decoder, draft.language, draft.source, found, kind, uplink, now
        )

    def _kind(self, draft: Draft) -> Kind:
        kind = self._kinds.get(draft.kind)
        if kind is None:
            raise DraftRefusedError(
                f"Kind {draft.kind!r}: there is none; there are {', '.join(self._kinds)}."
            )
        if draft.language not in LANGUAGES:
            raise DraftRefusedError(f"Language {draft.language!r}: there are {', '.join(LANGUAGES)}.")
        return kind

    @asynccontextmanager
    async def _book(self) -> AsyncIterator[WebBook]:
        try:
            async with self._pool.connection(WAIT_S) as conn, conn.transaction():
                yield WebBook(conn, self._kinds)
        except ConfigurationError as e:
            raise DraftRefusedError(f"{str(e)[:1].upper()}{str(e)[1:]}.") from e
        except psycopg.errors.UniqueViolation as e:
            raise DraftRefusedError(
                "Somebody else has just done that too. Look again, then try again."
            ) from e
        except (psycopg.DataError, UnicodeEncodeError) as e:
            raise DraftRefusedError("There is a character in it that can't be kept.") from e
        except psycopg.OperationalError as e:
            raise DatabaseUnavailableError("the database does not answer") from e


def _map(draft: Draft) -> object:
    if not draft.field_map.strip():
        return {}
    try:
        return json.loads(draft.field_map)
    except (ValueError, RecursionError) as e:
        raise DraftRefusedError(f"The map of fields is no JSON: {e}.") from e


def codec_desk(settings: Settings, pool: AsyncConnectionPool) -> WiredCodecs:
    """Return the website's desk of codecs; processes are started with the first trial."""
    decoder = PooledDecoder(settings.lorawan.codec_processes)
    return WiredCodecs(pool, dict(kinds_of(settings)), decoder, SystemClock())


def fault_of(source: str) -> str:
    """Return why JavaScript can't be kept as a codec; empty: it can. Blocks."""
    decoder = PooledDecoder(1)
    try:
        return unusable(decoder, source)
    finally:
        decoder.close()
