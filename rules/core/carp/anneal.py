"""The search's loop: ruin, recreate, take or undo, at a falling temperature."""

from __future__ import annotations

import math

from rules.core.carp.carry import share
from rules.core.carp.compiled import compiled
from rules.core.carp.pool import Pool, remember
from rules.core.carp.recreate import arrange, recreate
from rules.core.carp.routes import accept, bring_back
from rules.core.carp.ruin import ruin
from rules.core.carp.state import N_BEST, N_COST, N_REMOVED, N_STAMP, N_TOUCHED, State, Tables

WITHIN = 1.01
"""Routes of solutions that cost up to this times the best are remembered."""


@compiled
def anneal(t: Tables, s: State, p: Pool, iterations: int, temperature: float) -> int:
    """Run ``iterations`` at a temperature; return how many were taken."""
    taken = 0
    for _ in range(iterations):
        was = s.num[N_COST]
        limit = was - temperature * math.log(share(s.random))
        s.num[N_STAMP] += 1
        s.num[N_TOUCHED] = 0
        s.num[N_REMOVED] = 0
        ruin(t, s)
        arrange(t, s)
        if not recreate(t, s, limit):
            bring_back(t, s)
            s.num[N_COST] = was
            continue
        taken += 1
        accept(t, s)
        if s.num[N_TOUCHED] > 0 and s.num[N_COST] < WITHIN * s.num[N_BEST]:
            remember(t, s, p)
        if s.num[N_COST] < s.num[N_BEST]:
            keep_best(t, s)
    return taken


@compiled
def keep_best(t: Tables, s: State) -> None:
    """Note the solution as the best."""
    s.num[N_BEST] = s.num[N_COST]
    for slot in range(t.slots):
        s.best_length[slot] = s.length[slot]
        row = s.row[slot]
        for p in range(s.length[slot] + 2):
            s.best_seq[slot * t.width + p] = s.seq[row + p]
