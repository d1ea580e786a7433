"""Rows of the tables as signals, acts and lines of the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.core.collection_acts.record import WHAT
from rules.core.incidents.model import Act, Signal
from rules.core.incidents.parameters import GroupingParameters
from rules.core.incidents.timeline import Line

Row = Mapping[str, Any]
REPORT_SEVERITY = "warning"
REPORT_WORDS = {
    "full": "A bin is reported full", "overflowing": "A bin is reported overflowing",
    "damaged": "A bin is reported damaged", "missed": "A collection is reported missed",
}  # fmt: skip
EVENT_WORDS = {"bin_overflow_began": "A bin began to overflow"}
ORDER_WORDS = {
    "confirmed": "order confirmed", "changed": "order changed", "cancelled": "order cancelled", "ordered": "ordered",
    "unanswered": "the proposal is not answered",
}  # fmt: skip
CREW_WORDS = {
    "collected": "emptied", "blocked": "could not be emptied: blocked", "contaminated": "left: contaminated",
    "not_out": "not out", "withdrawn": "taken back", "full": "said to be full", "overflowing": "said to overflow",
    "damaged": "said to be damaged",
}  # fmt: skip


def alarm_signal(row: Row, p: GroupingParameters) -> Signal:
    """Return an alarm, or a member of one."""
    return Signal(
        key=row["key"], service=p.service_of[row["rule_id"].partition(".")[0]], rule_id=row["rule_id"], kind=row["kind"],
        subject=row["subject"], severity=row["severity"], at_s=row["at_s"], ended_s=row["ended_s"], title=row["title"],
        alarm_id=row["alarm_id"], latitude_deg=row["latitude_deg"], longitude_deg=row["longitude_deg"],
        street=row["street"], binds=row["rule_id"] not in p.loose,
    )  # fmt: skip


def report_signal(row: Row) -> Signal:
    """Return what a resident said; of a household neither who nor the address."""
    what = WHAT[row["what"]]
    bin_id = row["bin_id"]
    return Signal(
        key=row["key"], service="reports", rule_id=f"report.{what}", kind="bin" if bin_id else "street",
        subject=bin_id or row["street"], severity=REPORT_SEVERITY, at_s=row["at_s"], ended_s=row["ended_s"],
        title=REPORT_WORDS[what], latitude_deg=row["latitude_deg"], longitude_deg=row["longitude_deg"], street=row["street"],
    )  # fmt: skip


def event_signal(row: Row, p: GroupingParameters) -> Signal:
    """Return an event: the least severe, and binding nothing."""
    what = row["what"]
    return Signal(
        key=row["key"], service=next(e.service for e in p.events if e.kind == what), rule_id=f"event.{what}", kind=row["kind"], subject=row["subject"],
        severity="info", at_s=row["at_s"], ended_s=row["ended_s"], title=EVENT_WORDS.get(what, what.replace("_", " ")),
        latitude_deg=row["latitude_deg"], longitude_deg=row["longitude_deg"], street=row["street"], binds=False,
    )  # fmt: skip


def act_of_row(row: Row) -> Act:
    """Return an act."""
    return Act(**row)


def alarm_line(row: Row) -> Line:
    """Return what somebody did with an alarm, or that people were told of it."""
    href = f"/alarms/{row['alarm_id']}"
    if row["what"] == "told":
        n = row["messages"]
        text = f"{row['title']}: {n} {'message' if n == 1 else 'messages'} sent"
        return Line(at_s=row["at_s"], source="message", text=text, private=f"to {row['told']}", href=href)
    private = " ".join(x for x in (row["by"], row["note"]) if x)
    text = f"{row['title']}: {row['what'].replace('_', ' ')}"
    return Line(at_s=row["at_s"], source="alarm", text=text, private=private, href=href)


def order_line(row: Row) -> Line:
    """Return what an officer said about a gritting route."""
    text = f"{row['label']}, {row['ref']}: {ORDER_WORDS.get(row['what'], row['what'])}"
    private = " ".join(x for x in (row["by"], row["reason"]) if x)
    return Line(
        at_s=row["at_s"],
        source="order",
        text=text,
        private=private,
        href=f"/winter/{row['route_id']}/orders",
    )


def round_line(row: Row) -> Line:
    """Return what a crew said about a bin."""
    what = CREW_WORDS.get(WHAT[row["what"]], WHAT[row["what"]])
    lorry = f" ({row['lorry']})" if row["lorry"] else ""
    private = " ".join(x for x in (row["by"], row["reason"]) if x)
    text = f"{row['label']} {what}{lorry}"
    return Line(at_s=row["at_s"], source="round", text=text, private=private, href=f"/bins/{row['bin_id']}")
