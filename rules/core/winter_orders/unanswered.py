"""Proposals that nobody answers in time: what the desk says, and what counts meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.core.alarm_book import OpenAlarm
from rules.core.alarm_spec import rank
from rules.core.effects import AlarmEffect, ChangeSeverity, ClearAlarm, RaiseAlarm, iso, num
from rules.core.figures import NotNegative, Positive
from rules.core.parameters import AlarmRule
from rules.core.winter_orders.in_time import in_time
from rules.core.winter_orders.model import Case, NewAct, Proposal, Treatment

RULE = "winter.order_unanswered"
DESK = "cityops"


class UnansweredParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a proposal counts as not answered, and what follows.

    Attributes:
        answer_s: so long after it was made [s] ...
        before_start_s: ... or so long before the crew must be called [s], whichever comes first ...
        least_s: ... but never sooner than so long after it was made [s].
        no_answer: what counts until somebody says otherwise: ``proposal_stands``, the proposal, or
            ``nothing_is_ordered``, no order at all.
        look_back_h: proposals made longer ago are not looked at [h].
    """

    answer_s: Positive
    before_start_s: NotNegative
    least_s: NotNegative
    no_answer: Literal["proposal_stands", "nothing_is_ordered"]
    look_back_h: Annotated[float, Meta(gt=0, le=240)] = 36.0


UnansweredRule = AlarmRule[UnansweredParameters]


@dataclass(frozen=True, slots=True)
class Said:
    """What one look says: acts of the desk, and what happens to alarms."""

    acts: tuple[NewAct, ...]
    effects: tuple[AlarmEffect, ...]


def deadline_s(proposal: Proposal, p: UnansweredParameters) -> float:
    """Return when a proposal counts as not answered [s since 1970]."""
    start_s = call_out_s(proposal)
    due_s = proposal.at_s + p.answer_s
    if start_s is not None:
        due_s = min(due_s, start_s - p.before_start_s)
    return max(due_s, proposal.at_s + p.least_s)


def call_out_s(proposal: Proposal) -> float | None:
    """Return when the crew must be called, else when the lorry leaves [s since 1970]; None: no time is set."""
    t = proposal.treatment
    if t is None:
        return None
    return t.start_s if t.call_out_s is msgspec.UNSET else t.call_out_s


def look(
    found: Iterable[Case],
    now_s: float,
    rule: UnansweredRule,
    opened: Sequence[OpenAlarm],
    labels: Mapping[str, str],
) -> Said:
    """Return what follows of the proposals as they stand.

    Args:
        found: cases of the last hours.
        now_s: the town's time [s since 1970].
        rule: its levels are seconds beyond the deadline.
        opened: this rule's alarms that are up.
        labels: names of routes by id.
    """
    late: dict[str, tuple[Case, Proposal, float]] = {}
    newer: dict[str, str] = {}
    acts: list[NewAct] = []
    for case in found:
        if not case.is_waiting or case.proposal is None:
            continue
        over_s = now_s - deadline_s(case.proposal, rule.parameters)
        if over_s < 0.0:
            newer[case.route_id] = case.ref
            continue
        late[case.route_id] = case, case.proposal, over_s
        if case.state == "open":
            acts.append(_act(case, case.proposal, now_s, rule.parameters))
    up = {a.subject: a for a in opened}
    effects: list[AlarmEffect] = [
        ClearAlarm(RULE, "route", route, now_s, _over_words(newer.get(route)))
        for route in up
        if route not in late
    ]
    for route, (case, proposal, over_s) in sorted(late.items()):
        effects += _alarm(case, proposal, over_s, now_s, rule, up.get(route), labels.get(route, route))
    return Said(tuple(acts), tuple(effects))


def _over_words(newer: str | None) -> str:
    """Return why nobody is to answer any more; ``newer``: the proposal that waits on the route now."""
    if newer is None:
        return "Somebody has answered, or the rules no longer call for it."
    return f"Nobody has answered. A newer proposal, {newer}, has taken its place and waits for an answer."


def _act(case: Case, proposal: Proposal, now_s: float, p: UnansweredParameters) -> NewAct:
    treatment = standing_in(proposal, p)
    treatment = None if treatment is None else in_time(treatment, now_s)
    return NewAct(
        ref=case.ref, route_id=case.route_id, decision_id=proposal.decision_id, what="unanswered", at_s=now_s,
        by=DESK, role="desk", via="desk", reason=what_counts(treatment), treatment=treatment,
    )  # fmt: skip


def standing_in(proposal: Proposal, p: UnansweredParameters) -> Treatment | None:
    """Return what counts where nobody answers."""
    return proposal.treatment if p.no_answer == "proposal_stands" else None


def what_counts(treatment: Treatment | None) -> str:
    """Return in words what counts now."""
    if treatment is None:
        return "Nobody has answered in time. Nothing is ordered until somebody says so."
    return "Nobody has answered in time. The proposal counts as it is until somebody says otherwise."


def _alarm(
    case: Case,
    proposal: Proposal,
    over_s: float,
    now_s: float,
    rule: UnansweredRule,
    before: OpenAlarm | None,
    label: str,
) -> list[AlarmEffect]:
    severity = severity_of(over_s, rule)
    treatment = standing_in(proposal, rule.parameters)
    start_s = call_out_s(proposal)
    reason = f"{what_counts(treatment)} {proposal.reason}"
    inputs = {
        "proposal": case.ref, "proposed_at": iso(proposal.at_s), "outcome": proposal.outcome,
        "waited_s": num(now_s - proposal.at_s, 0), "call_out_by": iso(start_s),
        "no_answer": rule.parameters.no_answer,
    }  # fmt: skip
    if before is None:
        return [
            RaiseAlarm(
                RULE, rule.version, "route", case.route_id, severity, now_s,
                f"Nobody has answered the proposal for {label}", reason, inputs,
            )
        ]  # fmt: skip
    if rank(severity) > rank(before.severity):
        return [
            ChangeSeverity(RULE, "route", case.route_id, severity, before.severity, now_s, reason, inputs)
        ]
    return []


def severity_of(over_s: float, rule: UnansweredRule) -> str:
    """Return the severity so long beyond the deadline."""
    levels = rule.alarm.levels
    reached = [v.severity for v in levels if v.raise_at is None or over_s >= v.raise_at]
    return reached[-1] if reached else levels[0].severity
