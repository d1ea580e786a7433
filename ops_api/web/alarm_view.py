"""One alarm for whoever has never seen it: its timeline, a sentence a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ops_api.web import words
from ops_api.web.alarms_view import VERDICTS
from rules.core.desk.model import Entry

WHO: Mapping[str, str] = {
    "engine": "Sensors",
    "desk": "Alarm desk",
    "person": "People",
    "channel": "Messages",
}
TEAM: Mapping[str, str] = dict.fromkeys(("maintenance", "housing", "waste", "winter", "operations"), " team")
"""Roles that are named after what their people do."""
VIA: Mapping[str, str] = {
    "web": "on the web pages",
    "api": "through another program",
    "cli": "on the command line",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline: when, who did it, and what, as a sentence."""

    at: str
    machine_at: str
    actor: str
    who: str
    text: str


def lines(entries: Sequence[Entry], zone: ZoneInfo, now: datetime) -> list[Line]:
    """Return the timeline, oldest first, in local time.

    By when it was so, not by when it was written down: the engine writes a minute after the
    readings' time, people at once.
    """
    return [_line(_who_flaps(e, entries), zone, now) for e in sorted(entries, key=lambda e: e.at_s)]


def _who_flaps(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """Return the entry; where a group begins to come and go, with the one member that did so by joining again."""
    if entry.what != "flapping" or not entry.detail["begins"]:
        return entry
    joined = [e for e in entries if e.what == "member_joined" and e.at_s == entry.at_s]
    if len(joined) != 1 or "member_label" not in joined[0].detail:
        return entry
    return replace(entry, detail={**entry.detail, "member_label": joined[0].detail["member_label"]})


def _line(entry: Entry, zone: ZoneInfo, now: datetime) -> Line:
    at = datetime.fromtimestamp(entry.at_s, UTC)
    return Line(
        at=words.day_and_clock(at, zone, now),
        machine_at=at.isoformat(timespec="seconds"),
        actor=entry.actor,
        who=WHO[entry.actor],
        text=sentence(entry, zone, now),
    )


def sentence(entry: Entry, zone: ZoneInfo, now: datetime) -> str:
    """Return a line of the log as a sentence.

    Args:
        entry: as :meth:`rules.desk.ports.AlarmDesk.timeline` returns it.
        zone: for the times in it.
        now: the town's time.
    """
    said = _WORDS.get(entry.what, _other)(entry)
    if entry.what == "shelved":
        until = datetime.fromtimestamp(float(entry.detail["until_s"]), UTC)
        said = (
            f"{entry.by} shelved it until {words.day_and_clock(until, zone, now)}{_because(entry, 'reason')}"
        )
    said = words.local_times(said.strip(), zone, now)
    return said if said.endswith((".", "!", "?", "”")) else f"{said}."


def whom(to: str) -> str:
    """Return an escalation step's ``to`` in words: ``whoever is on call for winter``."""
    kind, _, name = to.partition(":")
    shown = name.replace("_", " ")
    return {
        "on_call": f"whoever is on call for {shown}",
        "role": f"the {shown}{TEAM.get(name, '')}",
        "person": name,
        "team": f"the team’s channel {name}",
    }.get(kind, to)


def _because(entry: Entry, key: str) -> str:
    text = entry.detail.get(key, "")
    return f": {text}" if text else ""


def _quoted(entry: Entry, key: str) -> str:
    text = entry.detail.get(key, "")
    return f": “{text}”" if text else ""


def _raised(entry: Entry) -> str:
    return f"Raised as {entry.detail.get('severity', 'an alarm')}{_because(entry, 'reason')}"


def _severity(entry: Entry) -> str:
    return f"Now {entry.detail['severity']}, was {entry.detail['before']}{_because(entry, 'reason')}"


def _member(entry: Entry, verb: str) -> str:
    severity = entry.detail.get("member_severity")
    how = "" if severity is None else f" as {severity}"
    member = entry.detail.get("member_label", entry.detail.get("member", "A member"))
    return f"{member} {verb}{how}{_because(entry, 'reason')}"


def _flapping(entry: Entry) -> str:
    if not entry.detail["begins"]:
        return "It has stopped coming and going"
    changes = entry.detail.get("changes")
    often = "" if changes is None else f" ({words.plural(changes, 'time')})"
    who = entry.detail.get("member_label", "It")
    return f"{who} comes and goes{often}: it stays up until it has been calm for a while"


def _unshelved(entry: Entry) -> str:
    if entry.actor == "person":
        return f"{entry.by} took it back from the shelf"
    return {
        "time": "Its time on the shelf is over",
        "severity": "Back from the shelf, as it is more severe now",
        "cleared": "Back from the shelf, as it has cleared",
    }.get(entry.detail.get("reason", ""), "Back from the shelf")


def _closed(entry: Entry) -> str:
    if entry.actor != "person":
        return "Closed by itself: it had cleared, and nothing was left to do"
    return f"{entry.by} closed it as {VERDICTS[entry.detail.get('verdict')]}{_because(entry, 'reason')}"


def _taken_back(entry: Entry) -> str:
    by, before = entry.detail.get("by", "somebody"), entry.detail.get("before", "less severe")
    return f"It was {before} when {by} acknowledged it, and is worse now: somebody is to look again"


_TOLD: Mapping[str, str] = {
    "raised": "Told {whom}",
    "severity": "Told {whom} that it is more severe now",
    "repeated": "Still nobody has acknowledged it: told {whom} again",
    "cleared": "Told {whom} that it has cleared",
    "assigned": "Told {whom} that it is theirs",
    "flapping": "Told {whom} that it comes and goes",
    "unshelved": "Told {whom} that it is back from the shelf",
}


def _told(entry: Entry) -> str:
    detail, who = entry.detail, whom(str(entry.detail["to"]))
    waited = words.duration(timedelta(seconds=float(detail.get("after_s", 0))))
    escalated = f"Nobody has acknowledged it for {waited}: told {who}"
    said = _TOLD.get(str(detail.get("kind")), escalated).replace("{whom}", who)
    if detail.get("messages") == 0:
        said += ". No message went out: nobody there is set up to get one"
    return said


def _held_back(_: Entry) -> str:
    return "Nothing is heard of the whole town: nobody is told of this until that is over, and only where it still holds"


def _skipped(entry: Entry) -> str:
    return f"The desk was late and passed over {words.joined([whom(to) for to in entry.detail['to']])}"


def _other(entry: Entry) -> str:
    details = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in entry.detail.items())
    said = f"{entry.by} {entry.what}".strip().replace("_", " ")
    return f"{said[:1].upper()}{said[1:]}{f': {details}' if details else ''}"


def _by(verb: str, key: str) -> Callable[[Entry], str]:
    return lambda entry: f"{entry.by} {verb}{_quoted(entry, key)}"


def _assigned(entry: Entry) -> str:
    to = "themselves" if entry.detail["to"] == entry.by else entry.detail["to"]
    return f"{entry.by} assigned it to {to}"


def _would_differ(entry: Entry) -> str:
    return f"Would differ, had readings not come late{_because(entry, 'text')}"


def _not_followed(entry: Entry) -> str:
    return f"The desk could not follow this up ({entry.detail.get('error', 'no reason known')})"


_WORDS: Mapping[str, Callable[[Entry], Any]] = {
    "raised": _raised,
    "severity": _severity,
    "member_joined": lambda entry: _member(entry, "joined"),
    "member_left": lambda entry: _member(entry, "left"),
    "flapping": _flapping,
    "cleared": lambda entry: f"Cleared{_because(entry, 'reason')}",
    "would_differ": _would_differ,
    "acknowledged": _by("acknowledged it", "note"),
    "unacknowledged": _by("gave it back", "note"),
    "taken_back": _taken_back,
    "assigned": _assigned,
    "commented": lambda entry: f"{entry.by}{_quoted(entry, 'text')}",
    "shelved": lambda entry: "",
    "unshelved": _unshelved,
    "closed": _closed,
    "told": _told,
    "skipped": _skipped,
    "held_back": _held_back,
    "not_followed": _not_followed,
}
