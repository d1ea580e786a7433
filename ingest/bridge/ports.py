"""What the bridge needs of the outside world, as protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ingest.core.lorawan import events
from ingest.core.lorawan.judge import Binding, Codec
from ingest.core.lorawan.numbering import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A network server, or a stream of one; ``settings`` as in the table."""

    source_id: int
    name: str
    protocol: events.Protocol
    transport: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event as it came, read as far as its envelope.

    Attributes:
        kind: uplink, join, status, downlink or other.
        key: idempotency key.
        network_at: when the network server had it.
        reason_code, reason: where nothing could be read of it.
    """

    source_id: int
    kind: str
    key: str
    dev_eui: str | None = None
    network_at: datetime | None = None
    f_port: int | None = None
    f_cnt: int | None = None
    payload: bytes | None = None
    topic: str = ""
    body: bytes = b""
    reason_code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An event of the inbox that is to be stored; ``again``: it was set aside before."""

    event_id: int
    source: Source
    topic: str
    body: bytes
    received_at: datetime
    again: bool = False


class Connection(Protocol):
    """A connection to a server."""

    @property
    def source(self) -> Source:
        """The server."""

    @property
    def connected(self) -> bool:
        """Whether events can arrive now."""

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver events until ``stop``."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message to the server; TransientError where that can't be done now."""


Take = Callable[[Source, str, bytes], Awaitable[None]]
"""Is called with each event: source, topic, body."""
Say = Callable[[int, str], Awaitable[None]]
"""Is told of a source, by its number, whether it is connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenmlDevice:
    """A device that packs of SenML are for; ``codec`` None: names are those of its fields."""

    device_id: int
    device: str
    kind: str
    shard: int
    private: bool
    codec: Codec | None = None


class Inbox(Protocol):
    """Where events are kept until they are stored.

    Raises:
        TransientError: from every method; the database can't be asked now.
    """

    async def sources(self) -> list[Source]:
        """Return all sources that are switched on."""

    async def receive(self, arrival: Arrival) -> bool:
        """Keep an event; return whether it is new. On return it is safe.

        Raises:
            UnstorableError: it never can be kept: its source is not there any more.
        """

    async def connection(self, source_id: int, said: str) -> None:
        """Note of a source whether it is connected, or why it is not."""

    async def lead(self) -> bool:
        """Whether we are the one who stores events; another takes over where its connection ends."""

    async def waiting(self, limit: int) -> list[Waiting]:
        """Return the oldest events that are due."""

    async def bindings(self, dev_euis: Collection[str]) -> dict[str, Binding]:
        """Return which devices these sensors are; those that are none are not there."""

    async def senml_devices(self, names: Collection[str]) -> dict[str, SenmlDevice]:
        """Return devices by name, each with the map of its packs; those that are none, or retired, are not there."""

    async def runs(self, dev_euis: Collection[str]) -> dict[str, list[Run]]:
        """Return the runs of these sensors' frame counters."""

    async def frames(self, dev_eui: str, f_cnt: int, first_at: datetime, last_at: datetime) -> list[datetime]:
        """Return when stored frames of a sensor with this counter were heard, within a time."""

    async def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a maker's codec gave: ``data``, or ``errors`` in words (LoRa Alliance TS013, 4)."""

    data: Mapping[str, Any] | None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class SandboxError(Exception):
    """A codec can't be run, or was stopped: the sentence says why."""


class NoSandboxError(SandboxError):
    """No sandbox is installed."""


class Sandbox(Protocol):
    """Runs makers' JavaScript codecs where they can do no harm."""

    async def decode(self, source: str, payload: bytes, f_port: int, received_at: datetime) -> Ran:
        """Return what ``decodeUplink`` of ``source`` gives.

        Raises:
            SandboxError: it can't be run, or took too long or too much memory.
        """


class NoSandbox:
    """Where no sandbox is installed."""

    async def decode(self, source: str, payload: bytes, f_port: int, received_at: datetime) -> Ran:
        """Raise NoSandboxError."""
        del source, payload, f_port, received_at
        raise NoSandboxError("no sandbox is installed")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedDownlink:
    """A message to a device that waits to be given to its server."""

    downlink_id: int
    source: Source | None
    sender: events.Sender | None
    f_port: int
    payload: bytes
    what: str
    confirmed: bool
    correlation: str


class Downlinks(Protocol):
    """The queue of messages to devices; TransientError as with :class:`Inbox`."""

    async def queued(self, limit: int) -> list[QueuedDownlink]:
        """Return the oldest that are due."""

    async def sent(self, downlink_id: int) -> None:
        """Note that it was given to the server."""

    async def failed(self, downlink_id: int, problem: str) -> None:
        """Note that it can't be sent."""

    async def postpone_downlink(self, downlink_id: int, problem: str, delay_s: float) -> None:
        """Try it again later."""


__all__ = [
    "Arrival", "Binding", "Codec", "Connection", "Downlinks", "Inbox", "NoSandbox", "NoSandboxError", "QueuedDownlink", "Ran", "Sandbox",
    "SandboxError", "Say", "SenmlDevice", "Source", "Take", "Waiting",
]  # fmt: skip
