"""Between the laboratory's switches in the database and the simulated town that plays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from cityops.errors import ConfigurationError
from cityops.runtime.stop import sleep_until_stop
from firmware_sim.lab.switches import changes, fault_of
from firmware_sim.service import Simulation
from firmware_sim.world.world import World
from ops_api.queries import Db

log = structlog.get_logger(__name__)
T = TypeVar("T")
LOOK_EVERY_S, SAY_EVERY = 1.0, 5
"""How often switches are looked at [s], and after how many looks the town says how it stands."""


class LabLink:
    """Does what is switched, and says how the town stands.

    What is switched on when the town starts holds from its start.
    """

    def __init__(self, simulation: Simulation, scenario: str) -> None:
        self._simulation, self._scenario = simulation, scenario
        self._held: set[int] = set()
        self._refused: set[int] = set()

    async def run(self, db: Db, stop: asyncio.Event) -> None:
        """Look at the switches every second until ``stop``.

        Raises:
            TransientError: the database does not answer; faults stay as they are, and it may be run again.
        """
        looks, ended = 0, False
        while self._simulation.running and not ended:
            await self.look(db)
            if looks % SAY_EVERY == 0:
                await self.say(db)
            looks += 1
            ended = await sleep_until_stop(stop, LOOK_EVERY_S)

    async def look(self, db: Db) -> None:
        """Begin and end what is to begin and end."""
        rows = await db.rows("lab_open")
        wanted = {row["fault_id"]: row["fault"] for row in rows}
        self._refused |= {row["fault_id"] for row in rows if row["problem"]}
        due = changes(wanted, self._held, self._refused)
        for number in due.end:
            await self._in_town(lambda world, n=number: world.faults.end(n))  # type: ignore[misc]
            self._held.discard(number)
        for number, document in due.begin.items():
            await self._begin(db, number, document)

    async def say(self, db: Db) -> None:
        """Write down how the town stands."""
        s = self._simulation.statistics()
        told = {**asdict(s), "refused": {str(code): n for code, n in s.refused.items()}}
        at = datetime.fromtimestamp(s.simulated_s, UTC)
        await _write(db, "lab_says", simulated=at, scenario=self._scenario, statistics=json.dumps(told))

    async def _begin(self, db: Db, number: int, document: object) -> None:
        devices: tuple[str, ...] | None = None
        problem = ""
        now_s = self._simulation.statistics().simulated_s
        try:
            fault = fault_of(document)
            devices = await self._in_town(lambda world: world.faults.strike(number, fault, now_s))
            self._held.add(number)
        except (ConfigurationError, ValueError) as error:
            problem = str(error).removeprefix("faults[0].").removeprefix("fault.")
            self._refused.add(number)
        log.info("fault switched", number=number, devices=devices, problem=problem)
        named = None if devices is None else list(devices)
        at = datetime.fromtimestamp(now_s, UTC)
        await _write(db, "lab_begun", fault_id=number, began_at=at, devices=named, problem=problem)

    async def _in_town(self, action: Callable[[World], T]) -> T:
        return await asyncio.wrap_future(self._simulation.call(action))


async def _write(db: Db, query: str, **values: object) -> None:
    async with db.transaction() as transaction:
        await transaction.rows(query, **values)
