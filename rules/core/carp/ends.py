"""The matrix made small: arcs that end at one junction have the same ways on.

A town of 190 streets has 380 arcs, but 140 junctions: between those the costs fit a
processor's nearer memory. Junctions are not known
here: arcs whose rows of the matrix are the same end alike, arcs whose columns are the same start
alike. Where each turn has its price every arc is of its own kind, and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.carp.problem import FORBIDDEN, Problem

Kinds = NDArray[np.uint32]
"""Without a sign: compiled loops need not ask whether an index counts from the end of an array."""


@dataclass(frozen=True)
class Ends:
    """Kinds of ends and starts of arcs and depots.

    Attributes:
        end, start: per arc and depot the kind of its end and of its start.
        way: (kinds of ends, kinds of starts) cost of driving between, without doing what follows.
    """

    end: Kinds
    start: Kinds
    way: NDArray[np.int32]


def ends_of(problem: Problem) -> Ends:
    """Return the kinds of ends and starts of a problem's matrix."""
    serving = np.zeros(problem.size, dtype=np.int32)
    serving[: 2 * problem.tasks] = np.repeat(problem.serving, 2)
    driving = np.where(problem.step < FORBIDDEN, problem.step - serving, FORBIDDEN)
    end, firsts = _kinds(driving)
    start, columns = _kinds(driving.T)
    return Ends(end, start, np.ascontiguousarray(driving[np.ix_(firsts, columns)], dtype=np.int32))


def _kinds(rows: NDArray[np.int32]) -> tuple[Kinds, list[int]]:
    """Return per row its kind, numbered as they are met, and the first row of each kind."""
    known: dict[bytes, int] = {}
    firsts: list[int] = []
    kinds = np.empty(len(rows), dtype=np.uint32)
    for i, row in enumerate(np.ascontiguousarray(rows)):
        kinds[i] = known.setdefault(row.tobytes(), len(known))
        if kinds[i] == len(firsts):
            firsts.append(i)
    return kinds, firsts
