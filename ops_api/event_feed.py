"""Lines of a log as a stream of events, each line once and in order.

An event's id is its line's number, so a reader comes back with ``Last-Event-ID`` and gets
what it missed from the database. Numbers are given before their transactions commit: one
that is not there yet may still come. A line is therefore told only when nobody can write
a line before it any more: whoever writes one holds a transaction id by then, so when all
transactions that were open when the line was first seen have ended, every line before it
is there or never will be.

Buffers are bounded: a reader that is too slow is sent away, and reads on from the
database when it comes back. What a line says is worked out once for all readers.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import structlog

from ops_api.stream import HEARTBEAT_S, RETRY_MS, alive

log = structlog.get_logger(__name__)

BATCH = 100
QUEUE_EVENTS = 500
BEHIND_MOST = 1000
"""Who missed more lines than this is told to read everything anew."""
GAP_S = 30.0
"""Lines do not wait longer than this for one that may still come [s]; then readers are told to read anew."""
LOOK_BACK = 1000
CATCHING_UP = 4
"""Readers that are given what they missed at the same time; the others wait, the database has more to do."""


class Numbered(Protocol):
    """A line of a log, or what is told of one."""

    @property
    def number(self) -> int:
        """The line's number."""


L = TypeVar("L", bound=Numbered)
E = TypeVar("E", bound=Numbered)


@dataclass(frozen=True)  # no slots: a generic one of them cannot be made
class Look(Generic[L]):
    """Lines after a number, in order, as one snapshot of the database shows them.

    Attributes:
        oldest_open: the lowest transaction id that may still be open.
        next_xid: the lowest transaction id that was not yet given.
    """

    lines: tuple[L, ...]
    oldest_open: int
    next_xid: int


class LogSource(Protocol[L, E]):
    """A log. Every method raises where the database does not answer."""

    async def newest(self) -> int:
        """Return the highest number of a line; 0 where there is none."""
        ...

    async def after(self, number: int, limit: int, /) -> Look[L]:
        """Return the first lines after a number."""
        ...

    async def tell(self, lines: Sequence[L]) -> list[E]:
        """Return what is told of lines, in their order; of a line that nobody is to hear of, nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """What a log is called.

    Attributes:
        log: in messages, as ``the alarm log``.
        number: of a line, in what ``begin`` and ``reset`` say.
        marks_alive: whether ``alive`` carries the newest line's number as its id, so that who hears of few lines
            does not come back as if it had missed the others.
    """

    log: str
    number: str
    marks_alive: bool = False


@dataclass
class Gaps(Generic[L]):
    """Decides which lines can be told: those before which no other can come any more.

    Attributes:
        seen: by number of a line, the next transaction id when it was first seen, and when that was [s].
        skipped: one of the lines just settled did not wait for the end of its gap.
        ended: all that could still come into a gap that was skipped has come since: it was told to nobody.
    """

    seen: dict[int, tuple[int, float]] = field(default_factory=dict)
    skipped: bool = False
    ended: bool = False
    _open_until: int | None = None

    def settled(self, cursor: int, look: Look[L], now_s: float) -> list[L]:
        """Return the lines to tell after ``cursor``."""
        self.ended = self._open_until is not None and look.oldest_open >= self._open_until
        if self.ended:
            self._open_until = None
        found: list[L] = []
        expected, self.skipped = cursor + 1, False
        for line in look.lines:
            if line.number != expected and not self._closed(line.number, look, now_s):
                break
            self.seen.pop(line.number, None)
            found.append(line)
            expected = line.number + 1
        return found

    def _closed(self, number: int, look: Look[L], now_s: float) -> bool:
        next_xid, since_s = self.seen.setdefault(number, (look.next_xid, now_s))
        if look.oldest_open >= next_xid:
            return True
        if now_s - since_s < GAP_S:
            return False
        self.skipped = True
        self._open_until = next_xid if self._open_until is None else max(next_xid, self._open_until)
        return True


@dataclass(eq=False)
class _Reader(Generic[E]):
    queue: deque[E | int] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    overrun: bool = False

    def put(self, events: Sequence[E | int]) -> None:
        if len(self.queue) + len(events) > QUEUE_EVENTS:
            self.overrun = True
            self.queue.clear()
        if not self.overrun:
            self.queue.extend(events)
        self.wake.set()


class EventFeed(Generic[L, E]):
    """Tells readers of lines as they come.

    Args:
        source: the log.
        words: what it is called.
        poll_s: seconds between looks without a hint.
        pace_s: least seconds between two looks with one.
        max_readers: open streams at most.
        at_once: lines that are put into words at the same time.
    """

    def __init__(
        self,
        source: LogSource[L, E],
        words: Words,
        *,
        poll_s: float = 2.0,
        pace_s: float = 0.0,
        max_readers: int = 200,
        at_once: int = BATCH,
    ) -> None:
        self._source, self._names, self._max_readers = source, words, max_readers
        self._at_once = at_once
        self._poll_s, self._pace_s = poll_s, pace_s
        self._readers: set[_Reader[E]] = set()
        self._turns, self._catching_up = asyncio.Lock(), asyncio.Semaphore(CATCHING_UP)
        self._wake = asyncio.Event()
        self._gaps: Gaps[L] = Gaps()
        self._cursor = -1
        self._looked_s = 0.0
        self._is_owed = False  # a reset that could not be said yet
        self._reset_to = -1  # who stood here or before when one was said, and was away, has it to hear
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether another stream would be one too many."""
        return self._closed or len(self._readers) >= self._max_readers

    @property
    def readers(self) -> int:
        """Open streams."""
        return len(self._readers)

    def touch(self) -> None:
        """Say that something may be new."""
        self._wake.set()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._wake.set()
        for reader in self._readers:
            reader.wake.set()

    async def run(self) -> None:
        """Follow the log while anybody reads, until cancelled."""
        while not self._closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()
            self._wake.clear()
            async with self._turns:
                if not self._readers:
                    self._cursor = -1
                    continue
                try:
                    await self._turn()
                except Exception as error:
                    log.warning(f"{self._names.log} could not be followed", error=str(error))
            await asyncio.sleep(self._pace_s)

    async def _turn(self) -> None:
        await self._begin()
        while True:
            look = await self._source.after(self._cursor, self._at_once)
            looked_s = _now_s()
            lines = self._gaps.settled(self._cursor, look, looked_s)
            self._is_owed |= self._gaps.skipped or self._gaps.ended
            events, is_whole = await self._words(lines)
            cursor = lines[-1].number if lines else self._cursor
            if self._is_owed or not is_whole:
                events.append(cursor)
                self._is_owed, self._reset_to = False, cursor
            self._cursor, self._looked_s = cursor, looked_s
            for reader in self._readers if events else ():
                reader.put(events)
            if not lines:
                return

    async def _words(self, lines: Sequence[L]) -> tuple[list[E | int], bool]:
        """Return lines as events, and whether all of them could be put into words: one that can't holds up none."""
        if not lines:
            return [], True
        try:
            return [*await self._source.tell(lines)], True
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
            if len(lines) == 1:
                log.error(
                    f"a line of {self._names.log} can't be told", line=lines[0].number, error=str(error)
                )
                return [], False
        half = len(lines) // 2
        first, rest = await self._words(lines[:half]), await self._words(lines[half:])
        return first[0] + rest[0], first[1] and rest[1]

    async def _begin(self) -> None:
        """Stand at the last line before which nothing can come any more."""
        if self._cursor >= 0:
            return
        self._gaps = Gaps()
        cursor = max(0, await self._source.newest() - LOOK_BACK)
        look = await self._source.after(cursor, LOOK_BACK)
        if look.lines and cursor > 0:
            cursor = look.lines[0].number - 1
        lines = self._gaps.settled(cursor, look, _now_s())
        self._cursor = lines[-1].number if lines else cursor
        self._looked_s = _now_s()

    async def stream(
        self, last: int | None, pick: Callable[[E], bytes | None]
    ) -> AsyncGenerator[bytes, None]:
        """Yield events for one reader: first what came after the line ``last``, then what comes.

        It ends where the source fails, or the reader is too slow: the reader comes back.

        Args:
            last: the number of the line that the reader heard of last; None: it begins.
            pick: what the reader is sent of an event, as the text/event-stream format wants it; None: nothing.
        """
        reader: _Reader[E] = _Reader()
        self._readers.add(reader)
        try:
            async with aclosing(self._told(reader, last, pick)) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception as error:
            log.warning(f"a reader of {self._names.log} is sent away", error=str(error))
        finally:
            self._readers.discard(reader)

    async def _told(
        self, reader: _Reader[E], last: int | None, pick: Callable[[E], bytes | None]
    ) -> AsyncGenerator[bytes, None]:
        async with self._turns:
            await self._begin()
            cursor = self._cursor
        sent = cursor
        if last is None:
            yield self._position("begin", cursor)
        elif last <= self._reset_to or await self._is_too_far(last, cursor):
            yield self._position("reset", cursor)
        else:
            yield f"retry: {RETRY_MS}\n\n".encode()
            async for told in self._missed(last, cursor):
                piece = self._position("reset", told) if isinstance(told, int) else pick(told)
                if piece is not None:
                    yield piece
            sent = max(last, cursor)
        async with aclosing(self._coming(reader, sent, pick)) as coming:
            async for piece in coming:
                yield piece

    async def _is_too_far(self, last: int, cursor: int) -> bool:
        """Whether a reader is too far behind, or ahead of a log that is another one than it was."""
        if last >= cursor:
            return last > cursor and last > await self._source.newest()
        look = await self._source.after(last, BEHIND_MOST + 1)
        return sum(line.number <= cursor for line in look.lines) > BEHIND_MOST

    async def _missed(self, last: int, cursor: int) -> AsyncIterator[E | int]:
        is_whole = True
        while last < cursor:
            async with self._catching_up:
                look = await self._source.after(last, self._at_once)
                lines = [line for line in look.lines if line.number <= cursor]
                words, all_told = await self._words(lines)
            is_whole &= all_told
            for told in words:
                yield told
            last = lines[-1].number if lines else cursor
        if not is_whole:
            yield cursor

    async def _coming(
        self, reader: _Reader[E], sent: int, pick: Callable[[E], bytes | None]
    ) -> AsyncGenerator[bytes, None]:
        due_s = _now_s() + HEARTBEAT_S
        while not self._closed:
            while reader.queue:
                piece = self._piece(reader.queue.popleft(), sent, pick)
                if piece is not None:
                    yield piece
                    due_s = _now_s() + HEARTBEAT_S
            if reader.overrun:
                log.info(f"a reader of {self._names.log} is too slow and is sent away")
                return
            reader.wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    await reader.wake.wait()
            if _now_s() >= due_s and not reader.queue:
                yield self._alive(sent)
                due_s = _now_s() + HEARTBEAT_S

    def _piece(self, told: E | int, sent: int, pick: Callable[[E], bytes | None]) -> bytes | None:
        """Return what a reader that has heard of the lines up to ``sent`` is sent of one more."""
        if isinstance(told, int):
            return self._position("reset", told)
        return pick(told) if told.number > sent else None

    def _alive(self, sent: int) -> bytes:
        """Return the event that says that the stream is open; all lines up to its id were told, or are of no interest."""
        piece = alive(_now_s() - self._looked_s)
        if not self._names.marks_alive:
            return piece
        return f"id: {max(sent, self._cursor)}\n".encode() + piece

    def _position(self, event: str, number: int) -> bytes:
        data = json.dumps({self._names.number: number})
        return f"id: {number}\nretry: {RETRY_MS}\nevent: {event}\ndata: {data}\n\n".encode()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
