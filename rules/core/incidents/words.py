"""Incidents and acts in words, for pages, commands and the handover. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rules.core.alarm_spec import rank
from rules.core.incidents.model import Act, Incident

REF = re.compile(r"[Ii]?([1-9][0-9]{0,17})")
STATE_WORDS = {
    "proposed": "proposed", "open": "open", "contained": "contained", "closed": "closed", "merged": "part of another"
}  # fmt: skip
_SAID = {
    "proposed": "proposed by the rules",
    "changed": "more is known",
    "over": "all of it is over",
    "absorbed": "took another one in",
    "merged": "became a part of another",
    "lapsed": "lapsed",
    "touches": "reaches another",
    "opened": "opened",
    "claimed": "taken",
    "note": "note",
    "contained": "contained",
    "closed": "closed",
    "placed": "said where it is",
}


def parse_ref(text: str) -> int | None:
    """Return the number of an incident of ``I17`` or ``17``; None where it is no such name."""
    found = REF.fullmatch(text.strip())
    return None if found is None else int(found[1])


def ref_of(incident_id: int) -> str:
    """Return what an incident is called."""
    return f"I{incident_id}"


def who_has(incident: Incident, *, names: bool) -> str:
    """Return who has it in words; without ``names`` only whether somebody has."""
    if incident.state == "proposed":
        return "nobody has looked yet"
    whoever = incident.owner if names else incident.owner and (incident.owner_role or "somebody")
    return f"{whoever or 'nobody'} {'has' if incident.is_live else 'had'} it"


def headline(incidents: Sequence[Incident], *, names: bool) -> str:
    """Return what is going on and who has it, in one line."""
    live = ranked([i for i in incidents if i.is_live])
    if not live:
        return "Nothing is going on: no incident is open or proposed."
    nobody = sum(1 for i in live if not i.owner)
    first = live[0]
    n = len(live)
    head = f"{n} {'incident is' if n == 1 else 'incidents are'} going on"
    owned = "" if nobody == 0 else f", {nobody} of them with nobody" if n > 1 else ""
    return f"{head}{owned}. {'It is' if n == 1 else 'First is'} {ref_of(first.incident_id)}, {first.title}: {who_has(first, names=names)}."


def ranked(incidents: Sequence[Incident]) -> list[Incident]:
    """Return incidents by what needs somebody first: what nobody has, what is worst, what is newest."""

    def place(i: Incident) -> tuple[int, int, float, int]:
        waits = 0 if i.state == "proposed" or (i.in_hand and not i.owner) else 1
        return (waits if i.state != "contained" else 2, -rank(i.severity), -i.made_at_s, i.incident_id)

    return sorted(incidents, key=place)


def act_words(act: Act, *, names: bool) -> str:
    """Return what an act says. Without ``names`` neither a person nor what a person wrote is told."""
    person, d = act.via != "engine", act.detail
    by = f" by {act.by}" if person and names else ""
    text = act.text if names or not person else ""
    if act.what == "handed_over":
        to = f" to {d['to']}" if names else " to somebody else"
        return _with(f"handed over{to}{by}", text)
    if act.what == "task":
        who, no = f" for {d['who']}" if names and d.get("who") else "", f"{d.get('number', '')}"
        return _with(f"task {no}{who}{by}", text)
    if act.what == "task_done":
        return _with(f"task {d['number']} done{by}", text)
    if act.what == "linked":
        return f"linked{by}: {d['title'] if names else d['kind'].replace('_', ' ')}"
    if act.what == "merged":
        return _with(f"became a part of {ref_of(d['into'])}{by}", text)
    if act.what == "split_off":
        return _with(f"{len(d['signals'])} signals became {ref_of(d['to'])}{by}", text)
    return _with(f"{_SAID[act.what]}{by}", text)


def _with(head: str, text: str) -> str:
    return f"{head}: {text}" if text else head


def to_do(incident: Incident) -> tuple[str, ...]:
    """Return what is to be done now, the next first; nothing where it is over."""
    number = ref_of(incident.incident_id)
    if incident.state == "proposed":
        return (
            f"Look at its alarms, then open {number}: you have it then.",
            "It is none? Close it with the reason: its alarms stay with it and propose nothing again.",
        )
    if not incident.in_hand:
        return ()
    found = []
    if not incident.owner:
        found.append(f"Nobody has {number}: claim it, or hand it to who shall have it.")
    if incident.latitude_deg is None:
        found.append("Say where it is: what goes wrong near there belongs to it then.")
    if incident.since_contained:
        found.append("Something new came since it was contained: contain it again, or reopen it.")
    if incident.touches:
        others = " and ".join(ref_of(n) for n in incident.touches)
        found.append(f"It reaches {others}: merge them where it is one and the same.")
    found += [f"Task {t.number}: {t.text}" for t in incident.open_tasks[:3]]
    if not incident.tasks:
        found.append("Write down who does what by when: tasks go into the handover.")
    if incident.up == 0 and incident.signals > 0:
        found.append("All its alarms are over: close it when the place is safe.")
    elif incident.state == "open" and not incident.open_tasks:
        found.append("Gets it no worse? Say that it is contained, and why.")
    return tuple(found)
