"""The simulated clock: starts in the past, hurries, and joins the wall clock."""

from __future__ import annotations


class SimulatedClock:
    """Time of the simulated world [s since 1970 UTC], never ahead of the wall clock.

    It advances ``speed`` simulated seconds per real second until it has caught up; from
    then on it goes with the wall clock. When held back it falls behind and hurries again.

    Args:
        start_s: simulated time at the beginning [s].
        wall_s: wall clock at the beginning [s].
        speed: simulated seconds per real second, at least 1 so that it ever catches up.
        max_step_s: longest advance in one step [s], so that a pause of the process does
            not become one huge leap.
    """

    def __init__(self, start_s: float, wall_s: float, speed: float, max_step_s: float = 600.0) -> None:
        if speed < 1:
            raise ValueError(f"speed {speed} must be at least 1: a slower clock would never be live")
        if start_s > wall_s:
            raise ValueError("the simulated clock can't start in the future")
        self._wall_s = wall_s
        self._speed = speed
        self._max_step_s = max_step_s
        self._most = speed
        self.now_s = start_s

    def no_faster(self, speed: float | None) -> None:
        """Go at most at ``speed`` from now on, at least 1; None: at its own again."""
        self._most = self._speed if speed is None else min(self._speed, max(1.0, speed))

    @property
    def live(self) -> bool:
        """Whether it shows the wall clock's time."""
        return self.now_s >= self._wall_s

    def advance(self, wall_s: float, pace: float = 1.0) -> float:
        """Move on to the wall clock's ``wall_s``; return the new simulated time [s].

        Args:
            wall_s: wall clock now [s]; a step backwards moves nothing.
            pace: 0..1, part of the speed; 0 holds the clock.
        """
        passed_s = max(0.0, wall_s - self._wall_s)
        self._wall_s = max(self._wall_s, wall_s)
        step_s = min(passed_s * self._most * pace, self._max_step_s)
        self.now_s = max(self.now_s, min(self.now_s + step_s, self._wall_s))
        return self.now_s


def pace_for(unreceipted: int, limit: int) -> float:
    """Return how fast the simulated clock may run with so many readings on their way.

    Full speed up to half the limit, then ever slower, standing at the limit: the server
    decides how fast a simulation runs, and no outbox ever overflows.
    """
    free = 1.0 - unreceipted / limit
    return max(0.0, min(1.0, 2.0 * free))
