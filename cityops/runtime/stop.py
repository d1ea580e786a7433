"""The wish to stop, as an event: stopping is a phase that services carry out themselves."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class Stop:
    """An asyncio event that signals set, with the reason."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.reason = ""

    def __call__(self, reason: str = "asked to") -> None:
        """Ask everything to stop; the first reason is kept."""
        if not self.event.is_set():
            self.reason = reason
            self.event.set()

    @contextlib.contextmanager
    def install_signals(self) -> Iterator[Stop]:
        """Stop at SIGINT and SIGTERM while the context lasts; a second one kills as usual."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)

        def caught(number: signal.Signals) -> None:
            for other in signals:
                loop.remove_signal_handler(other)
            self(number.name)

        for number in signals:
            loop.add_signal_handler(number, caught, number)
        try:
            yield self
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


async def sleep_until_stop(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep for ``seconds`` or until ``stop`` is set; return whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """Return what ``work`` returns; None where ``stop`` was set first: it is cancelled and has ended then."""
    task = asyncio.create_task(work)
    waiter = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return None
    finally:
        for each in (task, waiter):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each


async def in_thread(work: Callable[[], T], interrupt: Callable[[], object] | None = None) -> T:
    """Run ``work`` in a thread; where cancelled, call ``interrupt`` and wait for the thread's end.

    A thread can't be cancelled: left alone it would go on starting what is being stopped.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        if interrupt is not None:
            await asyncio.to_thread(interrupt)
        with contextlib.suppress(Exception):
            await thread
        raise
