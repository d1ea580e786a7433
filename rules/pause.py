"""Between two turns of a service that polls and takes hints."""

from __future__ import annotations

import asyncio
import contextlib

from cityops.runtime.stop import sleep_until_stop
from rules.ports import Waker

TURN_S = 0.05
"""Turns begin at most this often: a notification per shard and batch is no reason to hurry."""


async def pause(stop: asyncio.Event, waker: Waker, poll_s: float, *, took: bool) -> None:
    """Return when the next turn is due: soon where the last one ``took`` something, else at a hint.

    Args:
        stop: ends it at once.
        waker: hint that something is there.
        poll_s: seconds after which to look without a hint.
        took: whether the last turn had something to do.
    """
    if not (await sleep_until_stop(stop, TURN_S) or took):
        await hint(stop, waker, poll_s)


async def hint(stop: asyncio.Event, waker: Waker, wait_s: float) -> None:
    """Wait for a hint, for ``stop`` or for ``wait_s`` [s]."""
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(waker.wait())]
    _, late = await asyncio.wait(waits, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
