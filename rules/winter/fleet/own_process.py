"""Plans are made in a process of its own: pages and REST stay live, and the loops are compiled before the first plan."""

from __future__ import annotations

import importlib.util
import os

from cityops.runtime import own_process
from cityops.runtime.own_process import ProcessEndedError, TookTooLongError
from rules.core.cab.making import Wish, make
from rules.core.cab.model import Contents
from rules.core.fleet.planner import FleetPlanner, warm_up
from rules.winter.fleet.ports import NotPlannedError

LONGEST_S = 3600.0
"""So long a plan may take [s]: after that the night has gone on without it, and others may plan."""


class OwnProcess:
    """Makes plans one after the other in a child process; one that has ended is started anew with the next plan.

    Args:
        longest_s: so long a plan may take [s].
    """

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._process = own_process.OwnProcess(make, "cityops-planner", longest_s, begins=warm_up)

    def start(self) -> None:
        """Start the process where loops have to be compiled before the first plan; returns at once.

        Where nothing is compiled it begins with the first plan, and takes no memory until then.
        """
        if is_compiled():
            self._process.start()

    async def __call__(self, wish: Wish, planner: FleetPlanner) -> Contents:
        """Return the plan; ValueError and WrongPlanError as :func:`rules.core.cab.making.make`.

        Raises:
            NotPlannedError: the process has ended, memory was not enough, or it took too long.
        """
        try:
            return await self._process(wish, planner)
        except TookTooLongError as error:
            raise NotPlannedError(f"no plan was made: {error}; plan again, with fewer iterations") from error
        except ProcessEndedError as error:
            raise NotPlannedError(f"no plan was made: {error}; plan again") from error
        except MemoryError as error:
            raise NotPlannedError("there is not enough memory for so many passes") from error

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.close()


def is_compiled() -> bool:
    """Whether whoever plans compiles its loops, as ``rules.core.carp.compiled`` decides it; without importing a compiler."""
    return importlib.util.find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") in (
        "",
        "0",
    )
