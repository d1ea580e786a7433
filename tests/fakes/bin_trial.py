"""A small trial: a simulated town of a few bins, or bins whose truth may not be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from ops_api.bin_trial.run import Trial, played_of, simulated
from ops_api.bin_trial.ways import USUAL, way_of
from rules.core.bin_trial.playing import Played
from rules.core.bin_trial.ports import Call, Street, Truth
from rules.core.readings import Readings

FIRST = date(2026, 6, 1)
WAYS = ("fixed:0,2,4", "threshold:60", "forecast:0.1", "integrated:40", "decided:0.1")


@cache
def small(seed: int = 1, *, days: int = 3, bins: int = 6, ways: tuple[str, ...] = WAYS) -> Trial:
    """Return a trial of a town that is made once; its streets are those of seed 1."""
    made = Trial(ways, (seed,), FIRST, days=days, lead_days=2, bins=bins, lorries=1, iterations=0)
    return Trial(
        ways, (seed,), FIRST, days=days, lead_days=2, bins=bins, lorries=1, iterations=0, own=simulated(made, 1)
    )  # fmt: skip


@cache
def fortnight(way: str) -> tuple[Trial, Played, float, float]:
    """Return a trial of two weeks and a day after two to learn, a way played in it, litres put in and lost."""
    trial = small(days=15, ways=USUAL[:2])
    played, _, put_l, lost_l = played_of(trial, way_of(way), 1)
    return trial, played, put_l, lost_l


class Watched:
    """A street that writes down how far it lived and what it was asked; the truth it tells is another's."""

    def __init__(self, street: Street, lie: float) -> None:
        self._street, self._lie = street, lie
        self.calls: list[tuple[float, tuple[Call, ...]]] = []

    def live(self, until_s: float, calls: Sequence[Call] = ()) -> Readings:
        """Go on."""
        self.calls.append((until_s, tuple(calls)))
        return self._street.live(until_s, calls)

    def truth(self) -> Truth:
        """Return figures that are wrong by a factor: nobody who chooses bins may mind."""
        t = self._street.truth()
        return Truth(**{name: getattr(t, name) * self._lie for name in Truth.__slots__})
