"""What the damp analyst needs of the outside. Two implementations; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from rules.core.analyst.model import Field, HomeInput, HomeResult, How, Stations
from rules.core.analyst.plan import Plan, Waits
from rules.core.analyst.rules import DampRules


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the analyst stands.

    Attributes:
        event_s: event time [s since 1970]; None before the first reading.
        passed_s: event time at which it last worked; None: never, or it is asked to.
        more: whether batches wait that were not looked at.
        waits: homes of which days are due.
    """

    event_s: float | None
    passed_s: float | None
    more: bool
    waits: int


@dataclass(frozen=True, slots=True)
class Due:
    """A home whose days are due.

    Attributes:
        home: with all that is needed; None: it has no readings to work out.
        plan: its days.
        home_id: its number.
        due_no: number of the wish that was read: a later one is kept.
        epoch: raised where something of the home is deleted or it begins anew: what was read before is not written.
    """

    home_id: int
    due_no: int
    home: HomeInput | None
    plan: Plan | None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a home.

    Attributes:
        due: what was to be worked out.
        result: None: nothing to write but that nothing waits.
        waits: what waits afterwards.
        from_s, to_s: between which times all events are in the result [s since 1970].
    """

    due: Due
    result: HomeResult | None
    waits: Waits
    from_s: float = 0.0
    to_s: float = 0.0

    @property
    def newest_s(self) -> dict[str, float]:
        """The newest reading of each box that was worked out [s since 1970]."""
        rooms = () if self.due.home is None else self.due.home.rooms
        return {r.device: float(r.series.at_s[-1]) for r in rooms if len(r.series)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCalibration:
    """An offset to be applied; see :class:`rules.core.analyst.model.Calibration`."""

    device: str
    field: Field
    offset: float
    keeps_vapour: bool
    from_s: float
    to_s: float | None
    how: How
    by: str
    evidence: str = ""


class DampStore(Protocol):
    """Homes' readings, and what is made of them. Every method raises TransientError where it can't."""

    async def mark(self, rules: DampRules, limit: int) -> Progress:
        """Look at batches and diary entries that came since, and mark what they change as due.

        In one transaction; at most ``limit`` batches at a time. At the very first look everything is due.
        """
        ...

    async def due(self, after: int, limit: int) -> tuple[int, ...]:
        """Return homes of which days are due, in order of their numbers, after ``after``."""
        ...

    async def homes(self, ids: Sequence[int], rules: DampRules, seen_s: float) -> tuple[Due, ...]:
        """Return homes with all that is needed to work out their days that are due."""
        ...

    async def stations(self, from_s: float, to_s: float) -> Stations:
        """Return the readings of all weather stations within [``from_s``, ``to_s``)."""
        ...

    async def write(self, done: Sequence[Done]) -> int:
        """Write what came of homes in one transaction; return how many rows are new or other ones.

        A home that has gone is left out, and so is one of another epoch than what was read: it stays due. A wish that
        came meanwhile is kept.
        """
        ...

    async def passed(self, event_s: float) -> None:
        """Keep that everything due at an event time is worked out."""
        ...

    async def recompute(self, code: str | None, from_day: date | None, rules: DampRules) -> int:
        """Ask for days to be worked out again; return of how many homes.

        Days whose readings have gone are left as they are.

        Args:
            code: of one home; None: of all.
            from_day: first local day; None: from the first reading.
            rules: whose zone is used.

        Raises:
            LookupError: there is no home of this code.
        """
        ...

    async def calibrate(self, new: NewCalibration, rules: DampRules) -> int:
        """Keep an offset, ask for the days that it changes, and return its number.

        Raises:
            LookupError: there is no such box.
        """
        ...

    async def withdraw(self, calibration_id: int, by: str, rules: DampRules) -> bool:
        """Apply an offset no longer; return whether there was one that was applied."""
        ...


class Surroundings(Protocol):
    """What the analyst works by."""

    async def __call__(self) -> DampRules:
        """Return the live catalogue with its overrides; TransientError where it can't be read."""
        ...
