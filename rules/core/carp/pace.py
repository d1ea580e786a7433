"""How far the search is through its budget, and how much it does before it looks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LOOKS = 400
"""Times the budget is looked at in a run."""

ENDING = 0.985
"""Share of a budget of time for the search; the rest is for what follows its last step."""

SETTLED = 0.01
"""Share of a budget of time that the search must have run before its speed counts as known."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Iterations, or seconds by ``clock`` (for instance the CPU time of the process).

    Raises:
        ValueError: neither or both are given, or one is not above 0.
    """

    iterations: int | None = None
    seconds: float | None = None
    clock: Callable[[], float] | None = None

    def __post_init__(self) -> None:
        if (self.iterations is None) == (self.seconds is None):
            raise ValueError("a budget is either iterations or seconds")
        if self.iterations is not None and self.iterations < 1:
            raise ValueError(f"iterations: {self.iterations}; allowed: 1 or more")
        if self.seconds is not None and (self.seconds <= 0 or self.clock is None):
            raise ValueError(f"seconds: {self.seconds}; allowed: above 0, with a clock")


class Pace:
    """Counts iterations against a budget.

    Attributes:
        iterations: done so far.
        share: of the budget used, 0 to 1 and over.
        expected: iterations that the whole budget allows; None until it is known.
    """

    def __init__(self, budget: Budget) -> None:
        self._total = budget.iterations
        self._seconds = 0.0 if budget.seconds is None else ENDING * budget.seconds
        self._clock = budget.clock
        self._began = self._now()
        self.iterations = 0
        self.share = 0.0
        self.expected = budget.iterations
        self._prepared: float | None = None

    def _now(self) -> float:
        return 0.0 if self._clock is None else self._clock()

    def chunk(self) -> int:
        """Return how many iterations to do next; 0 = the budget is used up."""
        if self._total is not None:
            return min(self._total - self.iterations, max(1, self._total // LOOKS))
        if self._prepared is None:
            self._prepared = self.share = self._used()
        if self.share >= 1.0:
            return 0
        rate = self.iterations / max(self.share - self._prepared, 1e-6)
        return max(1, min(int(rate / LOOKS), int(rate * (1.0 - self.share)), 4 * self.iterations))

    def _used(self) -> float:
        return (self._now() - self._began) / self._seconds

    def done(self, iterations: int) -> None:
        """Note iterations as done, and look at the clock."""
        self.iterations += iterations
        if self._total is not None:
            self.share = self.iterations / self._total
            return
        self.share = self._used()
        run = self.share - (self._prepared or 0.0)
        if self.expected is None and run >= SETTLED:
            self.expected = int(self.iterations * (1.0 + (1.0 - self.share) / run))
