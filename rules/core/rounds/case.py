"""A day's rounds as the planners see them: whole seconds, kilograms, litres, and money in ``UNIT`` a pound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rules.core.rounds.fleet import RoundLorry, TipEntry
from rules.core.rounds.model import Candidate
from rules.core.rounds.plan import NotCollected
from rules.core.rounds.settings import RoundSettings
from rules.core.rounds.travel import Table, Whole

UNIT = 100_000
"""Units of the objective in a pound: fine enough that a metre and a second cost whole ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """A bin that can be emptied.

    Attributes:
        candidate: as asked for; ``site``: where.
        kg, litres: rounded up.
        prize: of emptying it [units]: rho times its chance of an overflow; of a must-go what missing it costs.
        trucks: numbers of the trucks that can do it.
    """

    candidate: Candidate
    site: int
    kg: int
    litres: int
    prize: int
    trucks: frozenset[int]


@dataclass(frozen=True, slots=True)
class Tip:
    """A tip and where it is."""

    entry: TipEntry
    site: int


@dataclass(frozen=True)
class Truck:
    """A lorry as a plan takes it up.

    Attributes:
        lorry: as written down; ``table``: its ways.
        start, home: sites where it is and where it ends.
        begins_s: when it can set out; ``shift_ends_s``: after that it is overtime; ``latest_s``: when it must be back.
        board_kg, board_l: on board, rounded up; ``max_kg``, ``max_l``: that it holds, rounded down.
        counted_s: of the break's rule: driven or worked since the last one [s].
        tips: numbers of the tips where it can unload.
        fresh: whether it stays in its depot if it has nothing to do.
        out: whether it does nothing more.
        first: jobs that it goes to first.
    """

    lorry: RoundLorry
    table: Table
    start: int
    home: int
    begins_s: int
    shift_ends_s: int
    latest_s: int
    board_kg: int
    board_l: int
    max_kg: int
    max_l: int
    counted_s: int
    tips: tuple[int, ...]
    fresh: bool
    out: bool = False
    first: tuple[int, ...] = ()

    @property
    def may_stay(self) -> bool:
        """Whether it has no way to drive if it has nothing to empty: it has not left its depot, or is back in it."""
        return self.fresh or (self.start == self.home and not self.board_kg and not self.board_l)

    @cached_property
    def per_day(self) -> int:
        """Of leaving the depot [units]; nothing for one that has left it."""
        return round(UNIT * self.lorry.gbp_day) if self.fresh else 0

    @cached_property
    def per_m(self) -> int:
        """Of a metre [units]."""
        return round(UNIT * self.lorry.gbp_km / 1000.0)

    @cached_property
    def per_s(self) -> int:
        """Of a second of work [units]."""
        return round(UNIT * self.lorry.gbp_h / 3600.0)

    @cached_property
    def per_over_s(self) -> int:
        """Of a second of overtime, on top [units]."""
        return round(UNIT * self.lorry.gbp_overtime_h / 3600.0)

    @cached_property
    def way_cost(self) -> Whole:
        """Of each way [units]."""
        return self.per_m * self.table.metres + self.per_s * self.table.drive_s

    @cached_property
    def drive_rows(self) -> list[list[int]]:
        """Times of the ways [s], as lists: read one by one those are quicker."""
        rows: list[list[int]] = self.table.drive_s.tolist()
        return rows

    @cached_property
    def metre_rows(self) -> list[list[int]]:
        """Lengths of the ways [m], likewise."""
        rows: list[list[int]] = self.table.metres.tolist()
        return rows


@dataclass(frozen=True)
class Case:
    """Everything in numbers.

    Attributes:
        jobs, trucks, tips: by their numbers.
        left_out: candidates that no truck can empty, with the reason.
        settings: of the fleet.
    """

    jobs: tuple[Job, ...]
    trucks: tuple[Truck, ...]
    tips: tuple[Tip, ...]
    left_out: tuple[NotCollected, ...]
    settings: RoundSettings

    @cached_property
    def job_of(self) -> dict[str, int]:
        """Number of a job by its bin."""
        return {job.candidate.bin_id: j for j, job in enumerate(self.jobs)}
