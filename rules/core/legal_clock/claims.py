"""What the side that owes a step says to be free of it: it is shown beside the law's limit and does not move it. Pure.

The Regulations know no general extension; that all reasonable endeavours were used is for a court. So more time, "not
needed" and the end of a case count in the words of the household, which gains nothing by them.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.legal_clock.law import Law
from rules.core.legal_clock.model import CLAIMS, WROTE, CaseEvent
from rules.core.legal_clock.working_days import WorkingDays, in_words


def counts(event: CaseEvent, law: Law) -> bool:
    """Return whether an entry is judged by, or only shown."""
    if event.kind == "extended" and law.more_time == "never":
        return False
    return event.kind not in CLAIMS or event.role == "resident"


def open_claims(events: Sequence[CaseEvent], law: Law) -> tuple[CaseEvent, ...]:
    """Return the entries that do not count and that the household has not written itself.

    Args:
        events: that stand, in order of time.
        law: whether more time counts at all.
    """
    agreed = [e for e in events if e.kind in CLAIMS and counts(e, law)]
    claimed = (e for e in events if not counts(e, law))
    return tuple(e for e in claimed if not any(_same(e, a) for a in agreed))


def can_be_agreed(claim: CaseEvent, law: Law) -> bool:
    """Return whether a claim would count if the household wrote the same."""
    return claim.kind != "extended" or law.more_time == "agreed"


def _same(claim: CaseEvent, own: CaseEvent) -> bool:
    if (claim.kind, claim.step) != (own.kind, own.step):
        return False
    return claim.until is None or (own.until is not None and own.until >= claim.until)


def claim_words(claim: CaseEvent, law: Law, days: WorkingDays) -> str:
    """Return who says what and why, and that it does not count, in two sentences."""
    who = WROTE[claim.role] + (f" ({claim.by})" if claim.role == "officer" and claim.by else "")
    until = "" if claim.until is None else in_words(claim.until)
    said = {
        "extended": f"there is more time until {until}",
        "not_needed": "this step is not needed",
        "closed": "the case is closed",
    }[claim.kind]
    why = f": {claim.note.strip().rstrip('.')}" if claim.note.strip() else ""
    return f"{who[0].upper()}{who[1:]} says since {in_words(days.day_of(claim.at_s))} that {said}{why}. {_tail(claim, law)}"


def _tail(claim: CaseEvent, law: Law) -> str:
    if claim.kind == "closed":
        return "What runs goes on unless the household writes the same."
    if claim.kind == "not_needed":
        return "It does not count unless the household writes the same."
    if law.more_time == "never":
        return "The law's own limit stays."
    return "It counts only where the household writes the same before the time is up."
