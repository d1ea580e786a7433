"""What crews say reaches the desk once and in order, also where the desk is away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from cityops.errors import TransientError
from firmware_sim.crew_voice import say_acts
from firmware_sim.world.collection import CrewAct

ACTS = [CrewAct(60.0 * i, "lorry-1", f"bin-{i:04d}", 1 + i % 4) for i in range(7)]


class Town:
    """Stands for a simulation and its world: one act more each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.running = True

    def crew_acts(self, after: int) -> list[CrewAct]:
        return ACTS[after : self.asked]

    def call(self, action: Callable[[Any], Any]) -> Future[Any]:
        self.asked += 1
        found: Future[Any] = Future()
        if self.asked == 4:
            found.set_exception(TransientError("the simulation is not running"))
        else:
            found.set_result(action(self))
        return found


class Desk:
    """Is away the second time."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.taken: list[CrewAct] = []
        self._times, self._stop = 0, stop

    async def take(self, acts: Sequence[CrewAct]) -> None:
        self._times += 1
        if self._times == 2:
            raise TransientError("no web page")
        self.taken += acts
        if len(self.taken) >= len(ACTS):
            self._stop.set()


async def test_each_act_is_said_once_and_in_order() -> None:
    stop, town = asyncio.Event(), Town()
    desk = Desk(stop)
    async with asyncio.timeout(10):
        await say_acts(town, desk, stop, every_s=0.001)  # type: ignore[arg-type]
    assert desk.taken == ACTS


async def test_a_simulation_that_ends_ends_the_saying() -> None:
    stop, town = asyncio.Event(), Town()
    town.running = False
    async with asyncio.timeout(10):
        await say_acts(town, Desk(stop), stop, every_s=0.001)  # type: ignore[arg-type]
    assert town.asked == 0
