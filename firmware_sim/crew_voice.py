"""What simulated crews say of bins, on its way to the platform's desk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from firmware_sim.service import Simulation
from firmware_sim.world.collection import CrewAct


class CrewDesk(Protocol):
    """Takes what crews say, as a crew's own page would."""

    async def take(self, acts: Sequence[CrewAct]) -> None:
        """Take acts in the order of time.

        Raises:
            TransientError: none of them was taken; they are said again later.
        """
        ...


async def say_acts(simulation: Simulation, desk: CrewDesk, stop: asyncio.Event, every_s: float = 1.0) -> None:
    """Tell the desk what crews say until ``stop``, looking every ``every_s`` seconds of real time; each act once.

    What was said by then and nobody has told is told at the end, where the desk is there.
    """
    said, ended = 0, False
    while simulation.running and not ended:
        ended = await sleep_until_stop(stop, every_s)
        said = await _say(simulation, desk, said)


async def _say(simulation: Simulation, desk: CrewDesk, said: int) -> int:
    """Tell what is new after the first ``said`` acts; return how many have been said."""
    try:
        acts = await asyncio.wrap_future(simulation.call(lambda world: world.crew_acts(said)))
        if acts:
            await desk.take(acts)
    except TransientError:
        return said
    return said + len(acts)
