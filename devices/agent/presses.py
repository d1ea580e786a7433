"""What presses of the frog's button mean: a scheme that a child can use. Pure.

Once: a shower or bath. Twice: cooking. Three times: drying clothes. More: something else.
Presses belong together while less than 1.2 s pass from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devices.contract.messages import Activity
from devices.drivers.button import Edge

STEADY_S = 0.03
"""A contact that stays so long as it is has stopped bouncing."""
TOGETHER_S = 1.2
MEANING: Mapping[int, Activity] = {1: "shower", 2: "cooking", 3: "washing"}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A finished run of presses: how many, when the first was [s], and what they mean."""

    presses: int
    at_s: float
    activity: Activity


class PressCounter:
    """Turns edges into runs of presses. Times are of one monotonic clock [s]."""

    def __init__(self) -> None:
        self._unsure: list[Edge] = []
        self._down = False
        self._first_s = self._last_s = 0.0
        self._count = 0

    def update(self, edges: Iterable[Edge], now_s: float) -> list[Pressed]:
        """Take what the button did; return the runs that are over at ``now_s``, oldest first."""
        done: list[Pressed] = []
        self._unsure += edges
        while (burst := self._settled(now_s)) is not None:
            at_s, down = burst
            self._end_run(at_s, done)
            if down and not self._down:
                self._press(at_s)
            self._down = down
        if not self._unsure:
            self._end_run(now_s, done)
        return done

    def _settled(self, now_s: float) -> tuple[float, bool] | None:
        """Take the oldest burst that is over; return when it began and how the contact was left."""
        for i, edge in enumerate(self._unsure):
            until_s = self._unsure[i + 1].at_s if i + 1 < len(self._unsure) else now_s
            if until_s - edge.at_s >= STEADY_S:
                began_s = self._unsure[0].at_s
                self._unsure = self._unsure[i + 1 :]
                return began_s, edge.down
        return None

    def _press(self, at_s: float) -> None:
        if self._count == 0:
            self._first_s = at_s
        self._count += 1
        self._last_s = at_s

    def _end_run(self, now_s: float, done: list[Pressed]) -> None:
        if self._count > 0 and now_s - self._last_s >= TOGETHER_S:
            done.append(Pressed(self._count, self._first_s, MEANING.get(self._count, "other")))
            self._count = 0
