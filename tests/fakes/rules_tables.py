"""What the rules have decided, as rows that a database and a store in memory give alike."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.core.alarm_book import LogRow, MemberRow
from rules.memory_store import MemoryRuleStore, StoredAlarm

QUERIES: dict[str, Any] = {
    "alarms": "select rule_id, subject, extract(epoch from raised_at)::float8,"
    " extract(epoch from cleared_at)::float8 from alarm order by raised_at, rule_id, subject",
    "decisions": "select rule_id, subject, outcome, extract(epoch from decided_at)::float8 from decision"
    " order by decided_at, rule_id, subject",
    "events": "select kind, subject, extract(epoch from at)::float8, detail from event"
    " order by at, kind, subject",
    "standing": "select rule_id, subject_kind, subject, severity, extract(epoch from raised_at)::float8, title, reason,"
    " inputs, is_group, flapping, extract(epoch from held_since)::float8 from alarm order by 5, 1, 2, 3",
    "members": "select a.rule_id, a.subject, m.kind, m.subject, m.severity, extract(epoch from m.joined_at)::float8,"
    " extract(epoch from m.left_at)::float8, m.reason, m.inputs from alarm_member m join alarm a using (alarm_id)"
    " order by 6, 1, 2, 4",
    "log": "select a.rule_id, a.subject, extract(epoch from l.at)::float8, l.actor, l.what, l.detail"
    " from alarm_log l join alarm a using (alarm_id) where l.actor = 'engine' and l.what <> 'would_differ' order by 3, 1, 2, l.log_id",
    "states": "select subject_kind, subject, extract(epoch from at)::float8, state - 'decision_id'"
    " from subject_state order by 1, 2",
}


def memory_rows(store: MemoryRuleStore, what: str) -> list[tuple[Any, ...]]:
    """Return what :data:`QUERIES` give of a database, of a store in memory."""
    found: dict[str, list[tuple[Any, ...]]] = {
        "alarms": [(a.raised.rule_id, a.raised.subject, a.raised.at_s, a.cleared_at_s) for a in store.alarms],
        "decisions": [(d.rule_id, d.subject, d.outcome, d.at_s) for d in store.decisions],
        "events": [(e.kind, e.subject, e.at_s, e.detail) for e in store.events],
        "states": [(s.subject_kind, s.subject, s.at_s, s.state) for s in store.states.values()],
        "standing": [_standing(a) for a in store.alarms],
        "members": [_member(a, m) for a in store.alarms for m in a.members],
        "log": [_entry(store.alarms[e.alarm_id - 1], e) for e in store.log if e.what != "would_differ"],
    }
    by_time = {
        "alarms": (2, 0, 1), "decisions": (3, 0, 1), "events": (2, 0, 1), "states": (0, 1),
        "standing": (4, 0, 1, 2), "members": (5, 0, 1, 3), "log": (2, 0, 1),
    }[what]  # fmt: skip
    return sorted(found[what], key=lambda row: tuple(row[i] for i in by_time))


def _standing(a: StoredAlarm) -> tuple[Any, ...]:
    r = a.raised
    return (
        r.rule_id, r.subject_kind, r.subject, a.severity, r.at_s, a.title, a.reason, _plain(a.inputs),
        r.is_group, a.flapping, r.held_since_s,
    )  # fmt: skip


def _member(a: StoredAlarm, m: MemberRow) -> tuple[Any, ...]:
    r = a.raised
    return (
        r.rule_id, r.subject, m.kind, m.subject, m.severity, m.joined_at_s, m.left_at_s, m.reason, _plain(m.inputs)
    )  # fmt: skip


def _entry(a: StoredAlarm, entry: LogRow) -> tuple[Any, ...]:
    return (a.raised.rule_id, a.raised.subject, entry.at_s, "engine", entry.what, _plain(entry.detail))


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
