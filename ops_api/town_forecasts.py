"""The simulated town's weather service: its forecasts reach the platform as any other's, from a document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import structlog

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from firmware_sim.service import Simulation
from firmware_sim.world.forecast import EVERY_S, TownForecaster, issues
from rules.winter.weather.files import read
from rules.winter.weather.formats.given import Given
from rules.winter.weather.ports import WeatherForecasts

log = structlog.get_logger(__name__)

BY = "simulated town"
POLL_S = 0.5


@dataclass
class TownForecasts:
    """Imports what the town's weather service issues.

    Attributes:
        forecaster: makes it.
        store: where it is kept.
        done_s: issues up to this time are in [s since 1970].
    """

    forecaster: TownForecaster
    store: WeatherForecasts
    done_s: float

    @classmethod
    def from_start(cls, forecaster: TownForecaster, store: WeatherForecasts, start_s: float) -> TownForecasts:
        """Return the service of a town that starts at a time: the issue before it is the first."""
        return cls(forecaster, store, start_s - EVERY_S)

    async def up_to(self, now_s: float) -> int:
        """Import what is issued by a time [s since 1970]; return how many.

        Raises:
            TransientError: the database does not answer; what is not in is imported by the next call.
        """
        count = 0
        for issued_s in issues(self.done_s, now_s):
            content = msgspec.json.encode(self.forecaster.document(issued_s))
            await self.store.add(read(content, f"town at {issued_s:.0f}", Given(), "json"), BY)
            self.done_s = issued_s
            count += 1
        return count

    async def follow(self, simulation: Simulation, speed: float, stop: asyncio.Event) -> None:
        """Follow a simulation's time until ``stop``; ``speed`` is its own until it is live."""

        def clock() -> tuple[float, float]:
            now = simulation.statistics()
            return now.simulated_s, 1.0 if now.live else speed

        await self.run(clock, stop)

    async def run(self, clock: Callable[[], tuple[float, float]], stop: asyncio.Event) -> None:
        """Follow the town's time until ``stop``.

        An issue is imported before its time is there, by as much as passes until the next look: in a town that plays
        fast, whoever asks at an hour's event time finds that hour's issue.

        Args:
            clock: returns the town's time [s since 1970], and its seconds per second.
            stop: set it to end.
        """
        while not stop.is_set():
            try:
                now_s, speed = clock()
                await self.up_to(now_s + 2.0 * POLL_S * speed)
            except TransientError as error:
                log.warning("the town's forecast waits", why=str(error))
            await sleep_until_stop(stop, POLL_S)
