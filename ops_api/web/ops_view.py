"""What the wall and the alarm list say: what is wrong now, and whether data flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ops_api.missing import Missing, percent
from ops_api.queries.database import DatabaseState
from ops_api.web import words
from ops_api.web.alarms_view import SEVERITIES, AlarmRow, Group, alarm_row, by_urgency, groups
from ops_api.web.brand import Brand
from ops_api.web.ops_changes import Change, Happened, changes
from ops_api.web.ops_checks import Check, Seen, checks, old_data
from rules.core.incidents.model import Incident
from rules.core.incidents.words import ref_of

Row = Mapping[str, Any]

RATE_WINDOW_S = 60
URGENT_SHOWN = 12
"""More than fit: the page shows as many as its screen takes whole, the most urgent first."""
CLOSED_SHOWN = 2
TILES_SHOWN = 5
"""Kinds of alarms on the wall; the last tile says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is read for the wall.

    Attributes:
        totals_day: row of ``ingest_totals`` of the last 24 hours.
        totals_hour: the same of the last hour.
        rate: rows at, readings per minute of the last hour.
        rules: row of ``event_time``.
        reasons: rows of ``dead_letter_reasons``.
        devices: per kind its name, its title, how many report, how many there are.
        alarm_counts: rows of ``alarm_counts``.
        urgent: rows of ``alarms`` that ``wall_urgent`` chose.
        missing: what is missing; None where it is not counted yet.
        happened: what changed in the last hour.
        messages: row of ``wall_messages``.
        database: how the database does; None where it is not asked yet.
        closed: streets that are closed now, each with its reason.
        incidents: those that live.
    """

    totals_day: Row
    totals_hour: Row
    rate: Sequence[Row]
    rules: Row
    reasons: Sequence[Row]
    devices: Sequence[tuple[str, str, int, int]]
    alarm_counts: Sequence[Row]
    urgent: Sequence[Row]
    missing: Missing | None
    happened: Happened = field(default_factory=Happened)
    messages: Row | None = None
    database: DatabaseState | None = None
    closed: tuple[str, ...] = ()
    incidents: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Active alarms of one severity: how many, how many nobody has taken, and since when the oldest of those waits."""

    severity: str
    alarms: int
    waiting: int
    oldest: str


@dataclass(frozen=True, slots=True)
class IncidentTile:
    """Incidents that live: how many, how bad, how many nobody has, how old the oldest is; the page of the only one, else of all."""

    incidents: int
    severity: str
    unowned: int
    oldest: str
    href: str


@dataclass(frozen=True, slots=True)
class OpsView:
    """The wall's content."""

    headline: str
    tone: str
    rate: str
    today: str
    duplicates: str
    dead_letters: str
    reasons: tuple[tuple[str, str, str], ...]
    devices: tuple[tuple[str, str, str, bool, str], ...]
    incidents: IncidentTile | None
    groups: tuple[Group, ...]
    more_groups: int
    tallies: tuple[Tally, ...]
    homes_apart: bool
    alarms: tuple[AlarmRow, ...]
    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    closed: tuple[str, ...]
    more_closed: int
    old: str
    clock: str
    date: str
    series: list[list[float | None]]


def _headline(tiles: Sequence[Group], parts: Sequence[Check]) -> tuple[str, str]:
    broken = [c for c in parts if not c.ok]
    if broken:
        return f"{broken[0].name}: {broken[0].says}", "bad"
    critical = [t for t in tiles if t.severity == "critical"]
    if critical:
        which, count = words.joined([t.name.lower() for t in critical]), sum(t.worst or 0 for t in critical)
        return f"{words.plural(count, 'critical alarm') if count else 'Critical alarms'}: {which}", "bad"
    total, few = sum(t.alarms for t in tiles if not t.few), any(t.few for t in tiles)
    if total:
        return (
            f"{words.plural(total, 'active alarm')}{' and a few of homes' if few else ''}, none critical",
            "watch",
        )
    if few:
        return "A few active alarms of homes, none critical", "watch"
    return "Nothing is wrong now", "good"


def view(found: Found, *, now: datetime, town_now: datetime, brand: Brand) -> OpsView:
    """Return the wall's content.

    Args:
        found: what was read for it.
        now: the wall clock.
        town_now: the time it is in the town (behind ``now`` while a simulation catches up).
        brand: name and time zone.
    """
    parts, tiles = _checks(found, now), groups(found.alarm_counts, town_now)
    headline, tone = _headline(tiles, parts)
    return OpsView(
        headline=headline,
        tone=tone,
        rate=_rate(found.rate, now),
        today=words.number(found.totals_day["readings"]),
        duplicates=words.number(found.totals_day["duplicates"]),
        dead_letters=words.number(found.totals_day["dead_letters"]),
        reasons=_reasons(found.reasons, now),
        devices=_devices(found),
        incidents=_incidents(found.incidents, town_now),
        groups=tiles if len(tiles) <= TILES_SHOWN + 1 else tiles[:TILES_SHOWN],
        more_groups=0 if len(tiles) <= TILES_SHOWN + 1 else len(tiles) - TILES_SHOWN,
        tallies=tallies(found.alarm_counts, town_now),
        homes_apart=any(c["subject_kind"] == "home" for c in found.alarm_counts),
        alarms=tuple(alarm_row(a, brand, town_now) for a in by_urgency(found.urgent)),
        changes=changes(found.happened, brand),
        checks=parts,
        closed=found.closed[:CLOSED_SHOWN],
        more_closed=max(0, len(found.closed) - CLOSED_SHOWN),
        old=old_data(found.totals_day["last_batch_at"], now, brand),
        clock=words.clock(town_now, brand.time_zone),
        date=words.long_date(town_now, brand.time_zone),
        series=_series(found.rate, now),
    )


def _incidents(live: Sequence[Incident], now: datetime) -> IncidentTile | None:
    if not live:
        return None
    oldest = now.timestamp() - min(i.made_at_s for i in live)
    return IncidentTile(
        incidents=len(live),
        severity=min((i.severity for i in live), key=SEVERITIES.index),
        unowned=sum(not i.owner for i in live),
        oldest=words.short_duration(timedelta(seconds=max(0.0, oldest))),
        href=f"/incidents/{ref_of(live[0].incident_id)}" if len(live) == 1 else "/incidents",
    )


def _checks(found: Found, now: datetime) -> tuple[Check, ...]:
    seen = Seen(
        last_batch_at=found.totals_day["last_batch_at"],
        rules_at=found.rules["updated_at"],
        dead_hour=found.totals_hour["dead_letters"],
        readings_hour=found.totals_hour["readings"],
        missing=found.missing,
        messages=found.messages,
        database=found.database,
    )
    return checks(seen, now)


def tallies(counts: Sequence[Row], now: datetime) -> tuple[Tally, ...]:
    """Return active alarms by severity, the worst first; without those of homes, as the list below them."""
    found = []
    for severity in SEVERITIES:
        mine = [c for c in counts if c["severity"] == severity and c["subject_kind"] != "home"]
        if mine:
            waits = [c["oldest"] for c in mine if c["unacknowledged"]]
            oldest = words.short_duration(now - min(waits)) if waits else ""
            waiting = sum(c["unacknowledged"] for c in mine)
            found.append(Tally(severity, sum(c["alarms"] for c in mine), waiting, oldest))
    return tuple(found)


def _devices(found: Found) -> tuple[tuple[str, str, str, bool, str], ...]:
    complete = {} if found.missing is None else {k.kind: k.share for k in found.missing.kinds}
    return tuple(
        (
            title,
            words.number(reporting),
            words.number(total),
            reporting >= total,
            _complete(complete.get(kind)),
        )
        for kind, title, reporting, total in found.devices
    )


def _reasons(reasons: Sequence[Row], now: datetime) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (_reason(r), words.number(r["dead_letters"]), words.ago(r["last_at"], now)) for r in reasons[:3]
    )


def _reason(row: Row) -> str:
    """Return an example of a reason, and how many are counted and not kept."""
    more = row["not_kept"]
    return str(row["example"]) + (f" ({words.number(more)} of them not kept)" if more else "")


def _complete(share: float | None) -> str:
    return "" if share is None else percent(share)


def _rate(rate: Sequence[Row], now: datetime) -> str:
    """Return readings per second over the newest full step of ten seconds or the last minute."""
    recent = sum(int(r["readings"]) for r in rate if now - r["at"] <= timedelta(seconds=RATE_WINDOW_S))
    per_s = recent / RATE_WINDOW_S
    return words.number(per_s, 0 if per_s >= 10 else 1)


def _series(rate: Sequence[Row], now: datetime) -> list[list[float | None]]:
    """Return [epoch seconds], [readings per second] of the last hour by ten seconds, gaps as 0."""
    step = 10
    by_step = {int(r["at"].timestamp()) // step: int(r["readings"]) / step for r in rate}
    last = int(now.timestamp()) // step
    steps = range(last - 360, last)
    return [[float(s * step) for s in steps], [by_step.get(s, 0.0) for s in steps]]
