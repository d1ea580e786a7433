"""What was said of simulated homes beside the truth: found, named in vain, the right cause. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DAMP_FROM = 0.2
"""A home is truly damp where its coldest wall is at 80 % or more for this part of the time [-]: where *raised* begins."""
NEAR = (0.1, 0.3)
"""Around that line the band of the wall's factor (± 0.05) decides: an error here is told apart."""
NEARLY = 0.9
"""A cause is nearly right whose remedy removes this part of what the best one does [-]."""
FOUND_AT_LEAST, FALSE_AT_MOST, RIGHT_AT_LEAST, AS_MADE_AT_LEAST = 0.9, 0.1, 0.5, 0.8
"""What is promised: of the damp homes, of the others, of the homes found, and of these where one thing was made wrong [-]."""
SURE = 0.8
"""Confidence from which a finding is called sure [-]."""
MADE = {"cold_wall": "fabric", "underheated": "heat", "unaired": "ventilation", "loaded": "load"}
"""Kinds of home in which one thing was made wrong, and which."""
TOLD = ("raised", "high")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a home.

    Attributes:
        kind: how it was made.
        damp_share: part of the time its coldest wall is at 80 % or more [-].
        cause: what, mended, removes most of the damp.
        removed: by cause, the part of the damp that mending it removes [-].
    """

    kind: str
    damp_share: float
    cause: str
    removed: Mapping[str, float]

    @property
    def damp(self) -> bool:
        """Whether the home is damp."""
        return self.damp_share >= DAMP_FROM


@dataclass(frozen=True, slots=True)
class Said:
    """The newest finding of a home; all None where there is none. ``also``: causes named beside the first."""

    risk: str | None
    cause: str | None
    confidence: float | None
    mould_index: float | None
    not_enough: str | None
    also: Sequence[str] | None = None

    @property
    def told(self) -> bool:
        """Whether the home is named as one at risk."""
        return self.risk in TOLD


@dataclass(frozen=True, slots=True)
class Case:
    """One home: its number from 1, the truth, and what was said."""

    number: int
    truth: Truth
    said: Said

    @property
    def right(self) -> bool:
        """Whether the cause is the true one."""
        return self.said.cause == self.truth.cause

    @property
    def named(self) -> bool:
        """Whether the true cause is named, first or beside it."""
        return self.right or self.truth.cause in (self.said.also or ())

    @property
    def as_made(self) -> bool:
        """Whether the cause is the one thing that was made wrong in this home."""
        return self.said.cause == MADE.get(self.truth.kind)

    @property
    def sure(self) -> bool:
        """Whether the finding is sure of its cause."""
        return self.said.confidence is not None and self.said.confidence >= SURE

    @property
    def nearly(self) -> bool:
        """Whether mending what was said removes nearly as much as the best remedy."""
        removed = self.truth.removed
        best = removed.get(self.truth.cause, 0.0)
        return self.right or removed.get(self.said.cause or "", 0.0) >= NEARLY * best > 0.0

    @property
    def near_the_line(self) -> bool:
        """Whether a hair decides whether the home is damp."""
        return NEAR[0] <= self.truth.damp_share < NEAR[1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """All homes, compared."""

    cases: Sequence[Case]

    @property
    def damp(self) -> list[Case]:
        """Homes that truly are damp."""
        return [c for c in self.cases if c.truth.damp]

    @property
    def found(self) -> list[Case]:
        """Of these, those that are named."""
        return [c for c in self.damp if c.said.told]

    @property
    def missed(self) -> list[Case]:
        """Of these, those that are not."""
        return [c for c in self.damp if not c.said.told]

    @property
    def others(self) -> list[Case]:
        """Homes that are not damp."""
        return [c for c in self.cases if not c.truth.damp]

    @property
    def false(self) -> list[Case]:
        """Of these, those that are named."""
        return [c for c in self.others if c.said.told]

    @property
    def right(self) -> list[Case]:
        """Homes found, with their true cause."""
        return [c for c in self.found if c.right]

    @property
    def named(self) -> list[Case]:
        """Homes found, with their true cause named first or beside the first."""
        return [c for c in self.found if c.named]

    @property
    def sure(self) -> list[Case]:
        """Homes found of whose cause the finding is sure."""
        return [c for c in self.found if c.sure]

    @property
    def one_fault(self) -> list[Case]:
        """Homes found that were made with one thing wrong."""
        return [c for c in self.found if c.truth.kind in MADE]

    @property
    def nearly(self) -> list[Case]:
        """Homes found, with a cause whose remedy helps nearly as much."""
        return [c for c in self.found if c.nearly]

    @property
    def by_cause(self) -> dict[str, Counter[str]]:
        """Of homes found: what was said, by the true cause."""
        table: dict[str, Counter[str]] = {}
        for case in self.found:
            table.setdefault(case.truth.cause, Counter())[case.said.cause or "unsure"] += 1
        return table

    @property
    def by_kind(self) -> dict[str, Counter[str]]:
        """By how homes were made: how many, damp, found, named in vain."""
        table: dict[str, Counter[str]] = {}
        for case in self.cases:
            row = table.setdefault(case.truth.kind, Counter())
            row["homes"] += 1
            row["damp"] += case.truth.damp
            row["found"] += case.truth.damp and case.said.told
            row["false"] += not case.truth.damp and case.said.told
        return table

    @property
    def passed(self) -> bool:
        """Whether it is as promised; without a damp home nothing is proven."""
        return (
            len(self.damp) > 0
            and len(self.found) >= FOUND_AT_LEAST * len(self.damp)
            and len(self.false) <= FALSE_AT_MOST * len(self.others)
            and len(self.right) >= RIGHT_AT_LEAST * len(self.found)
            and sum(c.as_made for c in self.one_fault) >= AS_MADE_AT_LEAST * len(self.one_fault)
        )


def judge(truths: Sequence[Truth], said: Sequence[Said]) -> Verdict:
    """Return what was said beside the truth, home by home."""
    return Verdict([Case(i + 1, t, s) for i, (t, s) in enumerate(zip(truths, said, strict=True))])
