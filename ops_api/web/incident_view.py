"""Incidents as pages show them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops_api.web import words
from rules.core.incidents import handover as h
from rules.core.incidents.model import Incident, Signal, Task
from rules.core.incidents.timeline import Line
from rules.core.incidents.words import STATE_WORDS, headline, ranked, ref_of, to_do, who_has

SEVERITY_WORDS = {"info": "Info", "warning": "Warning", "major": "Major", "critical": "Critical"}
SERVICE_WORDS = {
    "bins": "bins", "roads": "winter roads", "devices": "devices", "platform": "the platform", "reports": "residents' reports"
}  # fmt: skip
SOURCES = {
    "incident": "Incident", "alarm": "Alarm", "order": "Order", "round": "Round", "report": "Report", "message": "Message"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """An incident in a list."""

    number: int
    ref: str
    title: str
    state: str
    state_words: str
    severity: str
    severity_words: str
    who: str
    since: str
    age: str
    says: str
    tasks: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task; ``late``: its time is past."""

    number: int
    text: str
    who: str
    due: str
    late: bool
    done: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """Something that belongs to it."""

    kind: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class SignalView:
    """What it is made of."""

    key: str
    title: str
    where: str
    severity: str
    severity_words: str
    since: str
    over: str
    href: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One thing that happened; times of other days with the day."""

    at: str
    source: str
    source_words: str
    text: str
    href: str


def list_headline(incidents: Sequence[Incident], *, names: bool) -> str:
    """Return what is going on and who has it."""
    return headline(incidents, names=names)


def cards(incidents: Sequence[Incident], now: datetime, zone: ZoneInfo, *, names: bool) -> list[Card]:
    """Return incidents for a list, those that need somebody first."""
    return [card(i, now, zone, names=names) for i in ranked(incidents)]


def card(i: Incident, now: datetime, zone: ZoneInfo, *, names: bool) -> Card:
    """Return an incident for a list."""
    made = _at(i.made_at_s)
    services = _and([SERVICE_WORDS.get(s, s) for s in i.services])
    up = f"{i.up} of {i.signals} still up" if i.signals else "no alarm belongs to it"
    todo = len(i.open_tasks)
    return Card(
        number=i.incident_id, ref=ref_of(i.incident_id), title=i.title, state=i.state, state_words=STATE_WORDS[i.state],
        severity=i.severity, severity_words=SEVERITY_WORDS[i.severity], who=_capital(who_has(i, names=names)),
        since=words.day_and_clock(made, zone, now), age=words.ago(made, now),
        says=f"{_capital(services)}: {up}." if services else f"{_capital(up)}.",
        tasks=words.plural(todo, "task") + " open" if todo else "", fresh=i.since_contained,
    )  # fmt: skip


def title_line(i: Incident, *, names: bool) -> str:
    """Return the first line of an incident's page."""
    if i.state == "merged":
        return f"{ref_of(i.incident_id)} is a part of {ref_of(i.merged_into or 0)} now."
    if i.state == "closed":
        return f"{i.title}: closed."
    state = {"proposed": "proposed", "open": "open", "contained": "contained"}[i.state]
    return f"{i.title}: {state}, {who_has(i, names=names)}."


def advice(i: Incident, *, names: bool) -> tuple[str, ...]:
    """Return what is to be done; of tasks only how many where the reader may not know what people wrote."""
    found = to_do(i)
    return found if names else tuple(x for x in found if not x.startswith("Task "))


def tasks(found: Sequence[Task], now: datetime, zone: ZoneInfo, *, names: bool) -> list[TaskView]:
    """Return tasks, those to be done first."""
    order = sorted(found, key=lambda t: (t.done_at_s is not None, t.due_s is None, t.due_s or 0.0, t.number))
    return [_task(t, now, zone, names=names) for t in order]


def _task(t: Task, now: datetime, zone: ZoneInfo, *, names: bool) -> TaskView:
    due = "" if t.due_s is None else f"by {words.day_and_clock(_at(t.due_s), zone, now)}"
    late = t.done_at_s is None and t.due_s is not None and t.due_s < now.timestamp()
    done = "" if t.done_at_s is None else f"done {words.day_and_clock(_at(t.done_at_s), zone, now)}"
    if done and names:
        done += f" by {t.done_by}" + (f": {t.done_note}" if t.done_note else "")
    return TaskView(
        t.number, t.text if names else f"Task {t.number}", t.who if names else "", due, late, done
    )


def links(i: Incident, *, names: bool) -> list[LinkView]:
    """Return links; without ``names`` only of what kind there are."""
    kinds = {x.kind for x in i.links}
    if not names:
        return [LinkView(k.replace("_", " "), "", "") for k in sorted(kinds)]
    return [LinkView(x.kind.replace("_", " "), x.title, x.href) for x in i.links]


def signals(found: Sequence[Signal], now: datetime, zone: ZoneInfo) -> list[SignalView]:
    """Return what it is made of: what is up first, the newest first."""
    order = sorted(found, key=lambda s: (s.ended_s is not None, -s.at_s, s.key))
    return [
        SignalView(
            key=s.key, title=s.title, where=s.street if s.kind == "bin" or not s.street else f"{s.street} ({s.subject})",
            severity=s.severity, severity_words=SEVERITY_WORDS[s.severity],
            since=words.day_and_clock(_at(s.at_s), zone, now),
            over="" if s.ended_s is None else words.day_and_clock(_at(s.ended_s), zone, now),
            href="" if s.alarm_id is None else f"/alarms/{s.alarm_id}",
        )
        for s in order
    ]  # fmt: skip


def lines(found: Sequence[Line], now: datetime, zone: ZoneInfo) -> list[LineView]:
    """Return the timeline."""
    return [
        LineView(
            words.day_and_clock(_at(x.at_s), zone, now), x.source, SOURCES.get(x.source, x.source), _capital(x.text), x.href
        )
        for x in found
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A handover as its page shows it."""

    headline: str
    at: str
    since: str
    held: list[tuple[str, list[str]]]
    due: list[str]
    changed: list[tuple[int, str, list[tuple[str, str]]]]
    routes: list[str]
    rounds: str


def handover_view(found: h.Handover, zone: ZoneInfo) -> HandoverView:
    """Return a handover for its page."""
    rounds = found.shift.rounds
    return HandoverView(
        headline=found.headline,
        at=h.clock(found.at_s, zone),
        since=h.clock(found.since_s, zone),
        held=[(x.owner, [h.incident_line(i) for i in x.incidents]) for x in found.held],
        due=[h.due_line(d, zone) for d in found.due],
        changed=[
            (x.incident_id, f"{ref_of(x.incident_id)} {x.title} ({x.state})", _clocked(x.lines, zone))
            for x in found.changed
        ],
        routes=[h.route_line(r, zone) for r in found.shift.routes],
        rounds="" if rounds is None else h.rounds_line(rounds),
    )


def _clocked(found: Sequence[tuple[float, str]], zone: ZoneInfo) -> list[tuple[str, str]]:
    return [(h.clock(at_s, zone), _capital(text)) for at_s, text in found]


def _at(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _and(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else ", ".join(found[:-1]) + f" and {found[-1]}" if found else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
