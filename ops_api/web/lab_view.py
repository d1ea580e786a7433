"""What the page of the device laboratory shows, and what is typed into its form. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ops_api.lab_desk import SAID, Lab
from ops_api.queries import Row
from ops_api.web import words

USUAL: Mapping[str, str] = {
    "fault": "brown_out", "devices": "", "kind": "frog", "count": "1", "field": "", "value": "",
    "share_pct": "30", "hours": "12",
}  # fmt: skip
"""What the form offers."""
FEW = 6
_LABELS = {
    "share": "Share",
    "hours": "Hours",
    "count": "How many",
    "value": "Value",
    "devices": "Devices",
    "kind": "Kind",
}


@dataclass(frozen=True, slots=True)
class Switched:
    """A line of the list."""

    fault_id: int
    title: str
    whom: str
    state: str
    holds: bool
    by: str


@dataclass(frozen=True, slots=True)
class View:
    """The page."""

    title: str
    playing: bool
    facts: tuple[tuple[str, str], ...]
    on: tuple[Switched, ...]
    past: tuple[Switched, ...]


def view(lab: Lab, now: datetime, zone: ZoneInfo) -> View:
    """Return what the page shows at a moment."""
    lines = [_switched(row, now, zone) for row in lab.faults]
    on, past = tuple(s for s in lines if s.holds), tuple(s for s in lines if not s.holds)
    title = "No simulated town plays"
    if lab.town is not None:
        title = (
            f"{words.plural(len(on), 'fault')} on" if on else "A simulated town, and nothing is wrong with it"
        )
    return View(title, lab.town is not None, tuple(_facts(lab.town, zone)), on, past)


def _facts(town: Row | None, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if town is None:
        return
    s: Mapping[str, Any] = town["statistics"]
    yield "Scenario", str(town["scenario"])
    yield "Its time", town["simulated"].astimezone(zone).strftime("%a %-d %b %H:%M")
    yield "Devices", f"{words.number(s['devices'])}, {words.number(s['connected'])} connected"
    yield "Readings made", words.number(s["created"])
    yield "On their way", words.number(s["outbox"])
    yield "Could not be kept", words.number(s["unstored"])
    yield "No value from the sensor", words.number(s["skipped"])


def _switched(row: Row, now: datetime, zone: ZoneInfo) -> Switched:
    fault = row["fault"]
    holds = row["ended_at"] is None and not row["problem"]
    return Switched(
        fault_id=row["fault_id"],
        title=_title(fault),
        whom=_whom(row),
        state=_state(row, now, zone),
        holds=holds,
        by=f"{row['made_by']}, {words.day_and_clock(row['made_at'], zone, now)}",
    )


def _title(fault: Mapping[str, Any]) -> str:
    said = SAID.get(fault["fault"], fault["fault"])
    more = [str(fault["field"])] if fault.get("field") else []
    if fault.get("value") is not None:
        more.append(f"{fault['value']:g}")
    if fault["fault"] in ("brown_out", "uplink", "spike", "dropout", "sentinel"):
        more.append(f"{100 * fault.get('probability', 1.0):.0f} %")
    return f"{said}{': ' if more else ''}{', '.join(more)}"


def _whom(row: Row) -> str:
    names: list[str] | None = row["devices"]
    if names is None:
        fault = row["fault"]
        return ", ".join(fault["devices"]) or f"{words.number(fault['count'])} of kind {fault['kind']}"
    shown = ", ".join(names[:FEW])
    return f"{shown} and {words.plural(len(names) - FEW, 'more', 'more')}" if len(names) > FEW else shown


def _state(row: Row, now: datetime, zone: ZoneInfo) -> str:
    if row["problem"]:
        return f"Not begun: {row['problem']}"
    if row["ended_at"] is not None:
        return f"Off since {words.day_and_clock(row['ended_at'], zone, now)}, {row['ended_by']}"
    if row["began_at"] is None:
        return "Waits for the town"
    hours: float = row["fault"]["to_hour"]
    until = f", for {hours:g} hour{'' if hours == 1 else 's'} of its time"
    return f"On since {row['began_at'].astimezone(zone):%H:%M} of the town’s time{until}"


def typed_fault(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the document of :class:`ops_api.lab_desk.NewFault`; what is no number stays a text."""
    names = [name for name in re.split(r"[\s,;]+", typed["devices"]) if name]
    said: dict[str, Any] = {"fault": typed["fault"], "devices": names, "field": typed["field"].strip()}
    if not names:
        said |= {"kind": typed["kind"], "count": typed["count"].strip() or "1"}
    if typed["value"].strip():
        said["value"] = typed["value"].strip()
    share = typed["share_pct"].strip()
    if share:
        said["share"] = _part(share)
    if typed["hours"].strip():
        said["hours"] = typed["hours"].strip()
    return said


def _part(percent: str) -> float | str:
    try:
        return float(percent) / 100.0
    except ValueError:
        return percent


def wrong(error: ValidationError) -> str:
    """Return what is wrong with what was typed, in a sentence."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    return f"{_LABELS.get(name, name.capitalize())}: {first['input']!r}. {first['msg']}."
