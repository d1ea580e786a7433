"""Late readings in words: what came, what became of it, what would be otherwise. Pure.

The same sentences are on the page, in REST and on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import words
from ops_api.web.alarms_view import GROUPS

Row = Mapping[str, Any]

DEVICES_SHOWN = 6

STATES: Mapping[str, str] = {
    "open": "Waits",
    "same": "Nothing would differ",
    "differs": "Would differ",
    "too_late": "Not judged",
}
ORDER = ("differs", "open", "same", "too_late")
EMPTY = (
    "No reading has come too late to count in its order. A reading that comes later than the rules wait for it changes "
    "nothing that was decided: the time it was measured in is played again, and what would have been otherwise is told here."
)


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A decision or an alarm that would be another one; ``link``: its page."""

    link: str
    what: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window as shown: ``came`` says what came late, ``became`` what was done about it."""

    late_window_id: int
    label: str
    differs: bool
    badge: str
    came: str
    became: str
    marks: tuple[MarkRow, ...]
    never: tuple[str, ...]


def window(w: Row, *, zone: ZoneInfo, now: datetime, wall_now: datetime) -> WindowRow:
    """Return a window as shown.

    Args:
        w: as :func:`ops_api.queries.late.late_windows` gives it.
        zone: of the council.
        now: the town's time; readings and decisions are told as seen from it.
        wall_now: the wall clock's time; what came is told as seen from it.
    """
    return WindowRow(
        late_window_id=w["late_window_id"],
        label=w["label"],
        differs=w["would_differ"],
        badge=STATES["differs" if w["would_differ"] else w["state"]],
        came=_came(w, zone, now, wall_now),
        became=_became(w, zone, now),
        marks=tuple(_mark(m, zone, now) for m in w["marks"]),
        never=tuple(_never(n, zone, now) for n in w["never_raised"]),
    )


def text(row: WindowRow) -> str:
    """Return a window as plain text, a sentence a line."""
    marks = [f"- {m.what}, {m.at}. Would differ: {m.text}" for m in row.marks]
    lines = [f"{row.label}: {row.badge.lower()}", row.came, row.became, *marks]
    return "\n".join([*lines, *(f"- {said}" for said in row.never)])


def headline(counts: Row) -> str:
    """Return what the counts of a time say, in one sentence."""
    if counts["windows"] == 0:
        return "No reading has come too late"
    came = words.plural(counts["readings"], "reading has come too late", "readings have come too late")
    if counts["differs"]:
        return f"{came}: something would differ"
    if counts["same"]:
        return f"{came}: nothing would differ so far" if counts["open"] else f"{came}: nothing would differ"
    return f"{came}: not judged yet" if counts["open"] else f"{came} to be judged"


def distinct(found: Sequence[WindowRow]) -> list[MarkRow]:
    """Return the decisions and alarms of windows, each once: many late readings may be to blame for one."""
    return list(dict.fromkeys(m for w in found for m in w.marks))


def tallies(counts: Row) -> list[tuple[str, str, int]]:
    """Return (state, its name, windows) of the states that there are."""
    return [(state, STATES[state], counts[state]) for state in ORDER if counts[state]]


def _span(first: datetime, last: datetime, zone: ZoneInfo, now: datetime) -> str:
    begin, end = words.day_and_clock(first, zone, now), words.day_and_clock(last, zone, now)
    if begin == end:
        return f"of {begin}"
    same_day = first.astimezone(zone).date() == last.astimezone(zone).date()
    return f"from {begin} to {words.clock(last, zone) if same_day else end}"


def _came(w: Row, zone: ZoneInfo, now: datetime, wall_now: datetime) -> str:
    named, unnamed = list(w["devices"]), w["device_count"] - len(w["devices"])
    shown = named[:DEVICES_SHOWN]
    rest = unnamed + len(named) - len(shown)
    if rest:
        shown.append(words.plural(rest, "other device" if shown else "device"))
    span = _span(w["from_at"], w["to_at"], zone, now)
    at = words.day_and_clock(w["last_arrived"], zone, wall_now)
    several = w["first_arrived"] != w["last_arrived"]
    count = words.plural(w["readings"], "reading")
    return f"{count} of {words.joined(shown)}, measured {span}, came late{', the last' if several else ''} at {at} on the wall clock."


def _became(w: Row, zone: ZoneInfo, now: datetime) -> str:
    if w["state"] == "too_late" and w["would_differ"]:
        return f"That time was played again once, before the last of them came: {_found(w)} otherwise."
    if w["state"] == "too_late":
        return "That time was not played again: it was more than 12 hours ago, or the rules' memory from before it is no longer kept."
    if w["judged_from"] is None:
        return "That time is played again as soon as nothing more has come for a minute."
    span = _span(w["judged_from"], w["judged_to"], zone, now).removeprefix("of ")
    played = f"The time {span} was played again with them"
    if w["state"] == "open":
        again = "That happens once more, when no decision can rest on them any longer."
        return f"{played}: {_found(w)} otherwise. {again}" if w["would_differ"] else f"{played}. {again}"
    if w["state"] == "same":
        return f"{played}: everything would have been decided as it was."
    return f"{played}: {_found(w)} otherwise. Nothing was changed, and nobody was told."


def _found(w: Row) -> str:
    said = []
    for what in ("decision", "alarm"):
        n = sum(m["what"] == what for m in w["marks"])
        if n:
            said.append(words.plural(n, what))
    missed = len(w["never_raised"])
    if missed:
        said.append(words.plural(missed, "alarm that was not raised", "alarms that were not raised"))
    return f"{words.joined(said) or 'something'} would be"


def _mark(m: Row, zone: ZoneInfo, now: datetime) -> MarkRow:
    verb = "decided" if m["what"] == "decision" else "raised"
    return MarkRow(
        link=f"/{m['what']}s/{m['number']}",
        what=f"{m['what'].capitalize()} {m['number']}: {m['title']}",
        at=f"{verb} {words.day_and_clock(m['at'], zone, now)}",
        text=words.local_times(m["text"], zone, now),
    )


def _never(n: Row, zone: ZoneInfo, now: datetime) -> str:
    at = words.day_and_clock(datetime.fromtimestamp(n["at_s"], zone), zone, now)
    name = GROUPS.get(n["rule_id"])
    about = f" ({name.lower()})" if name else ""
    return f"An alarm of the rule {n['rule_id']}{about} would have been raised {at}, and was not."


def rows(windows: Sequence[Row], *, zone: ZoneInfo, now: datetime, wall_now: datetime) -> list[WindowRow]:
    """Return windows as shown."""
    return [window(w, zone=zone, now=now, wall_now=wall_now) for w in windows]
