"""What commands and REST do with cases: documents from books, entries from words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cityops.errors import ConfigurationError
from ops_api.moments import a_day, a_moment, only_a_day
from rules.core.evidence.contents import Case, Contact, Photo
from rules.core.legal_clock import CaseEvent, CaseKind, Law, WorkingDays, judge_case
from rules.core.legal_clock.entry import TIME_MISSING, needs_time
from rules.core.legal_clock.model import EVENT_KINDS, EVENT_WORDS, STEP_NAMES, WROTE, Role, Step
from rules.core.legal_clock.words import answer, due_words, moment, step_line

AHEAD = timedelta(minutes=5)
"""Clocks differ."""
METHODS = ("phone", "email", "letter", "visit", "online", "text", "other")


def case_document(case: Case, now: datetime, law: Law, days: WorkingDays) -> dict[str, Any]:
    """Return a case as REST and ``--json`` show it: the answer, the steps, what happened; times in UTC."""
    state = judge_case(case.kind, case.events, now.timestamp(), law, days)
    return {
        "case_id": case.case_id,
        "kind": case.kind,
        "hazard": case.hazard,
        "landlord": case.landlord,
        "council_owned": case.council_owned,
        "opened_at": case.opened_at,
        "answer": answer(state, days.zone),
        "over": state.over,
        "next": None if state.next is None else state.next.name,
        "missed": [s.name for s in state.missed],
        "warnings": list(state.warnings),
        "claims": [_event(e) for e in state.claims],
        "steps": [_step(s, days.zone) for s in state.steps],
        "events": [_event(e) for e in case.events],
        "law": law.title,
        "notice": law.notice,
    }


def _step(step: Step, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "step": step.name,
        "title": step.title,
        "limit": step.limit,
        "state": step.state,
        "due": due_words(step, zone),
        "from_at": _utc(step.from_s),
        "due_at": _utc(step.due_s),
        "until_at": _utc(step.until_s),
        "done_at": _utc(step.done_s),
        "extended_to": step.extended_to,
        "reason": step.reason,
        "said_by": step.said_by,
        "warning": step.warning,
    }


def _event(event: CaseEvent) -> dict[str, Any]:
    return {
        "number": event.number,
        "kind": event.kind,
        "words": EVENT_WORDS[event.kind],
        "at": _utc(event.at_s),
        "step": event.step,
        "until": event.until,
        "refers_to": event.refers_to,
        "note": event.note,
        "by": event.by,
        "role": event.role,
        "recorded_at": _utc(event.recorded_s),
    }


def _utc(at_s: float | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)


def case_lines(case: Case, now: datetime, law: Law, days: WorkingDays) -> list[str]:
    """Return a case for the command line: the answer first."""
    zone, state = days.zone, judge_case(case.kind, case.events, now.timestamp(), law, days)
    landlord = f", landlord {case.landlord}" if case.landlord else ""
    own = ", a home of the council" if case.council_owned else ""
    lines = [
        f"case {case.case_id}: {answer(state, zone)}",
        f"{case.hazard}, {case.kind} hazard{landlord}{own}",
    ]
    lines += [f"  {step_line(step, zone)}" for step in state.steps]
    lines += [f"  note: {w}" for w in state.warnings]
    for e in sorted(case.events, key=lambda e: (e.at_s, e.number)):
        about = "".join((
            f" [{e.step}]" if e.step else "", f" until {e.until}" if e.until else "",
            f" [entry {e.refers_to}]" if e.refers_to else "", f": {e.note}" if e.note else "",
        ))  # fmt: skip
        lines.append(
            f"  {e.number:>5}  {moment(e.at_s, zone)}  {EVENT_WORDS[e.kind]}{about} ({WROTE[e.role]}: {e.by})"
        )
    return [*lines, law.notice]


def list_lines(cases: Sequence[Case], now: datetime, law: Law, days: WorkingDays) -> list[str]:
    """Return a line for each case."""
    lines = []
    for case in cases:
        state = judge_case(case.kind, case.events, now.timestamp(), law, days)
        lines.append(f"{case.case_id:>6}  {case.kind:<12} {case.hazard:<18} {answer(state, days.zone)}")
    return lines or ["no case is open or was closed"]


def an_event(
    kind: str,
    at: str | None,
    *,
    now: datetime,
    zone: ZoneInfo,
    note: str = "",
    step: str | None = None,
    until: str | None = None,
    withdraws: int | None = None,
    by: str,
    role: Role = "resident",
    name: str = "--at",
    case: CaseKind = "significant",
) -> CaseEvent:
    """Return an entry from what was typed, for a case of kind ``case``.

    Raises:
        ConfigurationError: a kind, step or date that does not exist, or a day where the time of day is needed.
    """
    if kind not in EVENT_KINDS:
        raise ConfigurationError(f"entry {kind!r} is unknown; entries: {', '.join(EVENT_KINDS)}")
    if step is not None and step not in STEP_NAMES:
        raise ConfigurationError(f"--step {step!r} is unknown; steps: {', '.join(STEP_NAMES)}")
    if at is not None and only_a_day(at) and needs_time(case, kind):
        raise ConfigurationError(f"{name} {at!r}: {TIME_MISSING} E.g. 2026-01-12T09:30.")
    moment_at = now if at is None else _not_after_today(a_moment(at, zone, name), at, now, zone)
    return CaseEvent(
        number=0, kind=kind, at_s=moment_at.timestamp(), step=step,
        until=None if until is None else a_day(until, "--until"), refers_to=withdraws, note=note, by=by,
        role=role,
    )  # fmt: skip


def _not_after_today(found: datetime, text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return now where only today's date was given: its noon may be still to come."""
    return min(now, found) if only_a_day(text) and found.date() == now.astimezone(zone).date() else found


def a_contact(
    method: str,
    who: str,
    said: str,
    at: datetime,
    now: datetime,
    by: str,
    *,
    allowed: Sequence[str] = METHODS,
) -> Contact:
    """Return an entry of the contact log.

    Raises:
        ConfigurationError: the method is unknown, something is empty, or it lies in the future.
    """
    if method not in allowed:
        raise ConfigurationError(f"method {method!r} is unknown; methods: {', '.join(allowed)}")
    if not who.strip() or not said.strip():
        raise ConfigurationError("say whom it was with and what was said")
    not_ahead(at, now)
    return Contact(contact_id=0, at=at, method=method, who=who, said=said, by=by, recorded_at=now)


def not_ahead(at: datetime, now: datetime) -> None:
    """Raise ConfigurationError where a date lies in the future: what has not been can't be written down."""
    if at - now > AHEAD:
        raise ConfigurationError("what has not been yet can't be written down: its date lies in the future")


def photo_file(file: Path) -> bytes:
    """Return a file's bytes, as far as a photo may go.

    Raises:
        ConfigurationError: the file can't be read.
    """
    from rules.evidence.pictures import MOST_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error


def a_photo(
    data: bytes, *, caption: str, room: str, taken_at: datetime, now: datetime, by: str
) -> tuple[Photo, bytes]:
    """Return a photo and its bytes without metadata.

    Raises:
        RefusedError: it is no photo that can be taken.
    """
    from rules.evidence.pictures import cleaned

    picture = cleaned(data)
    photo = Photo(
        photo_id=0, taken_at=taken_at, room=room, caption=caption, width=picture.width, height=picture.height,
        sha256=picture.sha256, original_sha256=picture.original_sha256, original_bytes=picture.original_bytes, by=by,
        added_at=now,
    )  # fmt: skip
    return photo, picture.jpeg
