"""What the reopener needs of the outside. Two implementations; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rules.core.context import Context
from rules.core.reopen import LateWindow
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed
from rules.core.would_differ import Mark

State = Literal["open", "same", "differs", "too_late"]


@dataclass(frozen=True, slots=True)
class Due:
    """Windows that have rested, and event time [s since 1970]; None before the first reading."""

    settled_s: float | None
    windows: tuple[LateWindow, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint of the engine's memory as of ``settled_s`` [s since 1970]."""

    settled_s: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the past is asked for. Times: seconds since 1970.

    Attributes:
        begin_s: where the replay begins.
        from_s, to_s: the span that is judged.
        catalogue_id: what another catalogue decided is not judged; None where copies are not kept.
        widths_m: of each segment [m].
    """

    begin_s: float
    from_s: float
    to_s: float
    catalogue_id: int | None
    widths_m: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Past:
    """What the tables hold.

    Attributes:
        up: the alarms that were up where the replay begins, as they then were.
        standing: the last decision before the span, of each rule and subject.
        stored: alarms and decisions in the span, as they were at its end.
        other_s: when another catalogue last decided anything in it [s since 1970]; None: never.
    """

    up: tuple[AlarmSpan, ...]
    standing: tuple[DecisionMade, ...]
    stored: Replayed
    other_s: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a window. ``state``: ``open`` = it is looked at again later."""

    window: LateWindow
    state: State
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """All that is written of one look, completely or not at all.

    Attributes:
        at_s: event time [s since 1970].
    """

    verdicts: tuple[Verdict, ...]
    marks: tuple[Mark, ...]
    at_s: float


class LateWindows(Protocol):
    """Windows of late readings, and what is compared. Every method raises TransientError where it can't."""

    async def due(self, rested_s: float) -> Due:
        """Return the open windows to which nothing was added for ``rested_s``."""
        ...

    async def checkpoint(self, before_s: float) -> Kept | None:
        """Return the newest checkpoint before a time [s since 1970]."""
        ...

    async def past(self, asked: Asked) -> Past:
        """Return what the tables hold of a time."""
        ...

    async def close(self, judged: Judged) -> int:
        """Write marks and verdicts in one transaction and return how many marks are new or other ones.

        A mark changes nothing else of a decision or an alarm; an alarm's log gets a line that
        nobody follows up. A window to which readings were added meanwhile stays open.
        """
        ...


class Surroundings(Protocol):
    """What the live rules run by."""

    async def __call__(self) -> tuple[int | None, Context]:
        """Return the number of the live catalogue, and its context with the overrides of all times."""
        ...
