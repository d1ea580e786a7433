"""Planners of a whole night: one searches for a budget of time, one only builds.

Both take the same and give a plan that ``verify`` agrees with; what they plan is how good. A planner is plain values;
what it does is in :mod:`rules.core.fleet.working`, and imported when it does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rules.core.carp.pace import Budget
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.request import Request


class FleetPlanner(Protocol):
    """Plans a night."""

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan.

        Raises:
            ValueError: a place is not on the network, or a job's name is there twice.
        """
        ...


@dataclass(frozen=True)
class Builder:
    """Puts job after job where it costs least, the most urgent first. Quick, and some percent worse."""

    seed: int = 1

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan."""
        from rules.core.fleet.working import built

        return built(request, self.seed)


@dataclass(frozen=True)
class Searcher:
    """Begins as the builder does and searches for better by ruin and recreate.

    Deterministic by seed where the budget is iterations.
    """

    budget: Budget
    seed: int = 1

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan."""
        from rules.core.fleet.working import searched

        return searched(request, self.budget, self.seed)


def warm_up() -> None:
    """Compile the loops, so that a budget of time is not spent on it."""
    from rules.core.fleet import working

    working.warm_up()
