"""What a planner of rounds is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.core.closing.hours import Later
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Lock, LorryNow
from rules.core.rounds.plan import RoundPlan


@dataclass(frozen=True, eq=False)
class RoundRequest:
    """What is asked for.

    Attributes:
        network: the roads; ``roads``: their stamp.
        fleet: lorries, depots, tips and settings, as :func:`rules.core.rounds.roster.checked` lets them pass.
        candidates: bins that may be emptied; what is done already is not among them.
        day, day_s: local date and its midnight [s since 1970].
        now: lorries on their way; the others begin their shift in their depot.
        locks: what is fixed.
        closing: stretches that close while the plan is driven.
        before: the plan so far, where this one begins and what it is loath to change.
    """

    network: Network
    fleet: RoundFleet
    candidates: Sequence[Candidate]
    day: str
    day_s: int
    now: Sequence[LorryNow] = ()
    locks: Sequence[Lock] = ()
    before: RoundPlan | None = None
    roads: str = ""
    closing: Mapping[str, Later] = field(default_factory=dict)
