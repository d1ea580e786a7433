"""Work in a process of its own: what it returns and raises, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import time

import pytest

from cityops.runtime.own_process import OwnProcess, ProcessEndedError

BEGUN: list[int] = []


def begin() -> None:
    BEGUN.append(1)


def work(what: str) -> int:
    """Return the process, or fail, end or sleep."""
    if what == "fail":
        raise ValueError("so it is")
    if what == "end":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "sleep":
        time.sleep(60.0)
    if what == "begun":
        return len(BEGUN)
    return os.getpid()


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_one_process_does_it_all_and_ends_when_it_is_closed() -> None:
    own = OwnProcess(work, "work", 30.0)
    try:
        first = await own("x")
        assert first != os.getpid()
        with pytest.raises(ValueError, match="so it is"):
            await own("fail")
        assert await own("x") == first
        with pytest.raises(ProcessEndedError, match="has ended"):
            await own("end")
        second = await own("x")
        assert second != first
    finally:
        own.close()
    assert not is_there(second)


async def test_what_takes_too_long_is_ended_and_the_next_begins_anew() -> None:
    own = OwnProcess(work, "work", 5.0)
    try:
        first = await own("x")
        slow = OwnProcess(work, "slow", 0.2)
        with pytest.raises(ProcessEndedError, match=r"longer than 0\.2 s"):
            await slow("sleep")
        slow.close()
        assert await own("x") == first
    finally:
        own.close()


async def test_it_may_be_started_ahead_and_begins_once() -> None:
    own = OwnProcess(work, "work", 30.0, begins=begin)
    try:
        own.start()
        own.start()
        assert await own("begun") == 1
        assert await own("begun") == 1
        assert BEGUN == []
    finally:
        own.close()
