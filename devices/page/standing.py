"""How things stand with the frog, as its page shows it; and the desk between page and agent.

The agent lives in one thread and the page in others. They share nothing but a :class:`Desk`: the
agent puts a fresh, frozen :class:`Standing` on it, the page takes it, and leaves what somebody tapped.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from devices.contract.messages import Activity
from devices.page.judge import USUAL, Limits, Opinion
from devices.page.samples import Key, Sample

Kept = Literal["kept", "failed", "soon"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand.

    Attributes:
        now_s: the frog's clock [s since 1970].
        clock_set: whether that clock was ever set.
        latest: what was measured last.
        opinion: what the frog thinks of the air; None without a fresh sample.
        connected: whether there is a connection to the town.
        waiting: entries that the town has not confirmed.
        waiting_since_s: when the oldest of them was made [s since 1970].
        answered_s: when the town last confirmed anything, since this start.
        waiting_diary: keys of diary entries among them.
        sensor_trouble: what the sensors last said, where the last reading failed.
        card_trouble: what the card said, where it did not take the record.
        eyes, eyes_dark, button: whether the frog has eyes, keeps them shut now, has a button.
        limits: by what the air is judged.
    """

    now_s: int
    clock_set: bool = True
    latest: Sample | None = None
    opinion: Opinion | None = None
    connected: bool = False
    waiting: int = 0
    waiting_since_s: int | None = None
    answered_s: int | None = None
    waiting_diary: frozenset[Key] = frozenset()
    sensor_trouble: str = ""
    card_trouble: str = ""
    eyes: bool = False
    eyes_dark: bool = False
    button: bool = False
    limits: Limits = USUAL


@dataclass(frozen=True, slots=True)
class Tap:
    """Somebody tapped an activity on the page at ``at_s`` (the desk's clock)."""

    activity: Activity
    at_s: float
    done: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left after the frog has forgotten its household.

    Attributes:
        waiting: entries that the town has not confirmed; they are sent and then forgotten, too.
        traces: whether the card's files may hold parts of what was deleted; the frog goes on to remove them.
    """

    waiting: int = 0
    traces: bool = False


@dataclass(frozen=True, slots=True)
class Farewell:
    """The household wants the frog to forget them; the answer is None where it could not."""

    done: Future[Left | None] = field(default_factory=Future)


class Desk:
    """What page and agent hand each other.

    Args:
        clock: monotonic [s].
        patience_s: how long a tap waits for the agent to have stored it [s].
    """

    def __init__(self, clock: Callable[[], float], patience_s: float = 5.0) -> None:
        self.standing: Standing | None = None
        self._clock = clock
        self._patience_s = patience_s
        self._taps: queue.SimpleQueue[Tap] = queue.SimpleQueue()
        self._farewells: queue.SimpleQueue[Farewell] = queue.SimpleQueue()

    def tap(self, activity: Activity) -> Kept:
        """Leave a tap and wait for the agent; ``soon`` where it is still busy with the network."""
        tap = Tap(activity, self._clock())
        self._taps.put(tap)
        try:
            return "kept" if tap.done.result(self._patience_s) else "failed"
        except TimeoutError:
            return "soon"

    def forget(self) -> Left | Literal["failed", "soon"]:
        """Ask the agent to forget the household, and wait for it; return what is left where it has."""
        farewell = Farewell()
        self._farewells.put(farewell)
        try:
            return farewell.done.result(self._patience_s) or "failed"
        except TimeoutError:
            return "soon"

    def taps(self) -> list[Tap]:
        """Take what was tapped, oldest first; the agent answers each by its ``done``."""
        return _all_of(self._taps)

    def farewells(self) -> list[Farewell]:
        """Take who wants to be forgotten; the agent answers each by its ``done``."""
        return _all_of(self._farewells)


def _all_of(waiting: queue.SimpleQueue[T]) -> list[T]:
    taken: list[T] = []
    while not waiting.empty():
        taken.append(waiting.get())
    return taken
