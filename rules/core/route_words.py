"""A route's plan in words: what is to be done by when, what has been done, and what somebody must decide."""

from __future__ import annotations

import re
from typing import NamedTuple

from rules.core.coat import Done
from rules.core.gritting import Action
from rules.core.route_plan import RoutePlan
from rules.core.winter_orders.words import later_words


def action_of(plan: RoutePlan) -> Action:
    """Return what there is to do: of a treatment, whether twice, or with a plough."""
    if plan.outcome != "treat":
        return plan.outcome
    return "plough" if plan.plough else "treat_twice" if plan.passes > 1 else "treat"


class Late(NamedTuple):
    """A treatment that can't be done by when it is wanted: when the crew is called and it is done, and how much later."""

    call_out: str
    done_by: str
    late_min: int


def in_words(
    plan: RoutePlan, of_segments: int, treat_by: str | None, is_past: bool, late: Late | None = None
) -> str:
    """Return a plan that has nothing treated, as one or two sentences.

    Args:
        plan: which.
        of_segments: stretches that the route has.
        treat_by: when it is wanted on the road.
        is_past: it should be done by now, also where it was to be late.
        late: where the crew is called later than it should have been.
    """
    if plan.outcome == "treat":
        when = _when(treat_by, is_past, late)
        n, lead = len(plan.needs), "Plough and treat" if plan.plough else "Treat"
        return f"{lead} {n} of {of_segments} stretches at {how_much(plan)}. {plan.why}.{when}"
    lead = {
        "monitor": "Keep watching",
        "refer": "Duty officer to decide; treat if in doubt",
        "no_action": "No treatment",
    }[plan.outcome]
    return f"{lead}. {plan.why}."


def _when(treat_by: str | None, is_past: bool, late: Late | None) -> str:
    if treat_by is None:
        return ""
    if is_past:
        return f" Finish at once: it was due by {treat_by}."
    if late is None:
        return f" Finish by {treat_by}."
    return f" Call the crew now ({late.call_out}): done by {late.done_by}, {later_words(late.late_min)} ({treat_by})."


_CALL_NOW = re.compile(r"Call the crew now \(([^)]*)\)")


def call_is_past(reason: str) -> str:
    """Return a reason of :func:`in_words` as it is said after the crew was to be called: a demand of then is none of now."""
    return _CALL_NOW.sub(r"The crew was to be called at \1", reason)


def how_much(plan: RoutePlan) -> str:
    """Return the rate in words."""
    return f"{plan.passes} × {plan.rate_g_m2:g} g/m²" if plan.passes > 1 else f"{plan.rate_g_m2:g} g/m²"


def treated_in_words(done: Done, from_clock: str, to_clock: str, until_clock: str) -> str:
    """Return what was treated, when, and how long it holds, as a sentence."""
    least, most = round(done.least_g_m2), round(done.most_g_m2)
    rate = f"{most}" if least == most else f"{least} to {most}"
    when = from_clock if from_clock == to_clock else f"{from_clock} to {to_clock}"
    stretches = "1 stretch" if done.segments == 1 else f"{done.segments} stretches"
    return f"Treated {when} at {rate} g/m², {stretches}; holds until about {until_clock}."


def rain_in_words(plan: RoutePlan, ends: str | None, rains: bool, leave_s: float | None = None) -> str:
    """Return how salt goes with rain, as a sentence; empty where it need not.

    Args:
        plan: a treatment.
        ends: when the rain ends, where that is foreseen.
        rains: whether it rains now.
        leave_s: when a lorry must leave at the latest to be in time [s since 1970].
    """
    if plan.not_before_s is None or ends is None:
        return " It rains: treat after the rain, but before the frost." if rains else ""
    if plan.treat_by_s is not None and plan.not_before_s >= plan.treat_by_s:
        return (
            f" Rain lasts until {ends}, after it freezes: treat before the frost, and again after the rain."
        )
    if leave_s is not None and leave_s < plan.not_before_s:
        return f" Rain lasts until {ends}, but a lorry that waits for its end is late: leave in time, and treat again what it washes off."
    return f" Treat after the rain, from {ends}."
