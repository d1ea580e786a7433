"""The officer's panel of a route: what waits, what stands, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from rules.core.winter_orders.model import Case, Treatment
from rules.core.winter_orders.standing import over_s
from rules.core.winter_orders.words import act_words, answer_words, moment


@dataclass(frozen=True, slots=True)
class CaseView:
    """A proposal or order as shown.

    Attributes:
        answer: where it stands, in a sentence.
        reason: of the rules; empty of an officer's own order.
        acts: who said what; empty where names are not shown.
        can_confirm, can_change: what is possible now.
        rate, passes, start, ploughs: of what stands or is asked, for the form; ``start_was`` with its offset.
        once: of this case as it is shown; another once anything was said about it.
    """

    ref: str
    at: str
    answer: str
    waits: bool
    stands: bool
    reason: str
    forecast: str
    acts: tuple[str, ...]
    can_confirm: bool
    can_change: bool
    rate: str
    passes: int
    start: str
    start_was: str
    once: str
    ploughs: bool
    segments: tuple[str, ...]


def headline(cases: Sequence[Case]) -> str:
    """Return the answer to "is anybody waiting for me?"."""
    waiting = sum(c.is_waiting for c in cases)
    if waiting:
        return (
            "One proposal waits for an answer" if waiting == 1 else f"{waiting} proposals wait for an answer"
        )
    stands = sum(c.treatment is not None and not c.is_waiting for c in cases)
    return "Nothing waits for an answer" + (
        f"; {stands} ordered in the last day and a half" if stands else ""
    )


def case_views(cases: Sequence[Case], zone: tzinfo, now_s: float, *, names: bool) -> tuple[CaseView, ...]:
    """Return cases as shown, the newest first, those that wait before all others; ``now_s``: the town's time."""
    order = sorted(cases, key=lambda c: (not c.is_waiting, -c.at_s))
    return tuple(_view(c, zone, now_s, names) for c in order)


def _view(case: Case, zone: tzinfo, now_s: float, names: bool) -> CaseView:
    p, is_over = case.proposal, now_s >= over_s(case)
    asked = case.treatment or (None if p is None else p.treatment)
    return CaseView(
        ref=case.ref, at=moment(case.at_s, zone), answer=answer_words(case, zone), waits=case.is_waiting,
        stands=case.treatment is not None, reason="" if p is None else p.reason,
        forecast="" if p is None else p.forecast,
        acts=tuple(act_words(a, zone) for a in case.acts) if names else (),
        can_confirm=not is_over and case.is_waiting and p is not None and p.treatment is not None,
        can_change=not is_over and case.state not in ("cancelled", "superseded", "withdrawn"),
        rate="" if asked is None else f"{asked.g_m2:g}", passes=1 if asked is None else asked.passes,
        start=_local(asked, zone)[:16], start_was=_local(asked, zone), once=f"{case.ref}-{len(case.acts)}", ploughs=asked is not None and asked.plough, segments=() if asked is None else asked.segments,
    )  # fmt: skip


def _local(treatment: Treatment | None, zone: tzinfo) -> str:
    """Return when a lorry leaves, to the minute: ``2026-10-25T01:30+01:00``."""
    if treatment is None or treatment.start_s is None:
        return ""
    return datetime.fromtimestamp(treatment.start_s, zone).isoformat(timespec="minutes")
