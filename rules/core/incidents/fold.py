"""An incident as it stands after its acts: the log is the truth, and a row is what it comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from rules.core.incidents.model import Act, Incident, Link, State, Task

REASONS = ("proposed", "lapsed", "merged", "opened", "contained", "closed")
"""Acts whose text is why an incident is in its state."""
JOIN = ("proposed", "changed")
"""Acts by which signals come to it."""


def fold(acts: Iterable[Act]) -> Incident:
    """Return the incident that all acts of one make, in order; ValueError where there are none."""
    found: Incident | None = None
    for act in acts:
        found = after(found, act)
    if found is None:
        raise ValueError("an incident has at least one act")
    return found


def after(incident: Incident | None, act: Act) -> Incident:
    """Return an incident after one more act; None: it begins with it."""
    if incident is None:
        state: State = "proposed" if act.what == "proposed" else "open"
        incident = Incident(incident_id=act.incident_id, state=state, title="", made_at_s=act.at_s)
    fields = _CHANGES[act.what](incident, act)
    if act.what in REASONS:
        fields = {**fields, "reason": act.text, "reason_private": act.via != "engine"}
    if act.what in JOIN and act.detail.get("signals"):
        fields = {**fields, "joined_at_s": act.at_s}
    return replace(incident, **fields, changed_at_s=act.at_s, last_act_id=act.act_id)


def _seen(incident: Incident, act: Act) -> dict[str, Any]:
    """Return what the act's summary of signals changes."""
    said: Mapping[str, Any] = act.detail.get("summary", {})
    kept = incident.given
    if said.get("latitude_deg") is None:  # a place that a person gave stays where signals have none
        kept = (*kept, "latitude_deg", "longitude_deg", "reach_m")
    fields = {k: v for k, v in said.items() if k not in kept and k in Incident.__struct_fields__}
    if "services" in fields:
        fields["services"] = tuple(fields["services"])
    return fields


def _opened(incident: Incident, act: Act) -> dict[str, Any]:
    own = {k: v for k, v in act.detail.items() if k in ("title", "place", "latitude_deg", "longitude_deg")}
    fields = _seen(incident, act) | {k: v for k, v in own.items() if v not in (None, "")} | _pin(act)
    owner = {} if incident.owner else {"owner": act.by, "owner_role": act.role}
    opened_s = act.at_s if incident.opened_at_s is None else incident.opened_at_s
    return {
        **fields, **owner, "state": "open", "opened_at_s": opened_s, "contained_at_s": None, "closed_at_s": None,
        "named": incident.named or bool(own.get("title")),
    }  # fmt: skip


def _pin(act: Act) -> dict[str, Any]:
    lat, lon = act.detail.get("latitude_deg"), act.detail.get("longitude_deg")
    return {} if lat is None or lon is None else {"pin": (lat, lon)}


def _placed(incident: Incident, act: Act) -> dict[str, Any]:
    """Return where a person says that it is; without words for it those that it has."""
    return {**_seen(incident, act), "place": act.detail.get("place") or incident.place, **_pin(act)}


def _absorbed(incident: Incident, act: Act) -> dict[str, Any]:
    tasks = msgspec.convert(act.detail.get("tasks", ()), type=tuple[Task, ...])
    links = msgspec.convert(act.detail.get("links", ()), type=tuple[Link, ...])
    first = len(incident.tasks) + 1
    renumbered = tuple(replace(t, number=first + i) for i, t in enumerate(tasks))
    touches = tuple(n for n in incident.touches if n != act.detail.get("from"))
    place = act.detail.get("pin") if incident.latitude_deg is None else None
    return {
        **(
            {}
            if place is None
            else {"pin": tuple(place), "latitude_deg": place[0], "longitude_deg": place[1]}
        ),
        **_seen(incident, act),
        "tasks": (*incident.tasks, *renumbered),
        "links": (*incident.links, *links),
        "touches": touches,
    }


def _task(incident: Incident, act: Act) -> dict[str, Any]:
    d = act.detail
    task = Task(
        number=len(incident.tasks) + 1, text=act.text, who=d.get("who", ""), due_s=d.get("due_s"), by=act.by, at_s=act.at_s
    )  # fmt: skip
    return {"tasks": (*incident.tasks, task)}


def _task_done(incident: Incident, act: Act) -> dict[str, Any]:
    done = tuple(
        replace(t, done_by=act.by, done_at_s=act.at_s, done_note=act.text)
        if t.number == act.detail["number"]
        else t
        for t in incident.tasks
    )
    return {"tasks": done}


def _linked(incident: Incident, act: Act) -> dict[str, Any]:
    d = act.detail
    link = Link(
        kind=d["kind"], ref=d["ref"], title=d["title"], href=d.get("href", ""), by=act.by, at_s=act.at_s
    )
    same = [x for x in incident.links if (x.kind, x.ref) == (link.kind, link.ref)]
    return {"links": (*(x for x in incident.links if x not in same), link)}


def _closed(incident: Incident, act: Act) -> dict[str, Any]:
    return {"state": "closed", "closed_at_s": act.at_s}


_CHANGES = {
    "proposed": _seen,
    "changed": _seen,
    "over": _seen,
    "absorbed": _absorbed,
    "merged": lambda i, a: {
        "state": "merged", "closed_at_s": a.at_s, "merged_into": a.detail["into"], "signals": 0, "up": 0
    },
    "lapsed": _closed,
    "touches": lambda i, a: {"touches": tuple(a.detail["touches"])},
    "opened": _opened,
    "claimed": lambda i, a: {"owner": a.by, "owner_role": a.role},
    "handed_over": lambda i, a: {"owner": a.detail["to"], "owner_role": a.detail.get("role", "")},
    "task": _task,
    "task_done": _task_done,
    "note": lambda i, a: {},
    "linked": _linked,
    "contained": lambda i, a: {"state": "contained", "contained_at_s": a.at_s},
    "closed": _closed,
    "split_off": _seen,
    "placed": _placed,
}  # fmt: skip
