"""What the verification needs of the outside: Protocols with two implementations each; one suite runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from rules.core.winter_record import KeptScore
from rules.core.winter_scores.facts import NightFacts
from rules.core.winter_scores.night import NightScore


class ScoreBook(Protocol):
    """Facts of nights and their scores; every method raises TransientError where the database does not answer."""

    async def facts(self, night: date, from_s: float, to_s: float) -> NightFacts:
        """Return what is known of a night from ``from_s`` to before ``to_s`` [s since 1970]."""
        ...

    async def put(self, score: NightScore, by: str) -> None:
        """Keep a score; one that is there stays, and the newest counts."""
        ...

    async def kept(self, night: date) -> KeptScore | None:
        """Return the newest score of a night with when and by whom it was kept; None: none is."""
        ...

    async def nights(self, first: date, last: date) -> Sequence[NightScore]:
        """Return the newest score of each night, both days included, by day."""
        ...
