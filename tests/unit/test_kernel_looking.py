"""The loop of a service beside others: it waits, backs off, says what failed, and ends only when asked to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
import structlog
from structlog.testing import capture_logs

from cityops.errors import TransientError
from cityops.runtime import looking
from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking

log = structlog.get_logger(__name__)

EVERY_S = 7.0


class Ceiling(Backoff):
    """Waits as long as it may, so that the waits can be told."""

    def delay(self, attempt: int, rng: random.Random) -> float:
        return self.ceiling(attempt)


class Looks:
    """Looks that go as told, one after the other; the last one asks to stop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, how: Sequence[Exception | None]) -> None:
        self.how, self.stop = list(how), asyncio.Event()
        self.waits: list[float] = []
        self.failures: list[Exception] = []
        monkeypatch.setattr(looking, "sleep_until_stop", self._sleep)

    async def _sleep(self, stop: asyncio.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        return stop.is_set()

    async def look(self) -> None:
        error = self.how.pop(0)
        if not self.how:
            self.stop.set()
        if error is not None:
            raise error

    async def run(self) -> list[str]:
        """Return the lines of the log, as ``level event``."""
        with capture_logs() as lines:
            retry = Ceiling(first_s=1.0, cap_s=3.0)
            await keep_looking(
                self.look, self.stop, log, "tank", every_s=EVERY_S, retry=retry, failed=self.failures.append
            )
        return [f"{line['log_level']} {line['event']}" for line in lines]


async def test_a_look_that_goes_well_is_followed_by_the_usual_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, [None, None, None])
    assert await looks.run() == []
    assert looks.waits == [EVERY_S, EVERY_S, EVERY_S]
    assert looks.failures == []


async def test_waits_grow_with_failures_in_a_row_and_begin_anew_after_a_good_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = TransientError("gone")
    looks = Looks(monkeypatch, [lost, lost, lost, None, lost])
    assert await looks.run() == ["warning tank: trying again"] * 4
    assert looks.waits == [1.0, 2.0, 3.0, EVERY_S, 1.0]
    assert looks.failures == [lost] * 4


async def test_a_mistake_of_ours_is_told_with_its_trace_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Looks(monkeypatch, [ValueError("no"), None])
    assert await looks.run() == ["error tank: failed"]
    assert looks.waits == [1.0, EVERY_S]


async def test_nothing_is_looked_at_once_it_is_asked_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch, [None])
    looks.stop.set()
    assert await looks.run() == []
    assert looks.waits == []


async def test_the_wish_to_stop_ends_the_wait_at_once() -> None:
    stop = asyncio.Event()

    async def look() -> None:
        asyncio.get_running_loop().call_later(0.01, stop.set)

    async with asyncio.timeout(10.0):
        await keep_looking(look, stop, log, "tank", every_s=3600.0, retry=Backoff(first_s=1.0, cap_s=1.0))


async def test_cancelling_is_no_failure() -> None:
    async def look() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_looking(
            look, asyncio.Event(), log, "tank", every_s=1.0, retry=Backoff(first_s=1.0, cap_s=1.0)
        )
