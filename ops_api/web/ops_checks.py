"""The wall's health strip: each part of the platform, whether it works, and how old the town's data are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.missing import Missing
from ops_api.queries.database import DatabaseState
from ops_api.web import health_view, words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

STALE = timedelta(seconds=90)
RULES_LAG = timedelta(minutes=2)
OLD = timedelta(minutes=5)
"""Readings this old make the whole wall a picture of the past: the banner says so."""


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the platform: whether it works, in a word and a sentence, and the page about it."""

    name: str
    ok: bool
    says: str
    href: str = "/health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the strip is made of.

    Attributes:
        last_batch_at, rules_at: when ingest stored and the rules decided last.
        dead_hour, readings_hour: rejected messages and stored readings of the last hour.
        missing: None: not counted yet.
        messages: row of ``wall_messages``.
        database: None: not asked yet.
        per_s: readings per second now, in words.
    """

    last_batch_at: datetime | None
    rules_at: datetime | None
    dead_hour: int
    readings_hour: int
    missing: Missing | None = None
    messages: Row | None = None
    database: DatabaseState | None = None
    per_s: str = ""


def checks(seen: Seen, now: datetime) -> tuple[Check, ...]:
    """Return the platform's parts and whether each works."""
    share = 100 * seen.dead_hour / max(1, seen.dead_hour + seen.readings_hour)
    complete, says = health_view.wall_says(seen.missing)
    return (
        _recent("Readings", seen.last_batch_at, now, STALE, "stored", "none in 24 hours"),
        _recent("Rules", seen.rules_at, now, RULES_LAG, "decided", "nothing decided yet", "/rules"),
        _messages(seen.messages),
        _database(seen.database),
        Check("Complete", complete, says),
        Check("Rejected", share < 1, f"{words.number(share, 1)}% in an hour", "/dead-letters"),
    )


def _recent(
    name: str,
    at: datetime | None,
    now: datetime,
    limit: timedelta,
    did: str,
    never: str,
    href: str = "/health",
) -> Check:
    if at is None:
        return Check(name, False, never, href)
    return Check(name, now - at < limit, f"{did} {words.ago(at, now)}", href)


def _messages(row: Row | None) -> Check:
    """Whether people are told: nothing waits that should have gone, and not more fail than go."""
    if row is None:
        return Check("Messages", True, "none to send", "/notifications")
    sent, failed, late = int(row["sent"]), int(row["failed"]), int(row["late"])
    if late:
        return Check("Messages", False, f"{words.number(late)} late", "/notifications")
    if failed:
        said = f"{words.number(failed)} failed in an hour"
        return Check("Messages", failed <= sent, said, "/notifications")
    return Check(
        "Messages", True, f"{words.number(sent)} in an hour" if sent else "none to send", "/notifications"
    )


def _database(state: DatabaseState | None) -> Check:
    if state is None:
        return Check("Database", True, "being asked")
    failing = [p for p in state.policies if p.failing]
    if failing:
        return Check("Database", False, f"{words.plural(len(failing), 'job')} failed")
    return Check("Database", True, f"answers, {words.size(state.bytes)}")


def old_data(last_batch_at: datetime | None, now: datetime, brand: Brand) -> str:
    """Return what the banner over the whole width says where the town's data are old; empty where they are not."""
    if last_batch_at is None:
        return "The town’s data are old: no reading was stored in the last 24 hours"
    if now - last_batch_at < OLD:
        return ""
    since = words.day_and_clock(last_batch_at, brand.time_zone, now)
    return f"The town’s data are {words.duration(now - last_batch_at)} old: nothing was stored since {since}"
