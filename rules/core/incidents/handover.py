"""What one shift tells the next: open incidents by owner, what changed, tasks, the night's routes, the day's rounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

import msgspec

from rules.core.effects import hour_of
from rules.core.incidents.model import Act, Incident
from rules.core.incidents.words import STATE_WORDS, act_words, headline, ranked, ref_of

NOBODY = "Nobody"
QUIET = ("changed", "over", "touches")
"""What the engine says of what goes on by itself: of these only the newest counts."""

ACTS_MOST, LINES_MOST = 10_000, 40
"""Acts that are looked through, and lines that are told of one incident: the newest."""


class RouteNow(msgspec.Struct, frozen=True, kw_only=True):
    """A gritting route tonight: what the rules ask, and what was answered."""

    route_id: str
    label: str
    outcome: str
    reason: str = ""
    at_s: float | None = None
    answer: str = ""
    answered_at_s: float | None = None


class RoundsNow(msgspec.Struct, frozen=True, kw_only=True):
    """The day's rounds of bin lorries; ``done`` and ``left``: bins that crews emptied, or came to and could not."""

    day: str
    version: int
    lorries: int
    bins: int
    done: int
    left: int
    out: tuple[str, ...] = ()


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """What the other services stand at."""

    routes: tuple[RouteNow, ...] = ()
    rounds: RoundsNow | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents of one owner, those that need somebody first."""

    owner: str
    incidents: tuple[Incident, ...]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in an incident, the oldest first: when [s], and what."""

    incident_id: int
    title: str
    state: str
    lines: tuple[tuple[float, str], ...]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is not done."""

    incident_id: int
    number: int
    text: str
    who: str
    due_s: float | None
    overdue: bool


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; times in s since 1970."""

    at_s: float
    since_s: float
    headline: str
    held: tuple[Held, ...]
    changed: tuple[Changed, ...]
    due: tuple[Due, ...]
    shift: Shift


def handover(
    incidents: Sequence[Incident],
    acts: Sequence[Act],
    shift: Shift,
    *,
    since_s: float,
    now_s: float,
    names: bool,
) -> Handover:
    """Return what is to be handed over.

    Args:
        incidents: those that live, and those that changed since.
        acts: of all incidents since then.
        shift: what the other services stand at.
        since_s: where the time begins that it is about [s since 1970].
        now_s: where it ends, now.
        names: whether the reader may know who has what and what was written.
    """
    live = ranked([i for i in incidents if i.is_live])
    return Handover(
        at_s=now_s,
        since_s=since_s,
        headline=headline(live, names=names),
        held=_held(live, names=names),
        changed=_changed(incidents, acts, since_s, names=names),
        due=_due(live, now_s, names=names),
        shift=shift,
    )


def _held(live: Sequence[Incident], *, names: bool) -> tuple[Held, ...]:
    by_owner: dict[str, list[Incident]] = {}
    for incident in live:
        owner = incident.owner if names or not incident.owner else "In hand"
        by_owner.setdefault(owner or NOBODY, []).append(incident)
    order = sorted(by_owner.items(), key=lambda kv: (kv[0] != NOBODY, kv[0]))
    return tuple(Held(owner=owner, incidents=tuple(found)) for owner, found in order)


def _changed(
    incidents: Sequence[Incident], acts: Sequence[Act], since_s: float, *, names: bool
) -> tuple[Changed, ...]:
    by_id: dict[int, list[Act]] = {}
    for act in acts:
        if act.at_s >= since_s:
            by_id.setdefault(act.incident_id, []).append(act)
    known = {i.incident_id: i for i in incidents}
    return tuple(
        Changed(
            incident_id=number,
            title=known[number].title,
            state=STATE_WORDS[known[number].state],
            lines=_lines(_told(found), names=names),
        )
        for number, found in sorted(by_id.items())
        if number in known
    )


def _lines(acts: Sequence[Act], *, names: bool) -> tuple[tuple[float, str], ...]:
    told = acts[-LINES_MOST:]
    before = len(acts) - len(told)
    more = [(told[0].at_s, f"{before} more before this: its log has them")] if before else []
    return (*more, *((a.at_s, act_words(a, names=names)) for a in told))


def _told(acts: Sequence[Act]) -> list[Act]:
    newest = max((a.act_id for a in acts if a.what in QUIET), default=0)
    return [a for a in acts if a.what not in QUIET or a.act_id == newest]


def _due(live: Sequence[Incident], now_s: float, *, names: bool) -> tuple[Due, ...]:
    found = [
        Due(
            incident_id=i.incident_id, number=t.number, text=t.text if names else "a task", who=t.who if names else "",
            due_s=t.due_s, overdue=t.due_s is not None and t.due_s < now_s,
        )
        for i in live
        for t in i.open_tasks
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda d: (d.due_s is None, d.due_s or 0.0, d.incident_id, d.number)))


def clock(at_s: float, zone: tzinfo) -> str:
    """Return a time as the town's clock has it: ``Fri 9 Jan 21:40``; ``Sun 25 Oct 01:40 GMT`` where it shows that twice."""
    at = datetime.fromtimestamp(at_s, zone)
    return f"{at:%a} {at.day} {at:%b} {hour_of(at)}"


def incident_line(incident: Incident) -> str:
    """Return an incident in one line."""
    up = f"{incident.up} of {incident.signals} up" if incident.signals else "no alarm in it"
    state = STATE_WORDS[incident.state]
    new = ", something new since" if incident.since_contained else ""
    return f"{ref_of(incident.incident_id)} {incident.severity}, {state}{new}: {incident.title} ({up})"


def due_line(due: Due, zone: tzinfo) -> str:
    """Return a task in one line."""
    when = "no time given" if due.due_s is None else f"by {clock(due.due_s, zone)}"
    late = ", overdue" if due.overdue else ""
    who = f"{due.who}: " if due.who else ""
    return f"{ref_of(due.incident_id)} task {due.number}, {when}{late}: {who}{due.text}"


def route_line(route: RouteNow, zone: tzinfo) -> str:
    """Return a gritting route in one line."""
    asked = route.outcome.replace("_", " ")
    at = "" if route.at_s is None else f" ({clock(route.at_s, zone)})"
    if route.answer:
        when = "" if route.answered_at_s is None else f" {clock(route.answered_at_s, zone)}"
        return f"{route.label}: {asked}{at}, {route.answer}{when}"
    return f"{route.label}: {asked}{at}" + (", nobody has answered yet" if route.outcome == "treat" else "")


def rounds_line(rounds: RoundsNow) -> str:
    """Return the day's rounds in one line."""
    out = f"; out of service: {', '.join(rounds.out)}" if rounds.out else ""
    return (
        f"Plan {rounds.version} of {rounds.day}: {rounds.bins} bins with {rounds.lorries} lorries, "
        f"{rounds.done} emptied, {rounds.left} could not be{out}"
    )


def text_lines(found: Handover, zone: tzinfo) -> list[str]:
    """Return a handover for a terminal."""
    lines = [
        f"Handover {clock(found.at_s, zone)}, since {clock(found.since_s, zone)}",
        found.headline,
        "",
        "OPEN BY OWNER",
    ]
    for held in found.held:
        lines += [held.owner, *(f"  {incident_line(i)}" for i in held.incidents)]
    lines += [] if found.held else ["  none"]
    lines += ["", "TASKS DUE", *(f"  {due_line(d, zone)}" for d in found.due)] if found.due else []
    lines += ["", "WHAT CHANGED"]
    for one in found.changed:
        lines.append(f"  {ref_of(one.incident_id)} {one.title} ({one.state})")
        lines += [f"    {clock(at_s, zone)}  {text}" for at_s, text in one.lines]
    lines += [] if found.changed else ["  nothing"]
    lines += ["", "TONIGHT'S ROUTES", *(f"  {route_line(r, zone)}" for r in found.shift.routes)]
    lines += [] if found.shift.routes else ["  the rules have decided nothing"]
    rounds = found.shift.rounds
    lines += ["", "TODAY'S ROUNDS", "  no plan" if rounds is None else f"  {rounds_line(rounds)}"]
    return lines
