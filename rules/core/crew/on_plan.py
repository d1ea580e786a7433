"""What a lorry is followed with: the plan that it drives, and all that was heard of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.core.collection_acts.record import Act
from rules.core.crew.known import KnownBin, known_bins, not_emptied
from rules.core.crew.model import Fix, SeenBin
from rules.core.crew.settings import CrewSettings
from rules.core.crew.track import Dwell, dwells
from rules.core.rounds.fleet import RoundFleet, RoundLorry
from rules.core.rounds.model import Candidate, LorryNow
from rules.core.rounds.plan import LorryRound, RoundPlan

USUAL = CrewSettings()


@dataclass(frozen=True)
class OnPlan:
    """A plan that is driven.

    Attributes:
        plan, version: as kept.
        fleet: of its lorries.
        since_s: when the day's first plan was made [s since 1970]: what bins' series showed before counts nothing.
        settings: how reports are read.
    """

    plan: RoundPlan
    version: int
    fleet: RoundFleet
    since_s: float
    settings: CrewSettings = USUAL

    @cached_property
    def bins(self) -> Mapping[str, Candidate]:
        """The plan's candidates by id."""
        return {c.bin_id: c for c in self.plan.made_from.candidates}

    @cached_property
    def since(self) -> Mapping[str, float]:
        """By bin from when on it may be emptied [s since 1970]: what was before is why it is in the plan again."""
        return {b: self.plan.day_s + c.from_s for b, c in self.bins.items()}

    def round_of(self, lorry_id: str) -> LorryRound:
        """Return a lorry's round; without stops where the plan has none of it."""
        return next((r for r in self.plan.rounds if r.lorry_id == lorry_id), LorryRound(lorry_id=lorry_id))

    def lorry(self, lorry_id: str) -> RoundLorry | None:
        """Return a lorry as written down; None where it is not in the fleet any more."""
        return next((v for v in self.fleet.lorry if v.id == lorry_id), None)

    def taken_up(self, lorry_id: str) -> LorryNow | None:
        """Return where the plan took a lorry up; None where it began its shift in its depot."""
        return next((n for n in self.plan.made_from.now if n.lorry_id == lorry_id), None)


@dataclass(frozen=True)
class Heard:
    """All that was heard of one lorry and its bins until a time.

    Attributes:
        on: the plan; ``lorry_id``: of its fleet.
        acts: of all lorries today.
        track: of this lorry today, by time.
        seen: what bins' series showed today.
        now_s: the town's time [s since 1970].
    """

    on: OnPlan
    lorry_id: str
    acts: Sequence[Act]
    track: Sequence[Fix]
    seen: Sequence[SeenBin]
    now_s: float

    @property
    def settings(self) -> CrewSettings:
        """How reports are read."""
        return self.on.settings

    @property
    def day_s(self) -> int:
        """Local midnight [s since 1970]."""
        return self.on.plan.day_s

    @cached_property
    def round_(self) -> LorryRound:
        """The lorry's."""
        return self.on.round_of(self.lorry_id)

    @cached_property
    def begins_s(self) -> float:
        """When its round begins [s since 1970]."""
        return self.day_s + (self.round_.begins_s or 0)

    @cached_property
    def known(self) -> Mapping[str, KnownBin]:
        """What became of bins, by acts and series."""
        return known_bins(self.acts, self.seen, self.on.since, self.on.since_s)

    @cached_property
    def not_emptied(self) -> Mapping[str, Sequence[float]]:
        """When bins showed that they were not emptied [s since 1970]."""
        return not_emptied(self.seen)

    @cached_property
    def stood(self) -> Sequence[Dwell]:
        """Where the lorry stood."""
        return dwells(self.track, self.settings)

    @cached_property
    def is_tracked(self) -> bool:
        """Whether it reports: its first report of the day is there."""
        return bool(self.track)

    @property
    def last(self) -> Fix | None:
        """Its last report."""
        return self.track[-1] if self.track else None
