"""Plans are made in a process of its own, so that pages and REST stay live while the solver runs."""

from __future__ import annotations

from cityops.runtime import own_process
from cityops.runtime.own_process import ProcessEndedError
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.rounds.making import make
from rules.rounds.ports import NoRoundsError

LONGEST_S = 3600.0
"""So long a plan may take [s]: after that the day has gone on without it."""


class OwnProcess:
    """Makes plans one after the other in a child process; one that has ended is started anew with the next plan."""

    def __init__(self) -> None:
        self._process = own_process.OwnProcess(make, "cityops-rounds", LONGEST_S)

    async def __call__(self, request: RoundRequest, planner: RoundPlanner) -> RoundPlan:
        """Return the plan; NoRoundsError as :func:`rules.rounds.making.make`, or where the process has ended."""
        try:
            return await self._process(request, planner)
        except ProcessEndedError as error:
            raise NoRoundsError(f"no plan was made: {error}; plan again") from error

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.close()
