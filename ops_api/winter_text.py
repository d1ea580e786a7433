"""The officer's desk for terminals and programs: lines, and documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from msgspec import UNSET

from ops_api.terminal_text import escaped
from rules.core.winter_orders.model import Act, Case, Treatment
from rules.core.winter_orders.words import STATE_WORDS, act_words, answer_words, moment


def list_lines(cases: Sequence[Case], zone: tzinfo) -> list[str]:
    """Return one line a case, those that wait for somebody first."""
    if not cases:
        return ["nothing was proposed or ordered in this time"]
    waiting = [c for c in cases if c.is_waiting]
    head = f"{len(waiting)} of {len(cases)} wait for an answer" if waiting else "nothing waits for an answer"
    order = sorted(cases, key=lambda c: (not c.is_waiting, c.at_s))
    rows = [
        f"{c.ref:>6}  {moment(c.at_s, zone):<20} {escaped(c.route_id):<12} {answer_words(c, zone)}"
        for c in order
    ]
    return [head, *rows]


def show_lines(case: Case, zone: tzinfo) -> list[str]:
    """Return everything about a case."""
    lines = [f"{case.ref} on {escaped(case.route_id)}: {answer_words(case, zone)}"]
    p = case.proposal
    if p is not None:
        lines += [
            f"proposed {moment(p.at_s, zone)} by the rules (winter.gritting version {p.rule_version}): {escaped(p.reason)}",
            f"forecast: {escaped(p.forecast) or 'none is named'}; inputs frozen as SHA-256 {p.sha256}",
        ]
    asked = case.treatment or (None if p is None else p.treatment)
    if asked is not None:
        lines.append(f"stretches: {escaped(', '.join(asked.segments))}")
    return [*lines, *(escaped(act_words(a, zone)) for a in case.acts)]


def documents(cases: Iterable[Case], *, names: bool = True) -> list[dict[str, Any]]:
    """Return cases for programs."""
    return [document(c, names=names) for c in cases]


def document(case: Case, *, names: bool = True, seen: bool = False) -> dict[str, Any]:
    """Return a case for programs.

    Args:
        case: which.
        names: whether it says who did what.
        seen: whether it says what was on the desk then.
    """
    p = case.proposal
    return {
        "ref": case.ref,
        "route_id": case.route_id,
        "state": case.state,
        "state_words": STATE_WORDS[case.state],
        "waits": case.is_waiting,
        "at": _time(case.at_s),
        "replaced_at": _time(case.until_s),
        "treatment": _treatment(case.treatment),
        "proposal": None
        if p is None
        else {
            "decision_id": p.decision_id,
            "at": _time(p.at_s),
            "outcome": p.outcome,
            "reason": p.reason,
            "treatment": _treatment(p.treatment),
            "rule_version": p.rule_version,
            "catalogue_id": p.catalogue_id,
            "forecast": p.forecast,
            "inputs_sha256": p.sha256,
        },
        "acts": [_act(a, seen) for a in case.acts] if names else [],
    }


def _act(act: Act, seen: bool) -> dict[str, Any]:
    found = {
        "act_id": act.act_id,
        "what": act.what,
        "at": _time(act.at_s),
        "recorded_at": _time(act.recorded_s),
        "by": act.by,
        "role": act.role,
        "via": act.via,
        "reason": act.reason,
        "treatment": _treatment(act.treatment),
        "link": act.link,
    }
    return {**found, "seen": act.seen} if seen else found


def _treatment(t: Treatment | None) -> dict[str, Any] | None:
    if t is None:
        return None
    return {
        "spread_rate_g_m2": t.g_m2,
        "passes": t.passes,
        "plough": t.plough,
        "segments": list(t.segments),
        "call_out_at": None if t.call_out_s is UNSET else _time(t.call_out_s),
        "start_at": _time(t.start_s),
        "done_by": _time(t.by_s),
        "wanted_by": _time(t.by_s if t.wanted_s is UNSET else t.wanted_s),
        "late_min": t.late_min,
    }


def _time(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)
