"""What the housing officer's pages say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.damp_text import CAUSES
from ops_api.housing.clocks import Clock, by_urgency
from ops_api.housing.listing import SharedHome, sure_words
from ops_api.web import words
from ops_api.web.brand import Brand
from rules.core.evidence.contents import Case
from rules.core.legal_clock import Law, WorkingDays, judge_case
from rules.core.legal_clock.model import EVENT_WORDS, Step
from rules.core.legal_clock.words import STATE_WORDS, day, due_words, moment, said_words

Row = Mapping[str, Any]

RISK_BADGES = {"high": "critical", "raised": "warning", "low": "info", "unknown": "info"}
CASE_WORDS = {
    "overdue": "Overdue",
    "running": "Time is running",
    "waiting": "Nothing is due",
    "over": "Closed",
    "none": "No case",
}
CASE_BADGES = {"overdue": "critical", "running": "warning", "waiting": "info", "over": "info"}
CAUSE_CHOICES = {**CAUSES, "untold": "not enough to tell"}
DONE = frozenset({"met", "late"})
SENT = {
    "sent": "sent",
    "delivered": "delivered",
    "pending": "waits",
    "sending": "on its way",
    "suppressed": "not sent",
}


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A case in the list of clocks; ``home_id`` None: its home shares nothing."""

    home_id: int | None
    label: str
    clock: Clock
    badge: str
    said: str


def headline(homes: Sequence[SharedHome], clocks: Sequence[ClockRow]) -> str:
    """Return the page's first line: limits that have passed, then homes at high risk."""
    overdue = sum(c.clock.where == "overdue" for c in clocks)
    high = sum(h.risk == "high" for h in homes)
    said = [f"{words.plural(overdue, 'case is', 'cases are')} overdue"] if overdue else []
    if high:
        said.append(f"{words.plural(high, 'home is', 'homes are')} at high risk")
    if not said and not homes:
        return "No household shares its risk yet, and no limit is overdue"
    if not said:
        return "No limit is overdue and no shared home is at high risk"
    return " and ".join(said)


def clock_rows(homes: Sequence[SharedHome], others: Sequence[Clock]) -> list[ClockRow]:
    """Return all open cases, overdue ones first."""
    of = {c.case_id: h for h in homes for c in h.clocks}
    clocks = by_urgency([*(c for h in homes for c in h.clocks if c.where != "over"), *others])
    return [_clock_row(c, of.get(c.case_id)) for c in clocks]


def _clock_row(c: Clock, home: SharedHome | None) -> ClockRow:
    return ClockRow(
        home_id=None if home is None else home.home_id,
        label="a home that shares nothing" if home is None else home.label,
        clock=c,
        badge=CASE_BADGES[c.where],
        said=CASE_WORDS[c.where],
    )


@dataclass(frozen=True, slots=True)
class StepRow:
    """A limit of a case as shown."""

    title: str
    limit: str
    state: str
    due: str
    done: str
    badge: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """One of the council's cases: its clock, limits, what happened, what was reminded."""

    case_id: int
    kind: str
    hazard: str
    clock: Clock
    badge: str
    said: str
    warnings: tuple[str, ...]
    steps: tuple[StepRow, ...]
    step_names: tuple[tuple[str, str], ...]
    entries: tuple[tuple[int, str, str, str], ...]
    reminders: tuple[str, ...]
    over: bool


def case_view(
    case: Case, clock: Clock, reminders: Sequence[Row], *, now: datetime, law: Law, days: WorkingDays
) -> CaseView:
    """Return a case as shown; entries as (number, when, what, who)."""
    state = judge_case(case.kind, case.events, now.timestamp(), law, days)
    entries = sorted(case.events, key=lambda e: (e.at_s, e.number))
    return CaseView(
        case_id=case.case_id,
        kind=case.kind,
        hazard=case.hazard,
        clock=clock,
        badge=CASE_BADGES[clock.where],
        said=CASE_WORDS[clock.where],
        warnings=state.warnings,
        steps=tuple(_step(s, days.zone) for s in state.steps),
        step_names=tuple((s.name, s.title) for s in state.steps),
        entries=tuple((e.number, moment(e.at_s, days.zone), _entry(e), _by(e)) for e in entries),
        reminders=tuple(reminder_words(r, days.zone, now) for r in reminders),
        over=state.over,
    )


def _step(s: Step, zone: ZoneInfo) -> StepRow:
    return StepRow(
        title=s.title,
        limit=s.limit,
        state=STATE_WORDS[s.state],
        due=due_words(s, zone),
        done="" if s.done_s is None else day(s.done_s, zone),
        badge="critical"
        if s.state == "missed"
        else "warning"
        if s.state in ("running", "late", "unknown")
        else "info",
        note=" ".join(filter(None, (_said(s), s.warning))),
    )


def _said(s: Step) -> str:
    said = said_words(s).rstrip(".")
    return f"{'More time, ' if s.extended_to else ''}{said}." if said else ""


def _entry(e: Any) -> str:
    about = f" Until {e.until:%d %B %Y}." if e.until else ""
    about += f" It was entry {e.refers_to}." if e.refers_to else ""
    return f"{EVENT_WORDS[e.kind]}.{about}{' ' + e.note if e.note else ''}"


def _by(e: Any) -> str:
    return "the household" if e.role == "resident" else str(e.by)


def reminder_words(r: Row, zone: ZoneInfo, now: datetime) -> str:
    """Return one reminder in a line: when, to whom, what became of it."""
    state = SENT.get(r["state"], r["state"])
    at = r["sent_at"] or r["not_before"]
    when = words.day_and_clock(at, zone, now)
    why = f" ({r['suppressed_why']})" if r["suppressed_why"] else ""
    until = " until" if r["state"] == "pending" else ""
    return f"{r['title']} To {r['recipient']} over {r['channel']}: {state}{until} {when}{why}."


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A week's finding as shown."""

    week: str
    risk: str
    badge: str
    why: str
    index: str
    readings: str


def weeks(home: SharedHome) -> tuple[WeekRow, ...]:
    """Return the findings by week."""
    return tuple(
        WeekRow(
            week=f"{date.fromisoformat(w['week']):%d %B %Y}".lstrip("0"),
            risk=w["risk"],
            badge=RISK_BADGES[w["risk"]],
            why="not enough to tell"
            if w["cause"] is None
            else f"{CAUSES.get(w['cause'], w['cause'])} ({sure_words(w['confidence'])})",
            index=words.number(w["mould_index"], 2),
            readings="–" if w["completeness"] is None else words.percent(100.0 * w["completeness"]),
        )
        for w in home.weeks
    )


def days_of(rows: Sequence[Row]) -> tuple[tuple[str, str, str, str], ...]:
    """Return daily means as (day, room, temperature, humidity)."""
    return tuple(
        (
            f"{r['day']:%a} {r['day'].day} {r['day']:%b}",
            r["room"],
            words.degrees(r["temperature_c"]),
            words.percent(r["humidity_pct"]),
        )
        for r in rows
    )


def measured(home: SharedHome, brand: Brand, town: datetime) -> str:
    """Return what the risk is of, in a line."""
    said = []
    if home.now is not None:
        at = words.day_and_clock(home.seen_at, brand.time_zone, town)
        said.append(f"The coldest wall now: {home.now} ({at}).")
    if home.weeks_say is not None and home.as_of is not None:
        index = "" if home.index is None else f", risk index {words.number(home.index, 2)} of 6"
        said.append(f"The last four weeks to {home.as_of.day} {home.as_of:%B}: {home.weeks_say}{index}.")
    return " ".join(said)
