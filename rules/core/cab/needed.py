"""By when a lorry's last stretch is needed: what stands beside the time at which it will have treated it."""

from __future__ import annotations

import math

from rules.core.cab.codec import OnRoads
from rules.core.fleet.plan import Leg


def needed_s(on: OnRoads, lorry: str) -> float | None:
    """Return by when the last stretch that a lorry treats must be treated [s after the start of the plan].

    None: it treats nothing, or that stretch has no time. What is due earlier is told where it will be late.
    """
    jobs = [s.job for s in on.trips[lorry].steps if isinstance(s, Leg) and s.job is not None]
    due_s = on.jobs[jobs[-1]].due_s if jobs else math.inf
    return None if math.isinf(due_s) else due_s
