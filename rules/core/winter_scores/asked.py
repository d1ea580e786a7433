"""Since when a treatment was asked for that stood at a time: what was cancelled or withdrawn before is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from rules.core.memory import TreatedMemory
from rules.core.winter_orders.model import Case, Treatment


def asked_of(case: Case) -> Treatment | None:
    """Return what a case asked for last; None for a referral that nobody gave a rate to."""
    given = [a.treatment for a in case.acts if a.treatment is not None]
    if given:
        return given[-1]
    return None if case.proposal is None else case.proposal.treatment


def asked_s(case: Case) -> float | None:
    """Return when a case first asked for a treatment [s since 1970]; None: it never did."""
    if case.proposal is not None and case.proposal.treatment is not None:
        return case.at_s
    return next((a.at_s for a in case.acts if a.treatment is not None), None)


def warned_s(case: Case) -> float | None:
    """Return when a case first said that a route needs somebody [s since 1970]; None: it never did.

    A referral warns too: the rules leave to the officer what is to be done, not whether there is a hazard.
    """
    return case.at_s if _is_referral(case) else asked_s(case)


def first_warned_s(cases: Iterable[Case]) -> float | None:
    """Return when a route was first warned of [s since 1970]; None: never."""
    return min((at_s for case in cases if (at_s := warned_s(case)) is not None), default=None)


def _is_referral(case: Case) -> bool:
    return case.proposal is not None and case.proposal.outcome == "refer"


def ended_s(case: Case) -> float:
    """Return when a case ceased to ask [s since 1970]: cancelled, withdrawn, replaced; infinite: it did not.

    Nobody's answer ends it where that leaves nothing ordered; of a referral it always does, and the warning stands.
    """
    unanswered = case.state == "unanswered" and case.treatment is None and not _is_referral(case)
    if case.state == "cancelled" or unanswered:
        return case.acts[-1].at_s
    return math.inf if case.until_s is None else case.until_s


def warned_since_s(
    cases: Iterable[Case], hazard_s: float | None, morning_s: float, treated: Mapping[str, TreatedMemory]
) -> float | None:
    """Return since when the warning was there that stood when the hazard began [s since 1970]: a treatment asked for, or a referral.

    What ended before stands where it was driven until then. Where none stood, the first that was asked for
    later and stood in the morning.

    Args:
        cases: of a route.
        hazard_s: when the hazard began; None: there was none, and what stood in the morning counts.
        morning_s: until when the road is judged.
        treated: what gritters spread, by stretch.
    """
    asking = [(since_s, case) for case in cases if (since_s := warned_s(case)) is not None]
    for at_s in (morning_s if hazard_s is None else hazard_s, morning_s):
        stood = [s for s, case in asking if s <= at_s and _stands(case, s, at_s, treated)]
        if stood:
            return min(stood)
    return None


def _stands(case: Case, since_s: float, at_s: float, treated: Mapping[str, TreatedMemory]) -> bool:
    asked = asked_of(case)
    if ended_s(case) > at_s:
        return True
    if asked is None:
        return False
    passes = [p for s in asked.segments if s in treated for p in treated[s].passes]
    return any(since_s <= p.at_s <= at_s for p in passes)
