"""Ways to say which bins a day's rounds take, for comparing them on the same readings.

Fixed days know nothing of levels, a threshold knows today's, the forecast knows the chance of an overflow before
the next moment to plan, and the integrated policy leaves the choice to the routing: it takes what is worth its way. What
rule ``bins.round`` decides is both: a bin above alpha must be taken, the others may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from rules.core.rounds.model import Candidate

NEVER_OFFERED = 1.0
"""No chance is above it: no bin is offered that may be left."""


@dataclass(frozen=True, slots=True)
class BinToday:
    """What is known of a bin on the morning of a day.

    Attributes:
        candidate: as it would be asked for; its ``must`` and ``code`` are the policy's to say.
        fill_pct: level now [% of the usable height]; None where nothing is known.
        since_days: days since it was emptied; None where that is not known.
        must: whether a rule demands that it is emptied whatever the policy: full, overflowing, too old. With ``why``.
    """

    candidate: Candidate
    fill_pct: float | None
    since_days: float | None
    must: bool = False
    why: str = ""


Policy = Callable[[date, Sequence[BinToday]], list[Candidate]]
"""Which bins to ask for on a day. What the routing may leave has ``must`` False."""


@dataclass(frozen=True, slots=True)
class FixedDays:
    """Every bin on the same weekdays, whatever is in it: what councils do without sensors.

    Attributes:
        weekdays: 0 = Monday.

    Raises:
        ValueError: none, or one that is no weekday.
    """

    weekdays: frozenset[int]

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError(
                f"fixed days: {sorted(self.weekdays)}; allowed: some of 0 (Monday) to 6 (Sunday)"
            )

    def __call__(self, day: date, bins: Sequence[BinToday]) -> list[Candidate]:
        """Return all bins on the days, none on the others."""
        if day.weekday() not in self.weekdays:
            return []
        return [_must(b, "fixed_day", f"every {day:%A}") for b in bins]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Bins at or over a level; one of which nothing is known is taken after so many days.

    Attributes:
        level_pct: [%].
        blind_days: without a level it is emptied after so many days.

    Raises:
        ValueError: a level that can't be.
    """

    level_pct: float = 60.0
    blind_days: float = 3.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.level_pct <= 100.0:
            raise ValueError(f"threshold: {self.level_pct} %; allowed: 0 to 100")

    def __call__(self, day: date, bins: Sequence[BinToday]) -> list[Candidate]:
        """Return the bins over the threshold."""
        found = []
        for b in bins:
            if b.must:
                found.append(_must(b, b.candidate.code, b.why))
            elif b.fill_pct is None and _blind(b, self.blind_days):
                found.append(_must(b, "blind", "its level is not known"))
            elif b.fill_pct is not None and b.fill_pct >= self.level_pct:
                found.append(_must(b, "threshold", f"{b.fill_pct:.0f} % is {self.level_pct:g} % or more"))
        return found


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bins whose chance of an overflow before the next moment to plan is above ``alpha`` (0..1).

    Raises:
        ValueError: an alpha that is no chance.
    """

    alpha: float = 0.1

    def __post_init__(self) -> None:
        _check_chance("forecast: alpha", self.alpha)

    def __call__(self, day: date, bins: Sequence[BinToday]) -> list[Candidate]:
        """Return the bins that may overflow."""
        return Integrated(self.alpha, NEVER_OFFERED)(day, bins)


@dataclass(frozen=True, slots=True)
class Integrated:
    """Every bin may be taken for rho times its chance of an overflow; one above ``must_above`` must be.

    Attributes:
        must_above: chance of an overflow (0..1); Wouda 2024 takes 0.99, and between 0.90 and 0.99 it hardly matters.
        offered_above: below this chance a bin is not offered at all: nothing is worth stopping for.

    Raises:
        ValueError: one that is no chance.
    """

    must_above: float = 0.99
    offered_above: float = 0.001

    def __post_init__(self) -> None:
        _check_chance("integrated: must_above", self.must_above)
        _check_chance("integrated: offered_above", self.offered_above)

    def __call__(self, day: date, bins: Sequence[BinToday]) -> list[Candidate]:
        """Return the bins that must be taken, and those that may."""
        found = []
        for b in bins:
            risk = b.candidate.p_overflow
            if b.must:
                found.append(_must(b, b.candidate.code, b.why))
            elif risk > self.must_above:
                found.append(_must(b, "forecast", _risk_words(risk, f"above {100 * self.must_above:g} %")))
            elif risk > self.offered_above:
                words = _risk_words(risk, "taken if it is worth the way")
                found.append(msgspec.structs.replace(b.candidate, must=False, code="may", why=words))
        return found


@dataclass(frozen=True, slots=True)
class Decided:
    """As rule ``bins.round`` decides: above ``alpha`` a bin must be taken, from ``may_from`` on it may be.

    Raises:
        ValueError: one that is no chance.
    """

    alpha: float = 0.1
    may_from: float = 0.01

    def __post_init__(self) -> None:
        _check_chance("decided: alpha", self.alpha)
        _check_chance("decided: may_from", self.may_from)

    def __call__(self, day: date, bins: Sequence[BinToday]) -> list[Candidate]:
        """Return the bins that must be taken, and those that may."""
        return Integrated(self.alpha, self.may_from)(day, bins)


def _must(b: BinToday, code: str, why: str) -> Candidate:
    return msgspec.structs.replace(b.candidate, must=True, code=code, why=why)


def _blind(b: BinToday, days: float) -> bool:
    return b.since_days is None or b.since_days >= days


def _risk_words(risk: float, more: str) -> str:
    return f"{100.0 * risk:.0f} % chance of an overflow, {more}"


def _check_chance(what: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{what} is {value}; allowed: 0 to 1")
