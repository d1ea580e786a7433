"""A persistent MQTT 5 session of one shard: the ``MessageSource`` of the ingester.

What holds, each for a loss that was measured without it:

- Messages are acknowledged when they are settled, after COMMIT, in the order delivered.
- A chunk carries the number of the connection it came over. After a reconnect the
  broker's packet ids may start again at 1; acknowledging by an old chunk's ids would
  acknowledge messages that are not stored.
- The broker may have lost the session: every connection subscribes anew, and a session
  that was there and is gone counts as an incident.
- What is held unsettled is bounded by messages and bytes, over reconnects too: then the
  socket is not read, and no new connection is made.
- Nobody connects whose lease has run out, and whom another client has thrown out waits long
  enough to learn that it has.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.incident import Incident
from ingest.mqtt_connection import Connection
from ingest.mqtt_options import SessionOptions
from ingest.ports import Chunk

log = structlog.get_logger(__name__)

ASK_AGAIN_S = 0.1
"""How often to ask whether we may connect, as long as we may not."""

STEADY_S = 60.0
"""A connection that lasted so long makes the next back-off start from the beginning."""


def broker_trouble() -> Incident:
    """Return where the sessions of a worker tell that they have no connection.

    ``lost`` in its last line counts the sessions that the broker no longer knew: what it held
    for them is gone, and the devices send it again.
    """
    return Incident(log, "no connection to the broker", "connected to the broker again")


@dataclass(slots=True)
class SessionCounts:
    """What happened to a session since it was made."""

    connections: int = 0
    lost_sessions: int = 0
    stale_acknowledgements: int = 0
    taken_over: int = 0
    dropped_publishes: int = 0


class MqttSession:
    """See the module. A :class:`ingest.ports.MessageSource`.

    Args:
        shard: what it serves.
        filters: subscriptions.
        options: broker, client id and bounds.
        deliver: called with each chunk, from the event loop.
        clock: for arrival times.
        trouble: where lost connections are told of; shared by the sessions of a worker.
    """

    def __init__(
        self,
        shard: int,
        filters: Sequence[str],
        options: SessionOptions,
        deliver: Callable[[Chunk], None],
        clock: Clock,
        trouble: Incident | None = None,
    ) -> None:
        self.shard = shard
        self.counts = SessionCounts()
        self._filters = filters
        self._options = options
        self._offer = deliver
        self._clock = clock
        self._rng = random.Random()
        self._connection: Connection | None = None
        self._ready = False
        self._epoch = 0
        self._held = 0
        self._held_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = False
        self._log = log.bind(shard=shard, client_id=options.client_id)
        self._trouble = broker_trouble() if trouble is None else trouble

    @property
    def connected(self) -> bool:
        """Whether the session is connected and subscribed."""
        return self._ready

    @property
    def held(self) -> int:
        """Messages delivered and not settled."""
        return self._held

    async def run(self, stop: asyncio.Event, allowed: Callable[[], bool] = lambda: True) -> None:
        """Stay connected until ``stop``, then read no more. ``close`` ends it."""
        failures = 0
        self._stopping = False
        while not stop.is_set():
            if not allowed():
                await sleep_until_stop(stop, ASK_AGAIN_S)
                continue
            if not self._room.is_set() and not await self._wait_for_room(stop):
                break
            began_s = self._clock.monotonic()
            why = await self._connect_and_serve(stop)
            if stop.is_set():
                break
            failures = 0 if self._clock.monotonic() - began_s > STEADY_S else failures + 1
            delay_s = self._options.backoff.delay(failures - 1 if failures else 0, self._rng)
            if self._connection is not None and self._connection.taken_over:
                self.counts.taken_over += 1
                self._connection.taken_over = False  # it stands for this one time
                delay_s += self._options.taken_over_s
            self._trouble.failed(self.shard, why)
            await sleep_until_stop(stop, delay_s)
        self._stopping = True
        self._trouble.left(self.shard)
        if self._connection is not None:
            self._connection.pause_reading()

    def settle(self, chunk: Chunk) -> None:
        """Acknowledge a stored chunk, unless its connection is gone, and make room."""
        self._held -= len(chunk)
        self._held_bytes -= chunk.payload_bytes
        connection = self._connection
        if connection is not None and chunk.epoch == self._epoch and not connection.lost.is_set():
            connection.acknowledge(chunk.packet_ids)
        else:
            self.counts.stale_acknowledgements += len(chunk)
        self._make_room()

    def discard(self, chunk: Chunk) -> None:
        """Forget a chunk that is not ours to store any more; the broker has to send it again."""
        self._held -= len(chunk)
        self._held_bytes -= chunk.payload_bytes
        if chunk.epoch == self._epoch:
            self.drop_connection("its messages are not ours to store any more")
        self._make_room()

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        """Send at QoS 0, at most once, in order; return how many, the rest is dropped."""
        connection = self._connection if self._ready else None
        sent = 0 if connection is None else connection.publish_all(messages)
        self.counts.dropped_publishes += len(messages) - sent
        return sent

    async def close(self) -> None:
        """Send what waits and disconnect."""
        if self._connection is not None:
            await self._connection.disconnect()

    def drop_connection(self, why: str) -> None:
        """Drop the connection at once, acknowledging nothing more over it."""
        if self._connection is not None:
            self._connection.abort(why)

    async def _connect_and_serve(self, stop: asyncio.Event) -> str:
        """Connect, serve until the connection is lost or ``stop``; return why it ended."""
        self._epoch += 1
        connecting = asyncio.ensure_future(self._connect())
        try:
            await _first_of(stop.wait(), connecting)
        finally:
            if not connecting.done():
                connecting.cancel()
                self.drop_connection("stopping")
        try:
            connection = await connecting
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
            return "stopping"
        except (TransientError, OSError) as e:
            self.drop_connection(str(e))
            return str(e) or type(e).__name__
        self._ready = True
        try:
            await _first_of(connection.lost.wait(), stop.wait())
        finally:
            self._ready = False
        return connection.why_lost

    async def _connect(self) -> Connection:
        connection = await self._open()
        self._note_session(present=await connection.handshake(self._filters))
        return connection

    async def _open(self) -> Connection:
        epoch, options = self._epoch, self._options

        def deliver(topics: list[str], payloads: list[bytes], packet_ids: list[int]) -> None:
            self._deliver(epoch, topics, payloads, packet_ids)

        def make() -> Connection:
            self._connection = Connection(options, deliver)
            return self._connection

        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(options.timeout_s):
                _, connection = await loop.create_connection(
                    make, options.host, options.port, ssl=options.tls
                )
        except TimeoutError as e:
            raise TransientError(f"{options.host}:{options.port} did not answer") from e
        return connection

    def _deliver(self, epoch: int, topics: list[str], payloads: list[bytes], packet_ids: list[int]) -> None:
        if self._stopping:
            return  # not acknowledged: they come again
        size = sum(map(len, payloads))
        self._held += len(topics)
        self._held_bytes += size
        if not self._has_room():
            self._room.clear()
            if self._connection is not None:
                self._connection.pause_reading()
        now_s = self._clock.monotonic()
        self._offer(Chunk(self, epoch, topics, payloads, packet_ids, size, now_s))

    def _make_room(self) -> None:
        if self._has_room():
            self._room.set()
            if self._connection is not None and not self._stopping:
                self._connection.resume_reading()

    def _has_room(self) -> bool:
        options = self._options
        return self._held < options.window_messages and self._held_bytes < options.window_bytes

    async def _wait_for_room(self, stop: asyncio.Event) -> bool:
        await _first_of(self._room.wait(), stop.wait())
        return not stop.is_set()

    def _note_session(self, present: bool) -> None:
        self.counts.connections += 1
        lost = not present and self.counts.connections > 1
        self.counts.lost_sessions += lost
        self._log.debug("broker session", present=present, lost=lost)
        self._trouble.works(self.shard, lost=lost)


async def _first_of(*waiting: Awaitable[object]) -> None:
    """Wait until one is done; the others that were made here are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task, one in zip(tasks, waiting, strict=True):
            if task is not one:
                task.cancel()
