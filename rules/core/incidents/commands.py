"""What people ask of an incident: whether it is allowed now, and the acts that it makes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import msgspec

from rules.core.incidents.model import Incident, NewAct, Signal, What
from rules.core.incidents.settled import absorbed
from rules.core.incidents.summary import summary

TEXT_MOST, NAME_MOST, HREF_MOST, TASKS_MOST = 1000, 100, 500, 200
LINK_KINDS = ("order", "route", "round", "document", "what_if", "alarm", "other")
AHEAD_S = 31 * 86_400.0
"""A task is due within a month [s]."""


class IncidentRefusedError(ValueError):
    """A command is not allowed now; the text is for whoever asked."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What every command says: by whom, as what, through what, and what makes it one request."""

    by: str
    role: str = "operations"
    via: str = "api"
    request_id: str | None = None


class Open(Command, frozen=True, kw_only=True):
    """Take up a proposal, or with ``incident_id`` None make an incident that nobody proposed."""

    incident_id: int | None = None
    reason: str = ""
    title: str = ""
    place: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None


class About(Command, frozen=True, kw_only=True):
    """A command about an incident that is there."""

    incident_id: int


class Claim(About, frozen=True, kw_only=True):
    """Have it in hand oneself."""


class HandOver(About, frozen=True, kw_only=True):
    """Give it to somebody."""

    to: str
    to_role: str = ""
    note: str = ""


class AddTask(About, frozen=True, kw_only=True):
    """Have something done; ``due_s``: by when [s since 1970]."""

    text: str
    who: str = ""
    due_s: float | None = None


class DoneTask(About, frozen=True, kw_only=True):
    """Say that a task is done."""

    number: int
    note: str = ""


class Note(About, frozen=True, kw_only=True):
    """Write something into its log."""

    text: str


class AddLink(About, frozen=True, kw_only=True):
    """Tie an order, a round, a document or a what-if to it."""

    kind: str
    ref: str
    title: str
    href: str = ""


class Contain(About, frozen=True, kw_only=True):
    """Say that it gets no worse."""

    reason: str


class Close(About, frozen=True, kw_only=True):
    """Say that it is over, or of a proposal that it was none; ``even_so``: though tasks are open."""

    reason: str
    even_so: bool = False


class Reopen(About, frozen=True, kw_only=True):
    """Say that it is not contained, or not over, after all."""

    reason: str


class Merge(About, frozen=True, kw_only=True):
    """Make it a part of another."""

    into: int
    reason: str


class SplitOff(About, frozen=True, kw_only=True):
    """Make some of its signals an incident of their own, which its maker has in hand."""

    keys: tuple[str, ...]
    reason: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What a command is judged by.

    Attributes:
        incident: what it is about; None: there is none yet.
        signals: of the incident.
        other: the incident to merge into, and ``other_signals`` of that.
        next_id: number of an incident that it makes.
    """

    incident: Incident | None
    next_id: int
    signals: Sequence[Signal] = ()
    other: Incident | None = None
    other_signals: Sequence[Signal] = ()


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What a command makes: acts in order, and signals that go elsewhere. The first act carries the request."""

    acts: tuple[NewAct, ...]
    members: Mapping[str, int] = field(default_factory=dict)


def obey(command: Command, case: Case, now_s: float) -> Obeyed:
    """Return what a command makes.

    Args:
        command: what is asked, and by whom.
        case: what it is judged by.
        now_s: the town's time [s since 1970].

    Raises:
        IncidentRefusedError: it is not allowed now, in words for whoever asked.
    """
    _check_text(command)
    made = _obey(command, case, now_s)
    first, *rest = made.acts
    return Obeyed((msgspec.structs.replace(first, request_id=command.request_id), *rest), made.members)


def _check_text(command: Command) -> None:
    for name in command.__struct_fields__:
        value = getattr(command, name)
        most = TEXT_MOST if name in ("reason", "text", "note") else HREF_MOST if name == "href" else 200
        if isinstance(value, str) and (len(value) > most or "\0" in value):
            raise IncidentRefusedError(f"{name}: at most {most} characters, and no zero character")
    if not command.by.strip() or len(command.by) > NAME_MOST:
        raise IncidentRefusedError(f"Say who you are, in at most {NAME_MOST} characters.")


def _act(
    command: Command, incident_id: int, what: What, now_s: float, text: str = "", **detail: Any
) -> NewAct:
    return NewAct(
        incident_id=incident_id, what=what, at_s=now_s, by=command.by.strip(), role=command.role.strip(), via=command.via,
        text=text.strip(), detail=detail,
    )  # fmt: skip


def _one(
    command: Command, incident_id: int, what: What, now_s: float, text: str = "", **detail: Any
) -> Obeyed:
    return Obeyed((_act(command, incident_id, what, now_s, text, **detail),))


def _there(case: Case) -> Incident:
    """Return the incident, where something can still be done with it."""
    incident = case.incident
    assert incident is not None, "a command about an incident comes with it"
    if incident.state == "merged":
        raise IncidentRefusedError(f"I{incident.incident_id} is a part of I{incident.merged_into} now.")
    return incident


def _in_hand(case: Case) -> Incident:
    incident = _there(case)
    number = incident.incident_id
    if incident.state == "proposed":
        raise IncidentRefusedError(f"I{number} is proposed only: open it first.")
    if incident.state == "closed":
        raise IncidentRefusedError(f"I{number} is closed: {incident.reason or 'no reason is written'}")
    return incident


def _needs(text: str, what: str) -> str:
    if not text.strip():
        raise IncidentRefusedError(what)
    return text


@singledispatch
def _obey(command: Command, case: Case, now_s: float) -> Obeyed:
    raise TypeError(f"{type(command).__name__} is no command")


@_obey.register
def _(command: Open, case: Case, now_s: float) -> Obeyed:
    if command.incident_id is None:
        title = _needs(command.title, "Say what it is: a title in a few words.")
        if (command.latitude_deg is None) != (command.longitude_deg is None):
            raise IncidentRefusedError("A place is a latitude and a longitude.")
        where = {
            "place": command.place.strip(), "latitude_deg": command.latitude_deg, "longitude_deg": command.longitude_deg
        }  # fmt: skip
        return _one(command, case.next_id, "opened", now_s, command.reason, title=title.strip(), **where)
    incident = _there(case)
    if incident.state != "proposed":
        raise IncidentRefusedError(f"I{incident.incident_id} is {incident.state} already.")
    return _one(
        command, incident.incident_id, "opened", now_s, command.reason, title=command.title.strip(), place=command.place
    )  # fmt: skip


@_obey.register
def _(command: Claim, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    if incident.owner == command.by.strip():
        raise IncidentRefusedError(f"You have I{incident.incident_id} already.")
    return _one(command, incident.incident_id, "claimed", now_s)


@_obey.register
def _(command: HandOver, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    to = _needs(command.to, "Say to whom.").strip()
    if len(to) > NAME_MOST:
        raise IncidentRefusedError(f"A name has at most {NAME_MOST} characters.")
    return _one(
        command, incident.incident_id, "handed_over", now_s, command.note, to=to, role=command.to_role.strip()
    )


@_obey.register
def _(command: AddTask, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    if len(incident.tasks) >= TASKS_MOST:
        raise IncidentRefusedError(f"An incident has at most {TASKS_MOST} tasks.")
    if command.due_s is not None and not now_s - 60.0 <= command.due_s <= now_s + AHEAD_S:
        raise IncidentRefusedError("A task is due from now on, within a month.")
    text = _needs(command.text, "Say what is to be done.")
    detail = {"who": command.who.strip(), "due_s": command.due_s, "number": len(incident.tasks) + 1}
    return _one(command, incident.incident_id, "task", now_s, text, **detail)


@_obey.register
def _(command: DoneTask, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    task = next((t for t in incident.tasks if t.number == command.number), None)
    if task is None:
        raise IncidentRefusedError(f"I{incident.incident_id} has no task {command.number}.")
    if task.done_at_s is not None:
        raise IncidentRefusedError(f"Task {task.number} is done already, by {task.done_by}.")
    return _one(command, incident.incident_id, "task_done", now_s, command.note, number=task.number)


@_obey.register
def _(command: Note, case: Case, now_s: float) -> Obeyed:
    incident = _there(case)
    return _one(command, incident.incident_id, "note", now_s, _needs(command.text, "Write something."))


@_obey.register
def _(command: AddLink, case: Case, now_s: float) -> Obeyed:
    incident = _there(case)
    if command.kind not in LINK_KINDS:
        raise IncidentRefusedError(f"kind {command.kind!r}: write {', '.join(LINK_KINDS)}")
    if command.href and not command.href.startswith(("/", "https://", "http://")):
        raise IncidentRefusedError("href: an address here (/…) or https://…")
    ref, title = _needs(command.ref, "Say what it is called: ref."), _needs(command.title, "Give it a title.")
    what = {"kind": command.kind, "ref": ref.strip(), "title": title.strip(), "href": command.href.strip()}
    return _one(command, incident.incident_id, "linked", now_s, **what)


@_obey.register
def _(command: Contain, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    if incident.state == "contained" and not incident.since_contained:
        raise IncidentRefusedError(f"I{incident.incident_id} is contained already.")
    reason = _needs(command.reason, "Say why it gets no worse: the reason is part of the record.")
    return _one(command, incident.incident_id, "contained", now_s, reason)


@_obey.register
def _(command: Close, case: Case, now_s: float) -> Obeyed:
    incident = _there(case)
    if incident.state == "closed":
        raise IncidentRefusedError(f"I{incident.incident_id} is closed already.")
    reason = _needs(command.reason, "Say why it is over: the reason is part of the record.")
    if incident.open_tasks and not command.even_so:
        n = len(incident.open_tasks)
        raise IncidentRefusedError(
            f"{n} {'task is' if n == 1 else 'tasks are'} not done: say that they are, or close it even so."
        )
    return _one(command, incident.incident_id, "closed", now_s, reason)


@_obey.register
def _(command: Reopen, case: Case, now_s: float) -> Obeyed:
    incident = _there(case)
    if incident.state not in ("closed", "contained"):
        raise IncidentRefusedError(f"I{incident.incident_id} is {incident.state}: nothing to reopen.")
    return _one(
        command, incident.incident_id, "opened", now_s, _needs(command.reason, "Say why it is open again.")
    )


@_obey.register
def _(command: Merge, case: Case, now_s: float) -> Obeyed:
    incident, other = _there(case), case.other
    if other is None or command.into == incident.incident_id:
        raise IncidentRefusedError("Say into which other incident.")
    if not other.in_hand:
        raise IncidentRefusedError(f"I{other.incident_id} is {other.state}: merge into one that is in hand.")
    if incident.state == "closed":
        raise IncidentRefusedError(f"I{incident.incident_id} is closed.")
    reason = _needs(command.reason, "Say why they are one.")
    said = summary([*case.signals, *case.other_signals])
    gone = _act(command, incident.incident_id, "merged", now_s, reason, into=other.incident_id)
    took = absorbed(other.incident_id, incident, now_s, f"I{incident.incident_id} is one with this: {reason}")
    took = msgspec.structs.replace(
        took, by=gone.by, role=gone.role, via=gone.via, detail={**took.detail, "summary": said}
    )
    return Obeyed((gone, took), {s.key: other.incident_id for s in case.signals})


@_obey.register
def _(command: SplitOff, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    away = [s for s in case.signals if s.key in command.keys]
    stay = [s for s in case.signals if s.key not in command.keys]
    unknown = sorted(set(command.keys) - {s.key for s in away})
    if unknown:
        raise IncidentRefusedError(f"{unknown[0]} is not in I{incident.incident_id}.")
    if not away or not stay:
        raise IncidentRefusedError("Take some of it, not nothing and not all.")
    reason = _needs(command.reason, "Say why it is another incident.")
    keys, new = [s.key for s in away], case.next_id
    first = _act(
        command, incident.incident_id, "split_off", now_s, reason, to=new, signals=keys, summary=summary(stay)
    )
    title = {"title": command.title.strip()} if command.title.strip() else {}
    second = _act(
        command, new, "opened", now_s, f"Taken out of I{incident.incident_id}: {reason}", summary=summary(away), **title
    )  # fmt: skip
    return Obeyed((first, second), dict.fromkeys(keys, new))
