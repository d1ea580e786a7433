"""Look, wait, look again: the loop of a service that works beside others and must not end them."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, Protocol

import structlog
from prometheus_client import Counter
from structlog.typing import FilteringBoundLogger

from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop


def count_nothing(_error: Exception) -> None:
    """Where nobody counts failures."""


async def keep_looking(
    look: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    log: FilteringBoundLogger,
    name: str,
    *,
    every_s: float,
    retry: Backoff,
    failed: Callable[[Exception], object] = count_nothing,
) -> None:
    """Look until ``stop``; the look under way is finished first.

    Nothing that a look stumbles over ends the loop, nor the services beside it: it is written to the
    log, with the trace unless the outside world is to blame, and tried again.

    Args:
        look: one look; what it returns does not matter here.
        stop: ends the loop, and the wait at once.
        log: of the caller.
        name: begins the log's lines.
        every_s: wait after a look that went well [s].
        retry: waits after failures in a row.
        failed: is told of each failure, before it is written.
    """
    failures, rng = 0, random.Random()
    while not stop.is_set():
        try:
            await look()
            failures, wait_s = 0, every_s
        except Exception as error:
            wait_s, failures = retry.delay(failures, rng), failures + 1
            failed(error)
            if isinstance(error, TransientError):
                log.warning(f"{name}: trying again", error=str(error), retry_s=wait_s)
            else:
                log.exception(f"{name}: failed", retry_s=wait_s)
        await sleep_until_stop(stop, wait_s)


class Counts(Protocol):
    """What counts looks that were given up."""

    retries: Counter


class Looker(ABC):
    """A service of looks, each tried again where it fails; a class of its own says how it looks.

    Attributes:
        name: begins the log's lines.
        retry: waits after failures in a row.
        every_s: wait after a look that went well [s].
        metrics: counts failures.
    """

    name: ClassVar[str]
    retry: ClassVar[Backoff] = Backoff(first_s=0.5, cap_s=15.0)

    def __init__(self, every_s: float, metrics: Counts) -> None:
        self._every_s, self._counts = every_s, metrics

    @abstractmethod
    async def look(self) -> object:
        """Look once."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop``; the look under way is finished first."""
        log = structlog.get_logger(type(self).__module__)
        await keep_looking(
            self.look, stop, log, self.name, every_s=self._every_s, retry=self.retry, failed=lambda _: self._counts.retries.inc()
        )  # fmt: skip
