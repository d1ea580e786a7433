"""The problem as the search sees it: tasks in one of two ways, and one matrix of costs.

A task is a required link. It has two ways of being done, the arcs 2t and 2t + 1 (forth and
back); a one-way street has only the first. Depots follow the arcs, numbered from 2·tasks.
``step[x, y]`` is the cost of going from the end of x to the start of y and of doing y. Nothing
else knows of a graph: turn costs are in the shortest paths behind ``step``, the price of one
more vehicle is in the depots' rows, and a step that is not allowed costs ``FORBIDDEN``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORBIDDEN = 1 << 28
"""Cost of a step that is not allowed. Four of them still fit 32 bits."""

Steps = NDArray[np.int32]


@dataclass(frozen=True)
class Problem:
    """What the search is given.

    Attributes:
        step: (2·tasks + depots)² costs, see the module.
        demand: per task.
        serving: cost of doing each task, which is part of every step to it; sets the scale of costs.
        capacity: load of a vehicle.
        fleet: vehicles aimed at.
        depots: how many.

    Raises:
        ValueError: sizes don't fit, a demand is over the capacity, or a task can't be reached.
    """

    step: Steps
    demand: NDArray[np.int64]
    serving: NDArray[np.int64]
    capacity: int
    fleet: int
    depots: int = 1

    def __post_init__(self) -> None:
        size = 2 * self.tasks + self.depots
        if self.depots < 1 or self.step.shape != (size, size):
            raise ValueError(
                f"step is {self.step.shape} for {self.tasks} tasks and {self.depots} depots, not {(size, size)}"
            )
        if self.tasks > 0 and int(self.demand.max()) > self.capacity:
            task = int(self.demand.argmax())
            raise ValueError(
                f"task {task} needs {self.demand[task]}; allowed: up to the capacity {self.capacity}"
            )
        lost = np.flatnonzero(self._alone() >= FORBIDDEN)
        if len(lost) > 0:
            raise ValueError(f"task {lost[0]} can't be reached from a depot and back")

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return len(self.demand)

    @property
    def size(self) -> int:
        """Number of arcs and depots."""
        return len(self.step)

    def _alone(self) -> NDArray[np.int64]:
        """Cost per task of the cheapest route that does it alone."""
        arcs = 2 * self.tasks
        there, back = self.step[arcs:, :arcs].astype(np.int64), self.step[:arcs, arcs:].astype(np.int64)
        alone: NDArray[np.int64] = (there.T + back).min(axis=1).reshape(self.tasks, 2).min(axis=1)
        return alone

    def depot(self, number: int) -> int:
        """Index of a depot in the matrix."""
        return 2 * self.tasks + number

    def route_cost(self, depot: int, arcs: Sequence[int]) -> int:
        """Cost of a route: from a depot (by number) through ``arcs`` and back."""
        stops = [self.depot(depot), *arcs, self.depot(depot)]
        return int(self.step[stops[:-1], stops[1:]].sum(dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Route:
    """One vehicle: its depot's number and the arcs it does, in order."""

    depot: int
    arcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes that do every task once, and what they cost together."""

    routes: tuple[Route, ...]
    cost: int
