"""What an officer asks: whether it is allowed now, and what it makes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import singledispatch
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from rules.core.winter_orders import model as m
from rules.core.winter_orders.in_time import in_time
from rules.core.winter_orders.standing import over_s
from rules.core.winter_orders.words import moment

RATE_MOST_G_M2 = 40.0
"""The most that a pass may put on the road [g/m²]: twice the largest cell of the matrices."""
PASSES_MOST = 4
BACK_S = 60.0
"""How long ago a time may be that is ordered [s]: who types "now" by a clock without seconds means the minute."""
AHEAD_S = 48 * 3600.0
"""An order is for the coming two days at most [s]."""
YEAR_S = 365.2425 * 86_400.0
TEXT_MOST = 1000
NAME_MOST = 100


class OrderRefusedError(ValueError):
    """A command is not allowed now; the text is for whoever asked."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk goes by.

    Attributes:
        zone: of the town's clock, which officers type and are told times by.
        least_g_m2: what spreaders spread evenly; less is not ordered.
    """

    zone: tzinfo = UTC
    least_g_m2: float = 8.0


USUAL = Terms()


def obey(
    case: m.Case | None, command: m.Command, now_s: float, route: m.Route, terms: Terms = USUAL
) -> m.NewAct:
    """Return the act that a command makes.

    Args:
        case: what it is about, as it stands; None for an order of one's own.
        command: what is asked, and by whom.
        now_s: the town's time [s since 1970].
        route: which it is on.
        terms: what the desk goes by.

    Raises:
        OrderRefusedError: it is not allowed now, in words for whoever asked.
    """
    for what, text in (("who", command.by), ("in which role", command.role)):
        if not text.strip():
            raise OrderRefusedError(f"{what} it is said is missing: the record names a person and a role")
        if len(text) > NAME_MOST:
            raise OrderRefusedError(f"{what} it is said has {len(text)} letters; at most {NAME_MOST}")
    return _obey(command, case, now_s, route, terms)


@singledispatch
def _obey(command: Any, case: m.Case | None, now_s: float, route: m.Route, terms: Terms) -> m.NewAct:
    raise TypeError(f"{type(command).__name__} is no command of the officer's desk")


@_obey.register
def _confirm(command: m.Confirm, case: m.Case, now_s: float, route: m.Route, terms: Terms) -> m.NewAct:
    _not_over(case, now_s, terms)
    if not case.is_waiting or case.proposal is None:
        raise OrderRefusedError(_done(case, terms))
    if case.proposal.treatment is None:
        raise OrderRefusedError(
            f"{case.ref} proposes nothing that could be done: the rules refer it to you. "
            "Order a treatment, or cancel it with a reason."
        )
    return _act(case, command, "confirmed", now_s, command.note, in_time(case.proposal.treatment, now_s))


@_obey.register
def _change(command: m.Change, case: m.Case, now_s: float, route: m.Route, terms: Terms) -> m.NewAct:
    _changeable(case, now_s, terms)
    stands = case.treatment or (None if case.proposal is None else case.proposal.treatment)
    base = _base(case, command, route) if stands is None else stands
    new = _changed(command, base)
    if new == stands:
        more = "; to have it done as proposed, confirm it" if case.is_waiting else ": it stands so already"
        raise OrderRefusedError(f"that changes nothing of {case.ref}{more}")
    if case.is_waiting:  # nobody has been called yet
        new = _changed(command, in_time(base, now_s))
    _check(new, now_s, route, stands, terms)
    return _act(case, command, "changed", now_s, _reason(command.reason), new)


def _base(case: m.Case, command: m.Change, route: m.Route) -> m.Treatment:
    """Return what is changed where the rules propose nothing that could be done."""
    if command.g_m2 is None:
        raise OrderRefusedError(
            f"{case.ref} has no rate to change: the rules refer it to you; give one (g_m2)"
        )
    return m.Treatment(g_m2=command.g_m2, passes=1, segments=route.segments)


def _changed(command: m.Change, base: m.Treatment) -> m.Treatment:
    wanted = {
        "g_m2": command.g_m2, "passes": command.passes, "start_s": command.start_s, "by_s": command.by_s,
        "plough": command.plough,
        "segments": None if command.segments is None else tuple(sorted(set(command.segments))),
    }  # fmt: skip
    new = replace(base, **{k: v for k, v in wanted.items() if v is not None})
    if _is_moved(base.start_s, new.start_s):
        # Who sets when the lorry leaves calls the crew himself.
        new = replace(new, call_out_s=UNSET, not_before_s=UNSET)
    # Who says by when it is to be done wants it then.
    return new if command.by_s is None else replace(new, wanted_s=UNSET)


@_obey.register
def _cancel(command: m.Cancel, case: m.Case, now_s: float, route: m.Route, terms: Terms) -> m.NewAct:
    _changeable(case, now_s, terms)
    return _act(case, command, "cancelled", now_s, _reason(command.reason), None)


@_obey.register
def _order(command: m.OrderOwn, case: None, now_s: float, route: m.Route, terms: Terms) -> m.NewAct:
    segments = route.segments if command.segments is None else tuple(sorted(set(command.segments)))
    treatment = m.Treatment(
        g_m2=command.g_m2, passes=command.passes, segments=segments, start_s=command.start_s, by_s=command.by_s,
        plough=command.plough,
    )  # fmt: skip
    _check(treatment, now_s, route, None, terms)
    return m.NewAct(
        ref="", route_id=route.route_id, decision_id=None, what="ordered", at_s=now_s, by=command.by.strip(),
        role=command.role.strip(), via=command.via, reason=_reason(command.reason), treatment=treatment,
        request_id=command.request_id,
    )  # fmt: skip


def _is_moved(before_s: float | None, after_s: float | None) -> bool:
    """Whether a time is another one; forms have no seconds."""
    if before_s is None or after_s is None:
        return before_s is not after_s
    return abs(after_s - before_s) >= 60.0


def _not_over(case: m.Case, now_s: float, terms: Terms) -> None:
    over = over_s(case)
    if now_s >= over:
        raise OrderRefusedError(
            f"{case.ref} is over since {moment(over, terms.zone)}: what was done for it is the record. "
            "To treat now, give an order of your own."
        )


def _changeable(case: m.Case, now_s: float, terms: Terms) -> None:
    _not_over(case, now_s, terms)
    if case.state in ("cancelled", "superseded", "withdrawn"):
        raise OrderRefusedError(_done(case, terms))


def _done(case: m.Case, terms: Terms) -> str:
    """Return why nothing can be made of a case any more, in words."""
    if case.state == "superseded":
        return f"{case.ref} is no longer the newest proposal on {case.route_id}: answer that one."
    if case.state == "withdrawn":
        return f"The rules no longer call for {case.ref}. To treat all the same, give an order of your own."
    last = case.acts[-1]
    more = (
        "To treat all the same, give an order of your own."
        if case.state == "cancelled"
        else "It can be changed or cancelled."
    )
    return f"{last.by} has {_SAID[last.what]} {case.ref} at {moment(last.at_s, terms.zone)} already. {more}"


_SAID = {
    "confirmed": "confirmed",
    "changed": "changed",
    "cancelled": "cancelled",
    "ordered": "ordered",
    "unanswered": "not answered",
}


def _reason(text: str) -> str:
    found = text.strip()
    if not found:
        raise OrderRefusedError("why is missing: give a reason, it is part of the record")
    if len(found) > TEXT_MOST:
        raise OrderRefusedError(f"the reason has {len(found)} letters; at most {TEXT_MOST}")
    return found


def _check(t: m.Treatment, now_s: float, route: m.Route, before: m.Treatment | None, terms: Terms) -> None:
    if before is None or t.g_m2 != before.g_m2:  # what the rules propose is theirs to know
        _rate(t.g_m2, terms.least_g_m2)
    if not 1 <= t.passes <= PASSES_MOST:
        raise OrderRefusedError(f"{t.passes} passes: allowed are 1 to {PASSES_MOST}")
    _segments(t.segments, route)
    for name in ("start_s", "by_s"):
        value, was = getattr(t, name), None if before is None else getattr(before, name)
        if value is not None and value != was and not now_s - BACK_S <= value <= now_s + AHEAD_S:
            raise OrderRefusedError(
                f"{_TIMES[name]} {_said(value, now_s, terms.zone)} is not allowed: it must lie between now, {moment(now_s, terms.zone)}, and {moment(now_s + AHEAD_S, terms.zone)}"
            )
    if t.start_s is not None and t.by_s is not None and t.by_s <= t.start_s:
        raise OrderRefusedError(
            f"{_TIMES['by_s']} {moment(t.by_s, terms.zone)} is not after {_TIMES['start_s']} {moment(t.start_s, terms.zone)}"
        )


def _rate(g_m2: float, least_g_m2: float) -> None:
    if not 0.0 < g_m2 <= RATE_MOST_G_M2:
        raise OrderRefusedError(
            f"rate {g_m2:g} g/m²: allowed are {least_g_m2:g} to {RATE_MOST_G_M2:g}; to treat nothing, cancel"
        )
    if g_m2 < least_g_m2:
        raise OrderRefusedError(
            f"rate {g_m2:g} g/m² is less than spreaders spread evenly: allowed are {least_g_m2:g} to "
            f"{RATE_MOST_G_M2:g}; to treat nothing, cancel"
        )


def _said(at_s: float, now_s: float, zone: tzinfo) -> str:
    """Return a time that may be any: of another year it says which."""
    if abs(at_s - now_s) > YEAR_S / 2.0:
        year = 1970 + int(at_s // YEAR_S)
        return f"in the year {year}"
    return moment(at_s, zone)


_TIMES = {"start_s": "the start", "by_s": "the time by which it is done"}


def _segments(segments: Sequence[str], route: m.Route) -> None:
    if not segments:
        raise OrderRefusedError("no stretch is named; to treat nothing, cancel")
    strange = sorted(set(segments) - set(route.segments))
    if strange:
        named = ", ".join(strange[:5]) + (" …" if len(strange) > 5 else "")
        raise OrderRefusedError(f"not on {route.route_id}: {named}")


def _act(
    case: m.Case,
    command: m.Confirm | m.Change | m.Cancel,
    what: m.What,
    now_s: float,
    reason: str,
    treatment: m.Treatment | None,
) -> m.NewAct:
    return m.NewAct(
        ref=case.ref, route_id=case.route_id,
        decision_id=None if case.proposal is None else case.proposal.decision_id,
        what=what, at_s=now_s, by=command.by.strip(), role=command.role.strip(), via=command.via,
        reason=reason.strip()[:TEXT_MOST], treatment=treatment, request_id=command.request_id,
    )  # fmt: skip
