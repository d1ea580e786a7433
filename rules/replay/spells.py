"""Cold roads while they are played: when each was at or below freezing, how cold, and in which states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.replayed import ColdSpell
from rules.core.segment_views import Views

LONGEST_STEP_S = 1800.0
"""States further apart than this say nothing of the time between [s]."""
TOLD_C = 0.005
"""Temperatures count as they are told, to 0.01 °C: from here on nothing is told as 0.0."""


class Spells:
    """Cold spells of segments. ``ids``: of the segments, in the order of the graph."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids, n = ids, len(ids)
        self._from_s, self._to_s = np.full(n, np.nan), np.full(n, -np.inf)
        self._minimum_c, self._is_cold = np.full(n, np.nan), np.zeros(n, dtype=bool)
        self._case = np.full(n, -1, dtype=np.int64)
        self._states: list[list[tuple[float, str]]] = [[] for _ in ids]
        self._over: list[ColdSpell] = []

    def look(self, found: Views, at_s: float) -> None:
        """Begin, lengthen or end spells: between two looks a road counts as at the first."""
        surface_c, before = found.surfaces.surface_c, self._is_cold
        near = before & (at_s - self._to_s <= LONGEST_STEP_S)
        self._to_s[near] = at_s
        cold = _told_as_cold(surface_c)
        for i in np.flatnonzero(before & ~(cold & near)).tolist():
            self._over.append(self._spell(i))
            self._is_cold[i] = False
        begins = cold & ~self._is_cold
        self._from_s[begins] = self._to_s[begins] = at_s
        self._minimum_c[begins], self._case[begins] = np.inf, -1
        for i in np.flatnonzero(begins).tolist():
            self._states[i] = []
        self._is_cold = self._is_cold | cold
        self._minimum_c[cold] = np.minimum(self._minimum_c[cold], surface_c[cold])
        for i in np.flatnonzero(cold & (self._case != found.case)).tolist():
            if not self._states[i] or self._states[i][-1][1] != found.states[i]:
                self._states[i].append((at_s, found.states[i]))
        self._case = found.case

    def all(self) -> list[ColdSpell]:
        """Return the spells that are over, then those that go on."""
        return [*self._over, *(self._spell(i) for i in np.flatnonzero(self._is_cold).tolist())]

    def _spell(self, i: int) -> ColdSpell:
        return ColdSpell(
            segment_id=self._ids[i],
            from_s=float(self._from_s[i]),
            to_s=float(self._to_s[i]),
            minimum_c=round(float(self._minimum_c[i]), 2),
            states=tuple(self._states[i]),
        )


def _told_as_cold(surface_c: Floats) -> NDArray[np.bool_]:
    cold: NDArray[np.bool_] = surface_c <= TOLD_C  # NaN is not
    for i in np.flatnonzero(cold & (surface_c > TOLD_C - 1e-6)).tolist():
        cold[i] = round(float(surface_c[i]), 2) <= 0.0
    return cold
