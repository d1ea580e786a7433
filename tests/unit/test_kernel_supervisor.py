"""Services under one roof: stop is a phase, a failure takes all down, the deadline holds."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from cityops.errors import InvariantError
from cityops.runtime.stop import Stop, sleep_until_stop
from cityops.runtime.supervisor import run_services


class Draining:
    """Does some work after it was asked to stop."""

    def __init__(self, drain_s: float = 0.0) -> None:
        self.drain_s = drain_s
        self.task_name = ""
        self.drained = False

    async def run(self, stop: asyncio.Event) -> None:
        task = asyncio.current_task()
        self.task_name = "" if task is None else task.get_name()
        await stop.wait()
        await asyncio.sleep(self.drain_s)
        self.drained = True


class Failing:
    async def run(self, stop: asyncio.Event) -> None:
        await asyncio.sleep(0.01)
        raise RuntimeError("broken")


class Leaving:
    async def run(self, stop: asyncio.Event) -> None:
        return


async def test_services_drain_after_stop_in_named_tasks() -> None:
    stop, service = Stop(), Draining(0.05)
    asyncio.get_running_loop().call_later(0.02, stop, "test")
    await run_services({"ingest": service}, stop, deadline_s=5)
    assert service.drained
    assert service.task_name == "ingest"
    assert stop.reason == "test"


async def test_a_failure_stops_the_others_in_order_and_is_raised() -> None:
    stop, other = Stop(), Draining(0.02)
    with pytest.raises(RuntimeError, match="broken"):
        await run_services({"bad": Failing(), "good": other}, stop, deadline_s=5)
    assert other.drained
    assert stop.reason == "bad failed: broken"


async def test_a_service_that_just_ends_is_a_failure() -> None:
    with pytest.raises(InvariantError, match="service early ended although nobody asked"):
        await run_services({"early": Leaving()}, Stop(), deadline_s=5)


async def test_a_service_that_does_not_stop_is_cancelled_at_the_deadline() -> None:
    stop, stuck = Stop(), Draining(60)
    stop()
    began = time.monotonic()
    await run_services({"stuck": stuck}, stop, deadline_s=0.1)
    assert time.monotonic() - began < 2
    assert not stuck.drained


async def test_cancelling_the_supervisor_cancels_the_services() -> None:
    stuck = Draining(60)
    running = asyncio.create_task(run_services({"stuck": stuck}, Stop(), deadline_s=60))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_set_the_stop(number: signal.Signals) -> None:
    stop = Stop()
    with stop.install_signals():
        os.kill(os.getpid(), number)
        assert await sleep_until_stop(stop.event, 5)
    assert stop.reason == number.name


async def test_sleep_until_stop_sleeps_its_time_without_one() -> None:
    assert not await sleep_until_stop(asyncio.Event(), 0.01)
