"""A day's readings of a device: how many there are, and how many with a clock in order."""

from __future__ import annotations

from rules.core.quality.finding import Finding, Verdict
from rules.core.quality_memory import QualityMemory
from rules.core.quality_parameters import ClockParameters, CompletenessParameters

DAY_S = 86_400.0
WHOLE_DAY_SLACK_S = 3600.0


def whole(memory: QualityMemory) -> bool:
    """Whether the day was counted from its beginning."""
    return memory.from_s - memory.day * DAY_S <= WHOLE_DAY_SLACK_S


def share(memory: QualityMemory, cadence_s: float) -> float:
    """Return which share of a day's readings is there; those of an untrusted clock did arrive."""
    return (memory.n + memory.suspect) * cadence_s / DAY_S


def completeness_verdict(
    memory: QualityMemory, cadence_s: float, typical: float, p: CompletenessParameters
) -> Verdict:
    """Return what a finished day says of a device.

    Args:
        memory: with the day's count.
        cadence_s: the device's interval [s].
        typical: the median share of its kind: where that is low too, all were cut off and no device is to blame.
        p: how much is enough.
    """
    if not whole(memory) or typical < p.least_share:
        return "unsure"
    found, expected = memory.n + memory.suspect, round(DAY_S / cadence_s)
    if share(memory, cadence_s) >= p.least_share:
        return "fine"
    return Finding(
        what="readings are missing",
        reason=f"{found} of {expected} readings of the day arrived ({100 * found / expected:.0f} %); "
        f"half of its kind have {100 * typical:.0f} % or more.",
        inputs={"readings": found, "expected": expected, "typical_share": round(typical, 3)},
    )


def clock_verdict(memory: QualityMemory, p: ClockParameters) -> Verdict:
    """Return what a finished day says of a device's clock."""
    all_n = memory.n + memory.suspect
    if all_n < p.least_readings:
        return "unsure"
    off = memory.repaired + memory.suspect
    if off <= p.most_share * all_n:
        return "fine"
    return Finding(
        what="the clock is not to be trusted",
        reason=f"In {off} of {all_n} readings of the day the time was repaired ({memory.repaired}) or could not "
        f"be trusted ({memory.suspect}); those are left out of every rule.",
        inputs={"readings": all_n, "repaired": memory.repaired, "suspect": memory.suspect},
    )
