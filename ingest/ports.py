"""What the ingest service needs of the outside world, as protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cityops.errors import TransientError
from ingest.core.batch import Batch
from ingest.core.known_devices import KnownDevice
from ingest.core.ledger import Range
from ingest.core.letter_limit import Overflow
from ingest.core.letters import KeptLetter, LetterFilter, ReasonSummary


class StaleDevicesError(TransientError):
    """A batch names a device that the database no longer has: load the devices again."""


class UnstorableError(Exception):
    """Something in a batch beside its readings is refused for what it is; trying again is of no use."""


class LettersTakenError(Exception):
    """Nothing is stored: some letters of a replay are being replayed by someone else, or were, or are gone."""

    def __init__(self, letter_ids: Collection[int]) -> None:
        super().__init__(f"{len(letter_ids)} dead letters are replayed by someone else")
        self.letter_ids = frozenset(letter_ids)


class EventsTakenError(Exception):
    """Nothing is stored: some LoRaWAN events of a batch are stored by someone else, or were, or are gone."""

    def __init__(self, event_ids: Collection[int]) -> None:
        super().__init__(f"{len(event_ids)} LoRaWAN events are stored by someone else")
        self.event_ids = frozenset(event_ids)


@dataclass(slots=True)
class Chunk:
    """Messages that arrived together from one source; columns of equal length.

    Attributes:
        source: where they came from and are acknowledged to.
        epoch: number of the source's connection; acknowledgements of an earlier one are void.
        topics, payloads: the messages.
        packet_ids: what to acknowledge them by; 0 where nothing is to be acknowledged.
        payload_bytes: sum of the payloads' sizes.
        arrived_s: monotonic time of arrival [s].
    """

    source: MessageSource
    epoch: int
    topics: list[str]
    payloads: list[bytes]
    packet_ids: list[int]
    payload_bytes: int
    arrived_s: float

    def __len__(self) -> int:
        return len(self.topics)

    def split(self, at: int) -> tuple[Chunk, Chunk]:
        """Return its first ``at`` messages and the others, each a chunk of its own."""
        head_bytes = sum(map(len, self.payloads[:at]))
        return (
            self._part(slice(None, at), head_bytes),
            self._part(slice(at, None), self.payload_bytes - head_bytes),
        )

    def _part(self, part: slice, payload_bytes: int) -> Chunk:
        columns = (self.topics[part], self.payloads[part], self.packet_ids[part])
        return Chunk(self.source, self.epoch, *columns, payload_bytes, self.arrived_s)


class MessageSource(Protocol):
    """A stream of messages of one shard, each kept upstream until settled."""

    @property
    def shard(self) -> int:
        """The shard it serves."""

    @property
    def connected(self) -> bool:
        """Whether messages can arrive now."""

    @property
    def held(self) -> int:
        """Messages delivered and neither settled nor discarded."""

    async def run(self, stop: asyncio.Event, allowed: Callable[[], bool] = ...) -> None:
        """Deliver messages until ``stop``; then deliver no more, but stay able to settle.

        Args:
            stop: ends it.
            allowed: asked before each connection: whether the shard is ours to serve.
        """

    def settle(self, chunk: Chunk) -> None:
        """The chunk is stored for good: acknowledge it, in the order delivered, and make room."""

    def discard(self, chunk: Chunk) -> None:
        """The chunk is not ours to store any more: make room, acknowledge nothing, let it come again."""

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        """Send messages (topic, payload) in order, at most once; return how many, the rest is dropped."""

    async def close(self) -> None:
        """Send what waits to be sent and disconnect; the session stays at the broker."""


SourceFactory = Callable[[int, Callable[[Chunk], None]], MessageSource]
"""Makes the source of a shard which delivers to a callback."""


class KeyReceipt(NamedTuple):
    """The ranges of one device's boot that are stored, around the batch."""

    device_id: int
    boot: int
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch.

    Attributes:
        batch_id: number of the batch.
        readings: stored now, by kind.
        diary: diary entries stored now.
        duplicates: readings and other numbered messages that were stored before.
        dead_letters: set aside, by reason code, those refused by the database included.
        overflow: which of these are counted only, since their sender sends too many.
        receipts: one per device and boot of the batch.
    """

    batch_id: int
    readings: dict[str, int] = field(default_factory=dict)
    diary: int = 0
    duplicates: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    overflow: list[Overflow] = field(default_factory=list)
    receipts: list[KeyReceipt] = field(default_factory=list)


class ReadingSink(Protocol):
    """Where batches are stored, each wholly or not at all, each reading once."""

    async def store(self, batch: Batch, shard: int | None) -> Stored:
        """Store a batch; on return it is safe.

        A batch that replays dead letters marks in the same transaction those that are done, and no
        letter is made of it: what the database refuses of it is an UnstorableError.

        Args:
            batch: what the messages said.
            shard: shard of its messages, None where there are several.

        Raises:
            TransientError: nothing is stored, or it is not known; the same batch may be tried again.
            UnstorableError: nothing is stored; without one of its messages the batch could be.
            LettersTakenError: nothing is stored; without these letters the replay could be.
            EventsTakenError: nothing is stored; without these events of LoRaWAN the batch could be.
        """

    async def close(self) -> None:
        """Give back what it holds."""


class DeviceSource(Protocol):
    """Where the registered devices come from."""

    async def load(self) -> Iterable[KnownDevice]:
        """Return all devices that are not retired.

        Raises:
            TransientError: they can't be read now.
        """


class LetterStore(Protocol):
    """The dead letters that are kept.

    Raises:
        TransientError: from every method; they can't be read now.
    """

    async def page(self, wanted: LetterFilter, after_id: int, limit: int) -> list[KeptLetter]:
        """Return the ``limit`` oldest letters ``wanted`` whose number is above ``after_id``, in order."""

    async def newest(self, wanted: LetterFilter, limit: int) -> list[KeptLetter]:
        """Return the ``limit`` newest letters ``wanted``, newest first."""

    async def summary(self, wanted: LetterFilter) -> list[ReasonSummary]:
        """Return how many letters ``wanted`` there are by reason, and how many were not kept; most first."""

    async def clocks(self, device_ids: Collection[int]) -> dict[tuple[int, int], int]:
        """Return the known clock offsets of these devices' boots, by (device_id, boot) [µs]."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a look at the leases found, after taking what our share allows.

    Attributes:
        held: shards that are ours now, those to give up among them.
        give_up: those of them that others should have: hand them over, then release them.
        workers: how many workers share these shards, we among them.
        all_served: whether every shard is somebody's.
        settled: whether we have our share: nothing to give up, nothing left to take.
    """

    held: frozenset[int]
    give_up: frozenset[int] = frozenset()
    workers: int = 1
    all_served: bool = True
    settled: bool = True


class ShardLeases(Protocol):
    """Who serves which shard: at most one worker each, and all of them about as many."""

    @property
    def check_s(self) -> float:
        """How often to call ``hold`` [s]: it is what keeps the leases."""

    @property
    def valid(self) -> bool:
        """Whether the leases last taken or kept can't have run out yet, by our own clock."""

    async def hold(self, shards: Collection[int]) -> Holding:
        """Keep what we hold of ``shards``, and take what our share allows.

        Raises:
            TransientError: all leases are lost, or can't be asked for.
        """

    async def release(self, shards: Collection[int]) -> None:
        """Give leases back; nothing of ours serves these shards any more.

        Raises:
            TransientError: all leases are lost.
        """

    async def close(self) -> None:
        """Give all leases back."""


class ReceiptSender(Protocol):
    """Tells devices what the server holds."""

    def send(self, receipts: Iterable[KeyReceipt]) -> int:
        """Send the receipts, at most once each; return how many messages went out."""
