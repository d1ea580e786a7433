"""Whether what a crew tapped is written down at once, or it is asked first. Pure.

That a bin was emptied is a fact, whatever plan the crew looked at: nothing tapped is thrown away. It is asked only where the
bin is not this lorry's by the plan that counts, and the plan had changed before the tap: then the crew may have meant another
bin, and another lorry is on its way to this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.core.rounds.plan import RoundPlan


@dataclass(frozen=True, slots=True)
class Counts:
    """The plan that counts: its number, when it was made [s since 1970], and itself."""

    version: int
    at_s: float
    plan: RoundPlan


def asked_first(
    lorry: str, bin_id: str, at_s: float, tapped: RoundPlan | None, counts: Counts | None, said_before: bool
) -> str | None:
    """Return why it is asked, in words; None: what was tapped is written down.

    Args:
        lorry: whose crew it is.
        bin_id: that they tapped.
        at_s: when [s since 1970].
        tapped: the plan that they looked at; None: of no day that is known.
        counts: the day's newest plan; None: the day has none.
        said_before: whether this crew has said something of this bin today that stands.
    """
    if counts is None:
        return "There is no plan of that day."
    if said_before or counts.plan.lorry_of.get(bin_id) == lorry:
        return None
    was_ours = tapped is not None and tapped.lorry_of.get(bin_id) == lorry
    if was_ours and at_s < counts.at_s:
        return None
    other = counts.plan.lorry_of.get(bin_id)
    return "It is on no lorry’s list now." if other is None else f"It is on the list of {other} now."
