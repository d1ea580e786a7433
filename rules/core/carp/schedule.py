"""How hot the search is at each moment: cycles of cooling, as many as the budget is worth.

One long cooling of a tight instance is frozen for most of its time, and where it froze is
chance. So a budget is spent on several cycles; a small one on a single cycle. Every second cycle begins at the best solution, warm; the
others go on from where the last one ended, heated up fully.
"""

from __future__ import annotations

from dataclasses import dataclass

LENGTH = 4_000
"""Iterations of a cycle, times the number of tasks ..."""

LONGEST = 400_000
"""... but no more than this: longer cycles left more on networks of 190 and of 350 tasks (docs/benchmarks.md)."""

MOST = 60
"""Cycles at most."""

HOT, WARM = 1.0, 0.5
"""Temperatures at the start of hot and warm cycles, in mean serving costs."""

COLD, COLDEST = 0.15, 0.03
"""Temperatures at the end of a cycle and of the last one."""

REST = 2
"""Parts of a cycle after its first half: after each, routes are recombined."""


WORTH = 50_000
"""Iterations of a cycle from which recombining, which takes about as long as so many, is worth its time."""


@dataclass(frozen=True, slots=True)
class Heat:
    """Where the search stands.

    Attributes:
        temperature: in the unit of the costs.
        cycle: from 0.
        warm: whether the cycle begins at the best solution.
        part: of the cycle; 0 is its first half.
    """

    temperature: float
    cycle: int
    warm: bool
    part: int


def cycles_for(tasks: int, iterations: float) -> int:
    """Return how many cycles a budget is worth."""
    return int(min(MOST, max(1, round(iterations / min(LENGTH * tasks, LONGEST)))))


def is_worth_recombining(iterations: float, cycles: int) -> bool:
    """Whether cycles of so many iterations altogether leave time for recombination."""
    return iterations >= WORTH * cycles


def heat_at(scale: float, share: float, cycles: int) -> Heat:
    """Return where the search stands when ``share`` of the budget is used.

    Args:
        scale: the mean serving cost.
        share: 0 to 1.
        cycles: in the whole budget.
    """
    cycle = min(int(share * cycles), cycles - 1)
    within = min(share * cycles - cycle, 1.0)
    warm = cycle % 2 == 1
    start = WARM if warm else HOT
    cold = COLDEST if cycle == cycles - 1 else COLD
    part = 0 if within < 0.5 else 1 + int((within - 0.5) * 2 * REST)
    return Heat(scale * start * (cold / start) ** within, cycle, warm, part)
