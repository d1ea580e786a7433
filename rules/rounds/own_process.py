"""Plans are made in a process of its own, so that pages and REST stay live while the solver runs."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.rounds.making import make
from rules.rounds.ports import NoRoundsError

NICER = 5
"""The process leaves the processor to others first."""


class OwnProcess:
    """Makes plans one after the other in a child process; one that has ended is started anew with the next plan."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def __call__(self, request: RoundRequest, planner: RoundPlanner) -> RoundPlan:
        """Return the plan; NoRoundsError as :func:`rules.rounds.making.make`, or where the process has ended."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(NICER,)
            )
        try:
            return await asyncio.wrap_future(self._pool.submit(make, request, planner))
        except BrokenProcessPool as error:
            self._pool = None
            raise NoRoundsError(
                "the process that makes plans has ended, perhaps for want of memory: plan again"
            ) from error

    def close(self) -> None:
        """End the process when its plan is made; what waits is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
