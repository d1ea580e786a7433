"""Work items as the command line prints them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import words

Row = Mapping[str, Any]


def list_lines(rows: Sequence[Row], zone: ZoneInfo) -> list[str]:
    """Return a line per item."""
    return [_line(r, zone) for r in rows] or ["Nothing to do."]


def show_lines(item: Row, zone: ZoneInfo, now: datetime) -> list[str]:
    """Return an item, why, and what happened to it, in local time."""
    log = [_entry(e, zone, now) for e in item["log"]]
    return [_line(item, zone), f"        {words.local_times(item['reason'], zone, now)}", *log]


def _line(r: Row, zone: ZoneInfo) -> str:
    due = "" if r["due_at"] is None else f"  due {_day(r['due_at'], zone)}"
    who = "" if r["assignee"] is None else f"  with {r['assignee']}"
    gone = "" if r["gone_at"] is None else "  (no longer so)"
    end = f"  done by {r['done_by']}" if r["done_at"] is not None else f"{due}{who}{gone}"
    return f"{r['work_item_id']:>6}  {_day(r['opened_at'], zone)}  {r['title']}{end}"


def _entry(e: Row, zone: ZoneInfo, now: datetime) -> str:
    more = e["detail"].get("text") or e["detail"].get("to") or ""
    said = f"        {words.day_and_clock(e['at'], zone, now)}  {e['what']} by {e['by']}"
    return f"{said}: {more}" if more else said


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d}"
