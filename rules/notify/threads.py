"""Threads of one channel that may be given up.

An executor's threads can't: a process waits for them when it ends, and one that hangs takes
a place in its queue unseen. These are daemons, and those that hang are counted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class HungError(Exception):
    """A call did not return in time; its thread may still be at it."""


class Threads:
    """Runs blocking calls, ``most`` at a time.

    Attributes:
        busy: threads at work, those that were given up among them.
        hung: threads that were given up and have not returned.
    """

    def __init__(self, name: str, most: int = 2) -> None:
        self._name, self.most = name, most
        self.busy = 0
        self.hung = 0

    @property
    def stuck(self) -> bool:
        """Whether every thread hangs."""
        return self.hung >= self.most

    async def run(self, work: Callable[[], T], deadline_s: float) -> T:
        """Return what ``work`` returns in a thread.

        Raises:
            HungError: it did not within ``deadline_s``; what it returns later is dropped.
            Exception: whatever ``work`` raises.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        call = _Call(self)
        self.busy += 1

        def thread() -> None:
            try:
                result = work()
            except Exception as error:
                _tell(loop, call.ended, done, None, error)
            else:
                _tell(loop, call.ended, done, result, None)

        threading.Thread(target=thread, name=f"notify-{self._name}", daemon=True).start()
        try:
            async with asyncio.timeout(deadline_s):
                return await done
        except TimeoutError:
            call.give_up()
            raise HungError(f"{self._name} did not answer within {deadline_s:g} s") from None


class _Call:
    """Counts one call; on the event loop only."""

    def __init__(self, threads: Threads) -> None:
        self._threads, self._given_up, self._over = threads, False, False

    def give_up(self) -> None:
        if not self._over:
            self._given_up = True
            self._threads.hung += 1

    def ended(self, done: asyncio.Future[T], result: T | None, error: Exception | None) -> None:
        self._over = True
        self._threads.busy -= 1
        self._threads.hung -= self._given_up
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # T may be None


def _tell(loop: asyncio.AbstractEventLoop, ended: Callable[..., None], *what: object) -> None:
    try:
        loop.call_soon_threadsafe(ended, *what)
    except RuntimeError:
        return  # the loop has ended: nobody is waiting any more
