"""Waiting between attempts, as a value.

Full jitter after Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015):
a uniform draw between 0 and the capped exponential spreads a crowd of clients best.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double from ``first_s`` up to ``cap_s`` [s], with full jitter."""

    first_s: float
    cap_s: float

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.cap_s:
            raise ValueError(f"Backoff: 0 < first_s ({self.first_s}) <= cap_s ({self.cap_s}) must hold")

    def ceiling(self, attempt: int) -> float:
        """Return the longest delay after ``attempt`` failures (0 is the first) [s]."""
        doublings = min(max(attempt, 0), 64)  # beyond that a float overflows for nothing
        return min(self.cap_s, self.first_s * 2.0**doublings)

    def delay(self, attempt: int, rng: random.Random) -> float:
        """Return the delay to wait after ``attempt`` failures (0 is the first) [s]."""
        return rng.uniform(0.0, self.ceiling(attempt))
