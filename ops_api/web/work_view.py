"""Work items as pages show them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

RULES: Mapping[str, str] = {
    "quality.stuck": "Stuck values",
    "quality.rate": "Jumping values",
    "quality.drift": "Drifting sensors",
    "quality.battery": "Batteries",
    "quality.completeness": "Missing readings",
    "quality.clock": "Wrong clocks",
}
WHAT: Mapping[str, str] = {
    "opened": "The rules opened it",
    "came back": "It is so again",
    "gone": "What opened it is no longer so",
    "assigned": "Given to {to}",
    "given back": "Given back",
    "note": "Note",
    "done": "Done",
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A work item as shown."""

    work_item_id: int
    rule: str
    title: str
    label: str
    reason: str
    opened: str
    due: str
    gone: str
    done: str
    assignee: str
    link: str


@dataclass(frozen=True, slots=True)
class WorkView:
    """The list and how many there are by rule."""

    items: tuple[ItemRow, ...]
    rules: tuple[tuple[str, str, int], ...]


def view(rows: Sequence[Row], *, now: datetime, brand: Brand) -> WorkView:
    """Return the page's content: rules as (id, name, items)."""
    counts = {rule: sum(r["rule_id"] == rule for r in rows) for rule in RULES}
    return WorkView(
        items=tuple(item(r, now=now, brand=brand) for r in rows),
        rules=tuple((rule, RULES[rule], n) for rule, n in counts.items() if n > 0),
    )


def item(row: Row, *, now: datetime, brand: Brand) -> ItemRow:
    """Return one item as shown."""
    zone = brand.time_zone

    def said(at: datetime | None) -> str:
        return "" if at is None else words.day_and_clock(at, zone, now)

    due = row["due_at"]
    return ItemRow(
        work_item_id=row["work_item_id"],
        rule=RULES.get(row["rule_id"], row["rule_id"]),
        title=row["title"],
        label=row["label"],
        reason=words.local_times(row["reason"], zone, now),
        opened=said(row["opened_at"]),
        due="" if due is None else "now" if due <= now else f"by {words.long_date(due, zone)}",
        gone=said(row["gone_at"]),
        done="" if row["done_at"] is None else f"{row['done_by']}, {said(row['done_at'])}",
        assignee=row["assignee"] or "",
        link="" if row["in_home"] else f"/devices/{row['device']}",
    )


def log(entries: Sequence[Row], *, now: datetime, brand: Brand) -> list[tuple[str, str]]:
    """Return (when, what) of each entry."""
    return [(words.day_and_clock(e["at"], brand.time_zone, now), _entry(e, brand, now)) for e in entries]


def _entry(e: Row, brand: Brand, now: datetime) -> str:
    what = WHAT.get(e["what"], e["what"]).format(to=e["detail"].get("to", ""))
    who = "" if e["by"] == "engine" else f" ({e['by']}{', ' + e['via'] if e['via'] else ''})"
    more = e["detail"].get("text") or e["detail"].get("reason") or ""
    more = words.local_times(more, brand.time_zone, now)
    return f"{what}{who}" + (f": {more}" if more else "")
