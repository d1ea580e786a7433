"""The stream of what happens to alarms: in order, each once, though numbers commit out of order; bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ops_api.alarm_feed import BEHIND_MOST, GAP_S, QUEUE_EVENTS, AlarmFeed, Gaps, Line, Look, Told


@dataclass
class Log:
    """A log with transactions: a number is taken when one writes, and seen when it has committed."""

    lines: dict[int, int] = field(default_factory=dict)
    open_xids: set[int] = field(default_factory=set)
    next_xid: int = 10
    broken: bool = False
    bad: set[int] = field(default_factory=set)

    def commit(self, *numbers: int, alarm_id: int = 1) -> None:
        self.lines |= dict.fromkeys(numbers, alarm_id)

    async def newest(self) -> int:
        if self.broken:
            raise ConnectionError("no database")
        return max(self.lines, default=0)

    async def after(self, log_id: int, limit: int) -> Look:
        if self.broken:
            raise ConnectionError("no database")
        found = sorted(n for n in self.lines if n > log_id)[:limit]
        lines = tuple(Line(n, self.lines[n]) for n in found)
        return Look(lines, min(self.open_xids, default=self.next_xid), self.next_xid)

    async def tell(self, lines: Sequence[Line]) -> list[Told]:
        if self.bad & {line.log_id for line in lines}:
            raise ValueError("severity: 'grave' is none")
        return [Told(line, json.dumps({"log_id": line.log_id})) for line in lines]


@asynccontextmanager
async def following(log: Log, **options: Any) -> AsyncIterator[AlarmFeed]:
    feed = AlarmFeed(log, poll_s=0.01, **options)
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        feed.close()
        await asyncio.wait_for(task, 60)


async def heard(stream: AsyncGenerator[bytes, None]) -> tuple[str, int]:
    """Return the next event that is about the log: its name and number."""
    async with asyncio.timeout(60):
        async for piece in stream:
            fields = dict(line.split(": ", 1) for line in piece.decode().split("\n") if ": " in line)
            if "id" in fields:
                return fields["event"], int(fields["id"])
    return "end", -1


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.sets(st.integers(1, 30), max_size=5),
)
def test_lines_are_told_once_and_in_order_however_they_commit(
    sizes: list[int], chance: Any, rolled_back: set[int]
) -> None:
    """Transactions take their id, then numbers in turn, and end in any order, some of them in vain."""
    writers = [[] for _ in sizes]  # type: list[list[int]]
    numbers = iter(range(1, 1000))
    order = [i for i, n in enumerate(sizes) for _ in range(n)]
    chance.shuffle(order)
    for i in order:
        writers[i].append(next(numbers))
    log, gaps, told, cursor = Log(open_xids=set(range(len(sizes))), next_xid=len(sizes)), Gaps(), [], 0
    ends = list(range(len(sizes)))
    chance.shuffle(ends)
    for i in [*ends, None]:
        look = asyncio.run(log.after(cursor, 100))
        lines = [line.log_id for line in gaps.settled(cursor, look, 0.0)]
        told += lines
        cursor = lines[-1] if lines else cursor
        if i is not None:
            log.open_xids.discard(i)
            if i not in rolled_back:
                log.commit(*writers[i])
    assert told == sorted(log.lines)
    assert all(a < b for a, b in pairwise(told))


def test_a_gap_that_does_not_end_is_passed_and_said() -> None:
    gaps, look = Gaps(), Look((Line(2, 1),), oldest_open=5, next_xid=9)
    assert gaps.settled(0, look, 0.0) == []
    assert gaps.settled(0, look, GAP_S - 1) == []
    assert gaps.settled(0, look, GAP_S) == [Line(2, 1)]
    assert (gaps.skipped, gaps.ended) == (True, False)


def test_when_a_gap_that_was_passed_has_ended_it_is_said_again() -> None:
    """What came into it meanwhile was told to nobody; who read anew at once did not see it either."""
    gaps = Gaps()
    for now_s in (0.0, GAP_S):
        gaps.settled(0, Look((Line(2, 1),), oldest_open=5, next_xid=9), now_s)
    assert gaps.settled(2, Look((), oldest_open=8, next_xid=12), GAP_S + 5) == []
    assert not gaps.ended
    gaps.settled(2, Look((), oldest_open=9, next_xid=12), GAP_S + 10)
    assert gaps.ended
    gaps.settled(2, Look((), oldest_open=9, next_xid=12), GAP_S + 12)
    assert not gaps.ended, "once"


async def test_who_comes_back_gets_what_was_missed_and_only_that() -> None:
    log = Log()
    log.commit(1, 2, 3)
    async with following(log) as feed:
        stream = feed.stream()
        assert await heard(stream) == ("begin", 3)
        log.commit(4)
        feed.touch()
        assert await heard(stream) == ("alarm", 4)
        await stream.aclose()
        log.commit(5, 6)
        again = feed.stream(4)
        assert [await heard(again) for _ in range(2)] == [("alarm", 5), ("alarm", 6)]
        log.commit(7)
        assert await heard(again) == ("alarm", 7)
        await again.aclose()
        assert feed.readers == 0


async def test_a_line_that_commits_after_the_stream_began_is_not_missed() -> None:
    log = Log(open_xids={4})
    log.commit(1, 3)  # number 2 is of the open transaction
    async with following(log) as feed:
        stream = feed.stream()
        assert await heard(stream) == ("begin", 1)
        log.commit(2)
        log.open_xids.clear()
        assert [await heard(stream) for _ in range(2)] == [("alarm", 2), ("alarm", 3)]
        await stream.aclose()


async def test_a_line_that_can_not_be_told_holds_up_none() -> None:
    log = Log()
    log.commit(1)
    log.bad = {3}
    async with following(log) as feed:
        stream = feed.stream()
        assert await heard(stream) == ("begin", 1)
        log.commit(2, 3, 4)
        feed.touch()
        assert [await heard(stream) for _ in range(3)] == [("alarm", 2), ("alarm", 4), ("reset", 4)]
        await stream.aclose()


async def test_who_comes_back_past_a_line_that_can_not_be_told_reads_anew() -> None:
    log = Log()
    log.commit(1, 2, 3, 4, 5)
    log.bad = {3}
    async with following(log) as feed:
        stream = feed.stream(1)
        found = [await heard(stream) for _ in range(4)]
        assert found == [("alarm", 2), ("alarm", 4), ("alarm", 5), ("reset", 5)]
        await stream.aclose()


async def test_who_was_away_when_others_were_told_to_read_anew_does_so_too() -> None:
    log = Log()
    log.commit(1)
    log.bad = {2}
    async with following(log) as feed:
        stays = feed.stream()
        assert await heard(stays) == ("begin", 1)
        log.commit(2)
        feed.touch()
        assert await heard(stays) == ("reset", 2)
        log.commit(3)
        feed.touch()
        assert await heard(stays) == ("alarm", 3)
        for last, first in ((2, ("reset", 3)), (3, None)):
            back = feed.stream(last)
            if first is not None:
                assert await heard(back) == first
            await back.aclose()
        await stays.aclose()


async def test_one_alarm_can_be_followed() -> None:
    log = Log()
    log.commit(1)
    async with following(log) as feed:
        stream = feed.stream(alarm_id=7)
        await heard(stream)
        log.commit(2)
        log.commit(3, alarm_id=7)
        assert await heard(stream) == ("alarm", 3)
        await stream.aclose()
        missed = feed.stream(0, alarm_id=7)
        assert await heard(missed) == ("alarm", 3)
        await missed.aclose()


async def test_who_is_too_far_behind_or_knows_another_log_reads_anew() -> None:
    log = Log()
    log.commit(*range(1, BEHIND_MOST + 3))
    async with following(log) as feed:
        for last in (1, BEHIND_MOST + 50):
            stream = feed.stream(last)
            assert await heard(stream) == ("reset", BEHIND_MOST + 2)
            await stream.aclose()
        enough = feed.stream(2)
        assert await heard(enough) == ("alarm", 3)
        await enough.aclose()


async def test_a_slow_reader_is_sent_away_and_the_others_go_on() -> None:
    log = Log()
    log.commit(1)
    async with following(log) as feed:
        slow, quick = feed.stream(), feed.stream()
        await heard(slow)
        await heard(quick)
        for first in range(2, QUEUE_EVENTS + 52, 50):
            log.commit(*range(first, first + 50))
            assert [(await heard(quick))[1] for _ in range(50)] == list(range(first, first + 50))
        assert await heard(slow) == ("end", -1)
        assert feed.readers == 1
        await quick.aclose()


async def test_streams_are_bounded_and_end_when_the_server_stops() -> None:
    log = Log()
    async with following(log, max_readers=1) as feed:
        stream = feed.stream()
        assert await heard(stream) == ("begin", 0)
        assert feed.full
        feed.close()
        assert await heard(stream) == ("end", -1)
        assert feed.readers == 0


async def test_where_the_log_cannot_be_read_the_reader_comes_back() -> None:
    log = Log(broken=True)
    async with following(log) as feed:
        assert await heard(feed.stream(3)) == ("end", -1)
        log.broken = False
        log.commit(1)
        stream = feed.stream()
        assert await heard(stream) == ("begin", 1)
        log.broken = True
        feed.touch()
        await asyncio.sleep(0.05)
        log.broken = False
        log.commit(2)
        assert await heard(stream) == ("alarm", 2)
        await stream.aclose()
