"""A sink of either sort, and a way to see what is in it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from cityops.clock import ManualClock
from devices.contract.kind import Kind, discover
from devices.registry import Device, Registry
from ingest.core.known_devices import KnownDevice
from ingest.core.letter_limit import LetterLimits
from ingest.core.letters import KeptLetter, LetterFilter
from ingest.memory_letters import MemoryLetters
from ingest.memory_store import MemorySink
from ingest.pg_letter_store import open_letters
from ingest.ports import LetterStore, Stored
from ingest.registry_store import store_registry
from ingest.replay_letters import LetterReplay, Report
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import NOW_US, clock, decoder, known_devices, registered


@dataclass
class Bench:
    """A sink, and a way to see what is in it that doesn't depend on which."""

    sink: MemorySink | PostgresSink
    devices: list[KnownDevice]
    clock: ManualClock
    conn: psycopg.AsyncConnection[Any] | None = None
    decode: Any = field(init=False)

    def __post_init__(self) -> None:
        self.decode = decoder(self.devices).decode

    async def store(self, *messages: tuple[str, bytes]) -> Stored:
        batch = self.decode([t for t, _ in messages], [p for _, p in messages], NOW_US)
        return await self.sink.store(batch, 0)

    async def rows(self, kind: str = "frog") -> list[tuple[int, int, int]]:
        """(device_id, boot, seq) of every stored reading, duplicates included."""
        if isinstance(self.sink, MemorySink):
            return sorted((r["device_id"], r["boot"], r["seq"]) for r in self.sink.readings[kind])
        return sorted(await self._all(f"select device_id, boot, seq from {kind}_reading"))

    async def letters(self) -> list[tuple[str, int | None]]:
        """(reason, seq) of every dead letter, in order."""
        if isinstance(self.sink, MemorySink):
            return [(str(d.reason), d.seq) for d in self.sink.dead_letters]
        return await self._all("select reason_code, seq from dead_letter order by dead_letter_id")

    async def letter_count(self) -> int:
        """How many dead letters are kept."""
        return len(await self.letters())

    async def overflow(self) -> dict[tuple[str | None, int | None, str], int]:
        """Dead letters that were counted only, by device, shard and reason."""
        if isinstance(self.sink, MemorySink):
            counts: Counter[tuple[str | None, int | None, str]] = Counter()
            for _, over in self.sink.counted:
                counts[(*over.sender, str(over.reason))] += over.letters
            return dict(counts)
        rows = await self._all(
            "select device, shard, reason_code, sum(letters)::int from dead_letter_overflow group by 1, 2, 3"
        )
        return {(device, shard, reason): n for device, shard, reason, n in rows}

    async def clocks(self) -> dict[tuple[int, int], int]:
        """Stored clock offsets by device_id and boot [µs]."""
        if isinstance(self.sink, MemorySink):
            return {start: clock.offset_us for start, clock in self.sink.clocks.items()}
        rows = await self._all("select device_id, boot, offset_us from device_clock")
        return {(device_id, boot): offset_us for device_id, boot, offset_us in rows}

    async def install(self, device: Device) -> None:
        """Register one more device."""
        if isinstance(self.sink, MemorySink):
            number = len(self.sink.devices) + 1
            at_us = int(device.installed_at.timestamp() * 1e6)
            self.sink.devices.append(KnownDevice(number, device.name, device.kind, device.shard, at_us))
        else:
            assert self.conn is not None
            await store_registry(self.conn, Registry(name="more", devices=(device,)))

    @asynccontextmanager
    async def letter_store(self) -> AsyncIterator[LetterStore]:
        """The sink's dead letters."""
        if isinstance(self.sink, MemorySink):
            yield MemoryLetters(self.sink)
        else:
            assert self.conn is not None
            async with open_letters(self.conn.info.dsn) as letters:
                yield letters

    async def replay(
        self,
        wanted: LetterFilter | None = None,
        *,
        kinds: Mapping[str, Kind] | None = None,
        dry_run: bool = False,
    ) -> Report:
        """Play dead letters again."""
        async with self.letter_store() as letters:
            it = LetterReplay(letters, self.sink, self.sink, kinds or discover(), random.Random(1))
            return await it.run(wanted or LetterFilter(), dry_run=dry_run)

    async def all_letters(self) -> list[KeptLetter]:
        """Every letter kept, in order."""
        async with self.letter_store() as letters:
            return await letters.page(LetterFilter(), 0, 10_000)

    async def refuse_no_more(self) -> None:
        """Take back what ``refuse`` did."""
        if isinstance(self.sink, MemorySink):
            self.sink.refuse.clear()
        else:
            await self._run("alter table frog_reading drop constraint refused")

    async def refuse(self, value: float) -> None:
        """Refuse this frog temperature, as a check of the table would."""
        if isinstance(self.sink, MemorySink):
            self.sink.refuse["frog", "temperature_c"] = value
        else:
            await self._run(
                f"alter table frog_reading add constraint refused check (temperature_c <> {value})"
            )

    async def _all(self, query: str) -> list[Any]:
        assert self.conn is not None
        return await (await self.conn.execute(query)).fetchall()  # type: ignore[arg-type]

    async def _run(self, statement: str) -> None:
        assert self.conn is not None
        await self.conn.execute(statement)  # type: ignore[arg-type]


@asynccontextmanager
async def open_bench(dsn: str | None, limits: LetterLimits | None = None) -> AsyncIterator[Bench]:
    """The sink in memory, or that of the database ``dsn``."""
    now = clock()
    if dsn is None:
        yield Bench(MemorySink(known_devices(), now, limits), known_devices(), now)
        return
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        devices = await registered(conn)
        sink = PostgresSink(dsn, discover(), now, limits)
        await sink.load()
        yield Bench(sink, devices, now, conn)
        await sink.close()
