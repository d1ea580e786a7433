"""Stopping what is still starting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cityops.runtime.stop import in_thread, unless_stopped


async def test_work_that_ends_first_is_returned() -> None:
    async def work() -> int:
        return 7

    assert await unless_stopped(work(), asyncio.Event()) == 7


async def test_a_failure_of_the_work_is_raised() -> None:
    async def work() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_stopped(work(), asyncio.Event())


async def test_work_is_cancelled_and_cleaned_up_when_stopped() -> None:
    stop, cleaned = asyncio.Event(), []

    async def work() -> int:
        stop.set()
        try:
            await asyncio.sleep(60.0)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append("up")
        return 7

    assert await unless_stopped(work(), stop) is None
    assert cleaned == ["up"]


async def test_a_cancelled_thread_is_interrupted_and_waited_for() -> None:
    asked, ended = threading.Event(), []

    def work() -> None:
        asked.wait(10.0)
        ended.append("work")

    task = asyncio.create_task(in_thread(work, interrupt=asked.set))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work"]
