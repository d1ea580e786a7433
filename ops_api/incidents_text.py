"""Incidents for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.incident_desk import Whole
from ops_api.routers import incident_documents as documents
from ops_api.terminal_text import escaped
from rules.core.incidents.handover import clock, incident_line
from rules.core.incidents.model import Incident
from rules.core.incidents.words import headline, ref_of, to_do, who_has


def document(i: Incident) -> dict[str, Any]:
    """Return an incident as plain data."""
    return documents.incident_document(i, names=True).model_dump()


def whole_document(whole: Whole) -> dict[str, Any]:
    """Return an incident with what belongs to it as plain data."""
    return documents.whole_document(whole, names=True).model_dump()


def list_lines(found: Sequence[Incident], zone: ZoneInfo) -> list[str]:
    """Return what is going on."""
    return [escaped(line) for line in (headline(found, names=True), *(_line(i, zone) for i in found))]


def _line(i: Incident, zone: ZoneInfo) -> str:
    if not i.is_live:
        return f"  {incident_line(i)}: {i.reason}"
    return f"  {incident_line(i)}; since {clock(i.made_at_s, zone)}; {who_has(i, names=True)}"


def one_lines(i: Incident) -> list[str]:
    """Return how an incident stands, and what is to be done."""
    return [escaped(line) for line in _one_lines(i)]


def _one_lines(i: Incident) -> list[str]:
    lines = [incident_line(i)]
    if i.merged_into is not None:
        return [*lines, f"It is a part of {ref_of(i.merged_into)} now."]
    if i.is_live:
        lines.append(f"{who_has(i, names=True)}.")
    return lines + [f"  {n}. {said}" for n, said in enumerate(to_do(i), start=1)]


def whole_lines(whole: Whole, zone: ZoneInfo) -> list[str]:
    """Return all of an incident, each line as a terminal may have it."""
    return [escaped(line) for line in _whole_lines(whole, zone)]


def _whole_lines(whole: Whole, zone: ZoneInfo) -> list[str]:
    i = whole.incident
    lines = [*_one_lines(i), f"Version {i.last_act_id}", f"Why: {i.reason}" if i.reason else "", "", "TASKS"]
    for t in i.tasks:
        due = "" if t.due_s is None else f", by {clock(t.due_s, zone)}"
        done = (
            "" if t.done_at_s is None else f", done {clock(t.done_at_s, zone)} by {t.done_by} {t.done_note}"
        )
        lines.append(f"  {t.number}. {t.text}{f' ({t.who})' if t.who else ''}{due}{done}")
    lines += ["  none"] if not i.tasks else []
    lines += ["", "BELONGS TO IT", *(f"  {x.kind} {x.ref}: {x.title} {x.href}".rstrip() for x in i.links)]
    lines += ["  nothing is linked"] if not i.links else []
    lines += ["", "MADE OF"]
    for s in whole.signals:
        over = "" if s.ended_s is None else f", over {clock(s.ended_s, zone)}"
        lines.append(
            f"  {s.key}  {s.severity}: {s.title}, {s.street or s.subject}, {clock(s.at_s, zone)}{over}"
        )
    lines += [
        "",
        "WHAT HAPPENED",
        *(f"  {clock(x.at_s, zone)}  {x.source}: {x.text}" for x in whole.timeline),
    ]
    return lines
