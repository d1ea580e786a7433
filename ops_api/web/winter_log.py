"""The log of a night: what was forecast, proposed, answered, driven and wrong, as one list by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from ops_api.web import words
from rules.core.winter_orders.model import Treatment
from rules.core.winter_orders.proposals import asks
from rules.core.winter_orders.words import later_words, treatment_words

Row = Mapping[str, Any]
Kind = Literal["forecast", "proposal", "officer", "lorry", "alarm", "sensor"]

KINDS: Mapping[Kind, str] = {
    "forecast": "Forecast",
    "proposal": "Proposal",
    "officer": "Officer",
    "lorry": "Lorry",
    "alarm": "Alarm",
    "sensor": "Sensor",
}
TRIP_ENDS = timedelta(minutes=15)
"""A lorry that has not moved for so long is back."""
SAID = {"confirmed": "confirmed", "changed": "changed", "cancelled": "cancelled", "ordered": "ordered", "unanswered": "not answered in time"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; ``href``: the page about it."""

    at: datetime
    kind: Kind
    text: str
    href: str = ""
    route_id: str | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """What is known of a night, as rows of the queries of their names.

    Attributes:
        forecasts: entries of :mod:`ops_api.web.winter_log_forecasts`.
        begin, end: of the night.
    """

    labels: Mapping[str, str]
    forecasts: Sequence[Entry]
    decisions: Sequence[Row]
    acts: Sequence[Row]
    alarms: Sequence[Row]
    sensors: Sequence[Row]
    lorries: Sequence[Row]
    begin: datetime
    end: datetime
    now: datetime
    zone: ZoneInfo


def entries(n: Night, *, names: bool) -> tuple[Entry, ...]:
    """Return a night's entries, the newest first; ``names``: whether officers' names and reasons are told."""
    found = [
        *n.forecasts, *_decisions(n), *_acts(n, names), *_lorries(n), *_alarms(n),
        *(_sensor(s) for s in n.sensors),
    ]  # fmt: skip
    order = list(KINDS)
    inside = [e for e in found if n.begin <= e.at < n.end]
    # Of one moment the later in this order is on top too: an alarm's end over its beginning.
    return tuple(sorted(inside, key=lambda e: (e.at, order.index(e.kind)))[::-1])


def _label(n: Night, route_id: str) -> str:
    return n.labels.get(route_id, route_id)


def _clock(n: Night, value: object) -> str:
    return words.clock(words.moment(value), n.zone)


# -- proposals -------------------------------------------------------------------------


def _decisions(n: Night) -> Iterator[Entry]:
    before: dict[str, Row] = {}
    for at, together in groupby(n.decisions, key=lambda d: d["at"]):
        rows = list(together)
        quiet = [d for d in rows if d["outcome"] == "no_action" and not _asked(before.get(d["route_id"]))]
        if len(quiet) > 1:
            yield Entry(at, "proposal", f"No treatment on {len(quiet)} routes.")
        for d in rows:
            if len(quiet) == 1 or d not in quiet:
                yield _decision(d, before.get(d["route_id"]), n)
            before[d["route_id"]] = d


def _asked(d: Row | None) -> bool:
    return d is not None and asks(d["outcome"])


def _decision(d: Row, before: Row | None, n: Night) -> Entry:
    label, href = _label(n, d["route_id"]), f"/decisions/{d['decision_id']}"
    reason = words.local_times(str(d["reason"]), n.zone, n.now)
    if not asks(d["outcome"]):
        gone = before is not None and asks(before["outcome"]) and not before["answered"]
        said = f" P{before['decision_id']} is withdrawn." if gone and before is not None else ""
        treated = d["result"].get("status") == "treated"
        return Entry(
            d["at"], "lorry" if treated else "proposal", f"{label}: {reason}{said}", href, d["route_id"]
        )
    text = f"P{d['decision_id']} for {label}: {_proposal(d['result'], reason, n)}"
    if not d["answered"] and _orders(d["route_id"]):
        href = f"{_orders(d['route_id'])}#P{d['decision_id']}"
    return Entry(d["at"], "proposal", text, href, d["route_id"])


def _proposal(result: Row, reason: str, n: Night) -> str:
    if not result.get("spread_rate_g_m2"):
        return reason
    passes = int(result.get("passes") or 1)
    what = "plough and treat" if result.get("action") == "plough" else "treat"
    rate = f"{f'{passes} × ' if passes > 1 else ''}{words.number(result['spread_rate_g_m2'])} g/m²"
    of = f"{result.get('segments_to_treat')} of {result.get('segments')} stretches"
    done = "treat_by" if result.get("done_by") is None else "done_by"
    times = [
        f"{name} {_clock(n, result[key])}"
        for name, key in (("leave by", "leave_by"), ("done by", done))
        if result.get(key) is not None
    ]
    times += [later_words(result["late_min"])] if result.get("late_min") else []
    return ", ".join([f"{what} {of} at {rate}", *times]) + "."


def _orders(route_id: str) -> str:
    return f"/winter/{quote(route_id, safe='')}/orders"


# -- people and lorries ----------------------------------------------------------------


def _acts(n: Night, names: bool) -> Iterator[Entry]:
    """Yield what officers said; what one confirmed within a minute is one line."""
    for (_, what, by), together in groupby(n.acts, key=lambda a: (f"{a['at']:%F %H:%M}", a["what"], a["by"])):
        rows = list(together)
        if what != "confirmed" or len(rows) == 1:
            yield from (_act(a, n, names) for a in rows)
            continue
        refs = words.joined([a["ref"] for a in rows])
        who = f" by {by} ({rows[0]['role']})" if names else ""
        yield Entry(rows[0]["at"], "officer", f"{refs} confirmed as proposed{who}.")


def _act(a: Row, n: Night, names: bool) -> Entry:
    label, href = _label(n, a["route_id"]), f"{_orders(a['route_id'])}#{a['ref']}"
    who = f" by {a['by']} ({a['role']})" if names and a["what"] != "unanswered" else ""
    why = f" {a['reason']}" if names and a["reason"] and a["what"] != "unanswered" else ""
    text = f"{a['ref']} for {label} {SAID[a['what']]}{who}{_stands(a, n)}.{why}"
    return Entry(a["at"], "officer", text, href, a["route_id"])


def _stands(a: Row, n: Night) -> str:
    """Return what is to be driven after an act, where that is not the proposal as it was."""
    if a["what"] == "confirmed":
        return " as proposed"
    if a["what"] == "cancelled":
        return ""
    treatment = None if a["treatment"] is None else msgspec.convert(a["treatment"], Treatment)
    return f": {treatment_words(treatment, n.zone)}"


def _lorries(n: Night) -> Iterator[Entry]:
    for trip in n.lorries:
        is_back = n.now - trip["last_at"] >= TRIP_ENDS
        if is_back and trip["spread_from"] is None:
            continue  # moved about, and spread nothing
        name, href = trip["device"], f"/devices/{quote(trip['device'], safe='')}"
        yield Entry(trip["out_at"], "lorry", f"{name} is out.", href)
        if is_back:
            yield Entry(trip["last_at"], "lorry", f"{name} has finished: it spread {_spread(trip, n)}.", href)


def _spread(trip: Row, n: Night) -> str:
    salt = "" if trip["salt_kg"] < 0.5 else f", {words.number(trip['salt_kg'] / 1000, 2)} t of salt"
    return f"{_clock(n, trip['spread_from'])} to {_clock(n, trip['spread_to'])}{salt}"


# -- what was wrong --------------------------------------------------------------------


def _alarms(n: Night) -> Iterator[Entry]:
    for a in n.alarms:
        route = a["subject"] if a["subject_kind"] == "route" else None
        href = f"/alarms/{a['alarm_id']}"
        yield Entry(a["raised_at"], "alarm", f"{a['title']} ({a['severity']}).", href, route)
        if a["cleared_at"] is not None:
            yield Entry(a["cleared_at"], "alarm", f"Over: {a['title']}.", href, route)


def _sensor(s: Row) -> Entry:
    detail, name = s["detail"], s["device"]
    href = f"/devices/{quote(name, safe='')}"
    error = detail.get("error_c")
    if not detail.get("wrong") or error is None:
        return Entry(s["at"], "sensor", f"{name} is believed again.", href)
    way = "warm" if error > 0 else "cold"
    text = f"{name} reads {words.number(abs(error), 1)} °C too {way} by its neighbours: it is left out."
    return Entry(s["at"], "sensor", text, href)


def documents(found: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return entries for programs."""
    return [
        {"at": e.at, "kind": e.kind, "route_id": e.route_id, "text": e.text, "href": e.href or None} for e in found
    ]  # fmt: skip
