"""Times of a treatment that can be kept: nobody is called in the past, and what that makes late is said. Pure."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from rules.core.effects import num
from rules.core.winter_orders.model import Treatment

LATE_S = 60.0
"""A call that should have been made less long ago is made in time [s]: times are said to the minute."""


def in_time(treatment: Treatment, now_s: float) -> Treatment:
    """Return a treatment as it can be done from now on.

    Where the call is past, the crew is called now; the lorry leaves and is done as much later, and ``wanted_s`` keeps
    when the salt was wanted. Without a call the lorry's own time to leave counts.

    Args:
        treatment: as it is wanted, or as it was to be done once.
        now_s: the town's time [s since 1970].
    """
    call_s, start_s, by_s = treatment.call_out_s, treatment.start_s, treatment.by_s
    first_s = start_s if call_s is UNSET else call_s
    if first_s is None or now_s - first_s < LATE_S:
        return treatment
    late_s = now_s - first_s
    wanted_s = by_s if treatment.wanted_s is UNSET else treatment.wanted_s
    return replace(
        treatment,
        call_out_s=UNSET if call_s is UNSET else _s(call_s + late_s),
        start_s=None if start_s is None else _s(start_s + late_s),
        by_s=None if by_s is None else _s(by_s + late_s),
        wanted_s=UNSET if wanted_s is None else wanted_s,
    )


def _s(at_s: float) -> float:
    found = num(at_s, 3)
    assert found is not None
    return found
