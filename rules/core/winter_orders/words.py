"""Proposals, orders and acts in words, the same on pages, in REST, on the command line and in the record."""

from __future__ import annotations

from datetime import datetime, tzinfo

from msgspec import UNSET

from rules.core.effects import hour_of
from rules.core.winter_orders.model import Act, Case, Treatment

STATE_WORDS = {
    "open": "waits for an answer",
    "unanswered": "not answered in time",
    "confirmed": "confirmed",
    "changed": "changed",
    "cancelled": "cancelled",
    "ordered": "ordered",
    "superseded": "replaced by a newer proposal",
    "withdrawn": "no longer called for",
}
SAID = {
    "confirmed": "confirmed it",
    "changed": "changed it",
    "cancelled": "cancelled it",
    "ordered": "gave an order",
    "unanswered": "nobody answered in time",
}


def treatment_words(treatment: Treatment | None, zone: tzinfo) -> str:
    """Return what is to be done, in words."""
    if treatment is None:
        return "nothing is to be driven"
    passes = f"{treatment.passes} × " if treatment.passes > 1 else ""
    n = len(treatment.segments)
    first = "plough, then " if treatment.plough else ""
    found = f"{first}{passes}{treatment.g_m2:g} g/m² on {n} {'stretch' if n == 1 else 'stretches'}"
    if treatment.call_out_s is not UNSET:
        call = moment(treatment.call_out_s, zone)
        found += f", crew called at once ({call})" if treatment.late_min else f", crew called by {call}"
    if treatment.start_s is not None:
        found += f", lorry out by {moment(treatment.start_s, zone)}"
    if treatment.by_s is not None:
        found += f", done by {moment(treatment.by_s, zone)}"
        found += f", {later_words(treatment.late_min)}" if treatment.late_min else ""
    return found


def later_words(late_min: int) -> str:
    """Return how much later than wanted something is done: ``70 min later than wanted``."""
    return f"{late_min} min later than wanted"


def answer_words(case: Case, zone: tzinfo) -> str:
    """Return where a case stands in one sentence, without names."""
    state = STATE_WORDS[case.state]
    if case.state == "open":
        asked = None if case.proposal is None else case.proposal.treatment
        what = "the rules refer to the duty officer" if asked is None else treatment_words(asked, zone)
        return f"Proposed: {what}; {state}."
    if case.state in ("cancelled", "superseded", "withdrawn"):
        return f"{state.capitalize()}."
    found = f"{state.capitalize()}: {treatment_words(case.treatment, zone)}."
    if case.not_needed_s is not None:
        found += f" The rules have not asked for it since {moment(case.not_needed_s, zone)}: it stands until it is cancelled."
    return found


def act_words(act: Act, zone: tzinfo) -> str:
    """Return an act in a sentence."""
    when, why = moment(act.at_s, zone), f" {act.reason}" if act.reason else ""
    if act.what == "unanswered":
        return f"{when}: {act.reason}"
    what = treatment_words(act.treatment, zone)
    return f"{when}: {act.by} ({act.role}) {SAID[act.what]}: {what}.{why}"


def moment(at_s: float, zone: tzinfo) -> str:
    """Return a time by the town's clock: ``9 January, 21:40``; ``25 October, 01:40 BST`` where it shows it twice."""
    local = datetime.fromtimestamp(at_s, zone)
    return f"{local.day} {local:%B}, {hour_of(local)}"
