"""Server-sent events: one publisher task, many readers, the newest state wins.

A topic is a page's or an API document's present state as text. The hub renders a topic
only while somebody reads it, when something changed (NOTIFY is the hint, a version query
every ``poll_s`` the truth) and at most once per ``pace_s``; who reads the same topic
shares the rendering. Each event is a whole state and its id is a digest of it: a reader
that reconnects with ``Last-Event-ID`` gets nothing when nothing changed, and dropping
the oldest event of a slow reader loses nothing. A topic that few things change follows a
version of its own. An ``alive`` event every ``HEARTBEAT_S`` says how old what was sent is,
so that a page can tell a quiet town from a far end that has gone or knows nothing new.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

Render = Callable[[], Awaitable[str]]
"""Returns a topic's present state: one line of text (JSON)."""

Version = Callable[[], Awaitable[object]]
"""Returns a value that differs when what is shown may have changed."""

Hints = Callable[[], AsyncIterator[str]]
"""Returns an iterator that yields whenever something may have changed."""

HEARTBEAT_S = 15.0
RETRY_MS = 3000
QUEUE_EVENTS = 8
REFRESH_S = 30.0
"""States carry words such as "5 minutes ago", so they are rendered anew this often anyway."""


@dataclass(frozen=True, slots=True)
class Event:
    """A state: its digest and its text."""

    id: str
    data: str

    def encode(self) -> bytes:
        """Return the event as the text/event-stream format wants it."""
        return f"id: {self.id}\nretry: {RETRY_MS}\nevent: state\ndata: {self.data}\n\n".encode()


def alive(age_s: float) -> bytes:
    """Return the event that says that a stream is open and how old what it last said is [s]."""
    return f'event: alive\ndata: {{"age_s":{max(0.0, age_s):.0f}}}\n\n'.encode()


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream: a bounded queue that drops its oldest event when full."""

    queue: deque[Event] = field(default_factory=lambda: deque(maxlen=QUEUE_EVENTS))
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: int = 0

    def put(self, event: Event) -> None:
        """Add an event, dropping the oldest where the reader is too slow."""
        self.dropped += len(self.queue) == self.queue.maxlen
        self.queue.append(event)
        self.wake.set()


@dataclass(eq=False, slots=True)
class _Topic:
    """``looked_s``: when it was last known to be up to date; ``rendered_s``: when it was last made; ``failed``: not lately."""

    render: Render
    follows: str | None = None
    readers: set[Reader] = field(default_factory=set)
    last: Event | None = None
    seen: object = None
    looked_s: float = 0.0
    rendered_s: float = 0.0
    failed: bool = False


class Hub:
    """Fans the state of topics out to readers.

    Args:
        version: returns a value that differs when anything shown may have changed.
        hints: notifications; may end or fail, polling goes on.
        versions: those of topics that follow one of their own, by name.
        poll_s: seconds between looks at ``version``.
        pace_s: least time between two renderings.
        max_readers: open streams at most; :meth:`full` says when it is reached.
    """

    def __init__(
        self,
        version: Version,
        hints: Hints | None = None,
        *,
        versions: Mapping[str, Version] = MappingProxyType({}),
        poll_s: float = 2.0,
        pace_s: float = 0.5,
        max_readers: int = 2000,
    ) -> None:
        self._version = version
        self._versions = versions
        self._hints = hints
        self._told: list[Callable[[], None]] = []
        self._poll_s = poll_s
        self._pace_s = pace_s
        self._max_readers = max_readers
        self._topics: dict[str, _Topic] = {}
        self._wake = asyncio.Event()
        self._closed = False
        self.dropped = 0

    @property
    def readers(self) -> int:
        """Open streams."""
        return sum(len(t.readers) for t in self._topics.values())

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    @property
    def full(self) -> bool:
        """Whether another stream would be one too many."""
        return self._closed or self.readers >= self._max_readers

    def touch(self) -> None:
        """Say that something changed: what this process has just written itself."""
        self._wake.set()
        for tell in self._told:
            tell()

    def tell(self, also: Callable[[], None]) -> None:
        """Call ``also`` whenever something may have changed."""
        self._told.append(also)

    def close(self) -> None:
        """End every stream, so that a server can stop; the browsers come back by themselves."""
        self._closed = True
        for topic in self._topics.values():
            for reader in topic.readers:
                reader.wake.set()
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if self._hints is not None:
                tasks.create_task(self._follow(self._hints), name="sse-hints")
            tasks.create_task(self._publish(), name="sse-publish")

    async def _follow(self, hints: Hints) -> None:
        try:
            async for _ in hints():
                self.touch()
        except Exception as e:
            # A hint is never the only way: polling goes on without it.
            log.warning("no more hints; polling only", error=str(e))

    async def _publish(self) -> None:
        seen: object = None
        while not self._closed:
            hinted = await self._wait()
            if not self._topics:
                continue
            version = await self._safe(self._version)
            changed = hinted or (version is not None and version != seen)
            seen = version
            if await self._refresh(changed, reached=version is not None):
                await asyncio.sleep(self._pace_s)

    async def _wait(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._wake.wait()
        hinted = self._wake.is_set()
        self._wake.clear()
        return hinted

    async def _refresh(self, changed: bool, reached: bool) -> bool:
        """Render the topics that may have changed; return whether there were any."""
        asked: dict[str, object] = {}
        rendered = False
        for topic in list(self._topics.values()):
            if not await self._is_stale(topic, changed, reached, asked):
                continue
            rendered, before = True, topic.last
            event = await self._rendered(topic)
            if event is not None and event != before:
                for reader in topic.readers:
                    reader.put(event)
        return rendered

    async def _is_stale(self, topic: _Topic, changed: bool, reached: bool, asked: dict[str, object]) -> bool:
        now_s = asyncio.get_running_loop().time()
        if topic.follows is not None:
            if topic.follows not in asked:
                asked[topic.follows] = await self._safe(self._versions[topic.follows])
            version = asked[topic.follows]
            reached = version is not None
            changed = reached and version != topic.seen
            topic.seen = version
        if reached and not changed and not topic.failed:
            topic.looked_s = now_s
        return changed or topic.failed or now_s - topic.rendered_s > REFRESH_S

    async def _rendered(self, topic: _Topic) -> Event | None:
        data = await self._safe(topic.render)
        topic.failed = data is None
        if data is None:
            return None
        topic.looked_s = topic.rendered_s = asyncio.get_running_loop().time()
        digest = hashlib.blake2b(data.encode(), digest_size=8).hexdigest()
        topic.last = Event(digest, data)
        return topic.last

    async def _safe(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return the answer, or None where the outside world failed: the next poll asks again."""
        try:
            return await ask()
        except Exception as e:
            log.warning("a live state could not be made", error=str(e))
            return None

    async def stream(
        self, name: str, render: Render, last_event_id: str | None = None, follows: str | None = None
    ) -> AsyncIterator[bytes]:
        """Yield a topic's events for one reader, until it goes or :meth:`close`.

        The first event is the present state, unless the reader has it already. ``follows``:
        the version whose changes are the topic's; without it those of everything.
        """
        topic = self._topics.setdefault(name, _Topic(render, follows))
        reader = Reader()
        topic.readers.add(reader)
        try:
            first = topic.last if self._is_fresh(topic) else await self._rendered(topic)
            if first is not None and first.id != last_event_id and not reader.queue:
                reader.put(first)
            else:
                yield f"retry: {RETRY_MS}\n\n".encode()
                yield alive(asyncio.get_running_loop().time() - topic.looked_s)
            async with aclosing(self._events(topic, reader)) as events:
                async for chunk in events:
                    yield chunk
        finally:
            self.dropped += reader.dropped
            topic.readers.discard(reader)
            if not topic.readers:
                self._topics.pop(name, None)

    def _is_fresh(self, topic: _Topic) -> bool:
        """Whether what a topic said last is as things are now: one that nobody read, or whose database is silent, is not.

        A state says "now" to whoever gets it: an old one would make a page live that is not.
        """
        return topic.last is not None and asyncio.get_running_loop().time() - topic.looked_s < HEARTBEAT_S

    async def _events(self, topic: _Topic, reader: Reader) -> AsyncGenerator[bytes, None]:
        while not self._closed:
            while reader.queue:
                yield reader.queue.popleft().encode()
            reader.wake.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await reader.wake.wait()
            except TimeoutError:
                yield alive(asyncio.get_running_loop().time() - topic.looked_s)
