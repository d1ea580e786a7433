"""Alarms as the command line prints them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import alarm_view, words
from ops_api.web.alarms_view import VERDICTS, by_urgency, waiting
from rules.core.desk.model import Entry

Row = Mapping[str, Any]


def list_lines(rows: Sequence[Row], zone: ZoneInfo, now: datetime) -> list[str]:
    """Return a line per alarm, the most urgent first, after one that says how many there are."""
    if not rows:
        return ["no alarm"]
    lines = [f"{words.plural(len(rows), 'alarm')}, {waiting(rows)} waiting for somebody"]
    for a in by_urgency(rows):
        since = words.day_and_clock(a["raised_at"], zone, now)
        lines.append(
            f"{a['alarm_id']:>7}  {a['severity']:<8}  {since:<16}  {a['title']}  [{standing(a, zone, now)}]"
        )
    return lines


def standing(a: Row, zone: ZoneInfo, now: datetime) -> str:
    """Return how an alarm stands, in a few words: ``nobody has it``, ``Ada has it``, ``closed``."""
    said = []
    if a["cleared_at"] is not None:
        said.append(f"cleared {words.day_and_clock(a['cleared_at'], zone, now)}")
    if a["closed_at"] is not None:
        said.append(f"closed as {VERDICTS[a['verdict']]}")
    elif a["shelved_until"] is not None:
        said.append(f"shelved until {words.day_and_clock(a['shelved_until'], zone, now)}")
    if a["acknowledged_by"] is not None:
        said.append(f"{a['acknowledged_by']} has it")
    elif not said:
        said.append("nobody has it")
    if a["assignee"] is not None:
        said.append(f"for {a['assignee']}")
    if a["members_now"]:
        said.append(words.plural(a["members_now"], "member"))
    return ", ".join(said + (["comes and goes"] if a["flapping"] else []))


def show_lines(a: Row, members: Sequence[Row], zone: ZoneInfo, now: datetime) -> list[str]:
    """Return everything about one alarm but its timeline."""
    lines = [
        f"alarm {a['alarm_id']}: {a['title']}",
        f"  {a['severity']}, since {words.day_and_clock(a['raised_at'], zone, now)}; {standing(a, zone, now)}",
        f"  {words.local_times(a['reason'], zone, now)}",
        f"  rule {a['rule_id']}, version {a['rule_version']}; {a['subject_kind']} {a['subject']}",
    ]
    for member in members:
        left = (
            "" if member["left_at"] is None else f", left {words.day_and_clock(member['left_at'], zone, now)}"
        )
        joined = words.day_and_clock(member["joined_at"], zone, now)
        lines.append(f"  - {member['label']}: {member['severity']} since {joined}{left}")
    return [*lines, f"  `cityops alarms timeline {a['alarm_id']}` says what happened"]


def timeline_lines(entries: Sequence[Entry], zone: ZoneInfo, now: datetime) -> list[str]:
    """Return the timeline, a sentence a line."""
    found = alarm_view.lines(entries, zone, now)
    return [f"{x.at:<18} {x.who:<11} {x.text}" for x in found] or ["nothing is recorded"]


def document(row: Row) -> dict[str, Any]:
    """Return a row for JSON, without what only pages need."""
    return {key: value for key, value in row.items() if key != "in_home"}


def entry_document(entry: Entry, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return a line of the timeline for JSON, with its sentence."""
    return {
        "log_id": entry.log_id,
        "at": datetime.fromtimestamp(entry.at_s, UTC),
        "actor": entry.actor,
        "by": entry.by,
        "via": entry.via,
        "what": entry.what,
        "text": alarm_view.sentence(entry, zone, now),
        "detail": dict(entry.detail),
    }
