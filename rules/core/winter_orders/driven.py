"""Which orders the lorries of a route drive: the officer's where there is an answer, else the engine's proposals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rules.core.memory import Order, OrderAct

ACTS_KEPT = 16
"""Acts of a route that the engine remembers."""
EARLY_S = 3600.0
"""An order for later is looked for from so long before its lorry is to leave [s]."""


def driven(proposals: Sequence[Order], acts: Sequence[OrderAct], at_s: float) -> Sequence[Order]:
    """Return the orders that stand at a time, oldest first.

    An officer's act takes the place of the proposal that it answers and of all before it, which
    nobody answered; of several acts about one order the last counts. One that leaves nothing to
    be driven is no order. A time before the act's own minute knows nothing of it.

    Args:
        proposals: of the engine.
        acts: of officers, oldest first.
        at_s: as of when [s since 1970].
    """
    known = [a for a in acts if a.from_s <= at_s]
    if not known:
        return proposals
    last = {a.thread: a for a in known}
    answered_s = max((a.answers_s for a in known if a.answers_s is not None), default=-math.inf)
    left = [o for o in proposals if o.at_s > answered_s]
    theirs = [o for a in last.values() if a.segments for o in _orders(a)]
    return sorted([*left, *theirs], key=lambda o: o.at_s)


def _orders(act: OrderAct) -> list[Order]:
    """Return an act's order as of when it was given, and where it is for later as of then, too.

    Orders are looked for some hours back only, and one of the afternoon may be for the night.
    """
    begins = [act.from_s]
    if act.start_s is not None and act.start_s - EARLY_S > act.from_s:
        begins.append(act.start_s - EARLY_S)
    most_g_m2 = act.g_m2 * act.passes
    return [
        Order(at_s, 0, act.g_m2, act.segments, most_g_m2, at_s if act.by_s is None else act.by_s)
        for at_s in begins
    ]
