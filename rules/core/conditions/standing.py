"""Conditions of many subjects: which of them an observation leaves exactly as they are.

Most observations of most subjects change nothing, and that can be seen in columns. Where it can't
be seen the condition itself is advanced (:func:`rules.core.conditions.condition.advance`): the
result is the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.conditions.asking import Asking
from rules.core.conditions.condition import Condition
from rules.core.numbers import Numbers

Bools = NDArray[np.bool_]
MOST_LEVELS = 4


class Standing:
    """Where the conditions of ``n`` subjects stand: by level whether it is up, and whether time moves it."""

    def __init__(self, n: int) -> None:
        self._up = np.zeros((n, MOST_LEVELS), dtype=bool)
        self._waits = np.zeros(n, dtype=bool)
        self._levels = np.zeros(n, dtype=np.int64)

    def put(self, i: int, condition: Condition) -> None:
        """Note a subject's condition."""
        phases = [life.phase for life in condition.lives]
        self._levels[i] = len(phases)
        self._up[i] = [k < len(phases) and phases[k] == "active" for k in range(MOST_LEVELS)]
        # Lives that are all down are written shorter by the next observation; a beginning is remembered.
        is_settled = not phases or "active" in phases
        self._waits[i] = "pending" in phases or "clearing" in phases or condition.is_on or not is_settled

    def unmoved(self, subjects: Numbers, asking: Asking) -> Bools:
        """Return which subjects stay as they are when asked for ``asking``."""
        if asking.spec.repeat is not None:
            return np.zeros(len(subjects), dtype=bool)
        up = self._up[subjects]
        levels = self._levels[subjects]
        moved = self._waits[subjects] | ((levels != 0) & (levels != asking.levels))
        for k, (on, off) in enumerate(zip(asking.on, asking.off, strict=True)):
            moved |= np.where(up[:, k], off, on)
        still: Bools = ~moved
        return still
