"""Scores in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from rules.core.winter_record import KeptScore
from rules.core.winter_scores.facts import NightFacts
from rules.core.winter_scores.night import NightScore


@dataclass
class MemoryScores:
    """:class:`rules.winter.scores.ports.ScoreBook` in memory; ``known``: by night."""

    known: dict[date, NightFacts] = field(default_factory=dict)
    scores: list[tuple[NightScore, str]] = field(default_factory=list)

    async def facts(self, night: date, from_s: float, to_s: float) -> NightFacts:
        """Return what is known of a night."""
        found = self.known.get(night)
        if found is not None:
            return found
        return NightFacts(
            night=night, from_s=from_s, to_s=to_s, labels={}, stretches={}, measured={}, forecasts=None, treated={}, cases=()
        )  # fmt: skip

    async def put(self, score: NightScore, by: str) -> None:
        """Keep a score."""
        self.scores.append((score, by))

    async def kept(self, night: date) -> KeptScore | None:
        """Return the newest score of a night."""
        found = [KeptScore(score=s, at_s=0.0, by=by) for s, by in self.scores if s.night == night]
        return found[-1] if found else None

    async def nights(self, first: date, last: date) -> Sequence[NightScore]:
        """Return the newest score of each night."""
        newest = {score.night: score for score, _ in self.scores if first <= score.night <= last}
        return [newest[night] for night in sorted(newest)]
