"""Whether what people ask of an incident is allowed now, and the acts that it makes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import msgspec

from rules.core.incidents.commands import (
    AHEAD_S,
    HREF_MOST,
    LINK_KINDS,
    NAME_MOST,
    TASKS_MOST,
    TEXT_MOST,
    AddLink,
    AddTask,
    Claim,
    Close,
    Command,
    Contain,
    DoneTask,
    HandOver,
    IncidentRefusedError,
    Merge,
    Note,
    Open,
    Place,
    Reopen,
    SplitOff,
)  # fmt: skip
from rules.core.incidents.model import Act, Incident, NewAct, Signal, What
from rules.core.incidents.settled import absorbed
from rules.core.incidents.summary import summary
from rules.core.incidents.words import act_words, ref_of
from rules.core.notify.words import one_line

_ADDRESS = re.compile(r"/(?![/\\])|https?://[^/\s]")
"""An address here, or of another server by its whole name: ``//x`` looks like the one and is the other."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a command is judged by.

    Attributes:
        incident: what it is about; None: there is none yet.
        signals: of the incident.
        other: the incident to merge into, and ``other_signals`` of that.
        since: acts after the version that whoever asks has seen.
        next_id: number of an incident that it makes.
    """

    incident: Incident | None
    next_id: int
    signals: Sequence[Signal] = ()
    other: Incident | None = None
    other_signals: Sequence[Signal] = ()
    since: Sequence[Act] = ()


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
    command = _clean(command)
    _check_seen(command, case.since)
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


def _clean(command: Command) -> Command:
    """Return it with every text in one line without control characters: it is printed, drawn and read aloud.

    Half a character stays what it is: no column takes it, and that is said.
    """
    texts = {f: getattr(command, f) for f in command.__struct_fields__ if f != "request_id"}
    lines = {
        f: one_line(t)
        for f, t in texts.items()
        if isinstance(t, str) and not any("\ud800" <= c <= "\udfff" for c in t)
    }
    return msgspec.structs.replace(command, **lines)


OWNING: tuple[What, ...] = (
    "opened", "claimed", "handed_over", "contained", "closed", "merged", "split_off", "placed"
)  # fmt: skip
"""What other people did that somebody must know of who takes an incident or gives it away."""


def _check_seen(command: Command, since: Sequence[Act]) -> None:
    """Refuse what rests on how an incident stood, where it stands otherwise now: nobody undoes unseen what another did."""
    if isinstance(command, Claim | HandOver | Place):
        new = [a for a in since if a.via != "engine" and a.by != command.by and a.what in OWNING]
    elif isinstance(command, Contain | Close | Reopen | Merge | SplitOff):
        new = [
            a for a in since if (a.by != command.by if a.via != "engine" else bool(a.detail.get("signals")))
        ]
    else:
        return
    if new:
        raise IncidentRefusedError(
            f"{ref_of(new[-1].incident_id)} is not as you saw it: {act_words(new[-1], names=True)}. "
            "Look at it as it is now, and say it again."
        )


def _act(
    command: Command, incident_id: int, what: What, now_s: float, text: str = "", **detail: Any
) -> NewAct:
    return NewAct(
        incident_id=incident_id, what=what, at_s=now_s, by=command.by, role=command.role, via=command.via, text=text,
        detail=detail,
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


def _check_place(latitude_deg: float | None, longitude_deg: float | None) -> None:
    if (latitude_deg is None) != (longitude_deg is None):
        raise IncidentRefusedError("A place is a latitude and a longitude.")
    if latitude_deg is None or longitude_deg is None:
        return
    if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 180.0):
        raise IncidentRefusedError("A latitude is within 90 degrees, a longitude within 180.")


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
        _check_place(command.latitude_deg, command.longitude_deg)
        where = {
            "place": command.place, "latitude_deg": command.latitude_deg, "longitude_deg": command.longitude_deg
        }  # fmt: skip
        return _one(command, case.next_id, "opened", now_s, command.reason, title=title, **where)
    incident = _there(case)
    if incident.state != "proposed":
        raise IncidentRefusedError(f"I{incident.incident_id} is {incident.state} already.")
    return _one(
        command, incident.incident_id, "opened", now_s, command.reason, title=command.title, place=command.place
    )  # fmt: skip


@_obey.register
def _(command: Claim, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    if incident.owner == command.by:
        raise IncidentRefusedError(f"You have I{incident.incident_id} already.")
    return _one(command, incident.incident_id, "claimed", now_s)


@_obey.register
def _(command: HandOver, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    to = _needs(command.to, "Say to whom.")
    if len(to) > NAME_MOST:
        raise IncidentRefusedError(f"A name has at most {NAME_MOST} characters.")
    return _one(
        command, incident.incident_id, "handed_over", now_s, command.note, to=to, role=command.to_role
    )


@_obey.register
def _(command: AddTask, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    if len(incident.tasks) >= TASKS_MOST:
        raise IncidentRefusedError(f"An incident has at most {TASKS_MOST} tasks.")
    if command.due_s is not None and not now_s - 60.0 <= command.due_s <= now_s + AHEAD_S:
        raise IncidentRefusedError("A task is due from now on, within a month.")
    text = _needs(command.text, "Say what is to be done.")
    detail = {"who": command.who, "due_s": command.due_s, "number": len(incident.tasks) + 1}
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
    if command.href and not _ADDRESS.match(command.href):
        raise IncidentRefusedError("href: an address here (/…) or https://…")
    ref, title = _needs(command.ref, "Say what it is called: ref."), _needs(command.title, "Give it a title.")
    what = {"kind": command.kind, "ref": ref, "title": title, "href": command.href}
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
def _(command: Place, case: Case, now_s: float) -> Obeyed:
    incident = _in_hand(case)
    _check_place(command.latitude_deg, command.longitude_deg)
    at = {"latitude_deg": command.latitude_deg, "longitude_deg": command.longitude_deg}
    said = summary(case.signals, (command.latitude_deg, command.longitude_deg))
    seen = {k: said[k] for k in (*at, "reach_m")}
    return _one(
        command, incident.incident_id, "placed", now_s, command.place, place=command.place, summary=seen, **at
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
    said = summary([*case.signals, *case.other_signals], other.pin)
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
        command,
        incident.incident_id,
        "split_off",
        now_s,
        reason,
        to=new,
        signals=keys,
        summary=summary(stay, incident.pin),
    )
    title = {"title": command.title} if command.title else {}
    second = _act(
        command, new, "opened", now_s, f"Taken out of I{incident.incident_id}: {reason}", summary=summary(away), **title
    )  # fmt: skip
    return Obeyed((first, second), dict.fromkeys(keys, new))
