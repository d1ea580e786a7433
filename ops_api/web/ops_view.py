"""What the wall and the alarm list say: what is wrong now, and whether data flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.missing import Missing, percent
from ops_api.web import health_view, words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

SEVERITIES = ("critical", "major", "warning", "info")
_RANK = {s: i for i, s in enumerate(SEVERITIES)}
RATE_WINDOW_S = 60
URGENT_SHOWN = 7
"""As many as fit on a wall of 1920 by 1080 where each title takes two lines."""
STALE = timedelta(seconds=90)
RULES_LAG = timedelta(minutes=2)

GROUPS: Mapping[str, str] = {
    "damp.surface_humidity": "Homes at damp risk",
    "winter.hoar_frost": "Frosty stretches",
    "winter.ice": "Icy stretches",
    "bins.full": "Full bins",
    "bins.fire": "Bins on fire",
    "device.silent": "Silent devices",
}


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as shown."""

    alarm_id: int
    rule_id: str
    severity: str
    subject: str
    title: str
    reason: str
    raised: str
    age: str
    short_age: str
    cleared: str
    acknowledged: str
    link: str


@dataclass(frozen=True, slots=True)
class Group:
    """All active alarms of one rule: a tile."""

    rule_id: str
    name: str
    severity: str
    alarms: int
    oldest: str
    unacknowledged: int


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the platform: whether it works, in a word and a sentence."""

    name: str
    ok: bool
    says: str


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
    groups: tuple[Group, ...]
    alarms: tuple[AlarmRow, ...]
    checks: tuple[Check, ...]
    clock: str
    date: str
    series: list[list[float | None]]


def subject_link(kind: str, subject: str) -> str:
    """Return the page that shows an alarm's subject, or nothing for a home."""
    return {
        "route": f"/winter/{subject}",
        "segment": "/winter",
        "bin": "/bins",
        "device": f"/devices/{subject}",
    }.get(kind, "")


def alarm_row(a: Row, brand: Brand, now: datetime) -> AlarmRow:
    """Return an alarm as shown."""
    zone = brand.time_zone
    acknowledged = (
        f"{a['acknowledged_by']}, {words.day_and_clock(a['acknowledged_at'], zone, now)}"
        if a["acknowledged_at"] is not None
        else ""
    )
    return AlarmRow(
        alarm_id=a["alarm_id"],
        rule_id=a["rule_id"],
        severity=a["severity"],
        subject=a["subject"],
        title=a["title"],
        reason=words.local_times(a["reason"], zone, now),
        raised=words.day_and_clock(a["raised_at"], zone, now),
        age=words.duration(now - a["raised_at"]),
        short_age=words.short_duration(now - a["raised_at"]),
        cleared="" if a["cleared_at"] is None else words.day_and_clock(a["cleared_at"], zone, now),
        acknowledged=acknowledged,
        link="" if a.get("in_home") else subject_link(a["subject_kind"], a["subject"]),
    )


def by_urgency(alarms: Sequence[Row]) -> list[Row]:
    """Return alarms: unacknowledged first, then by severity, then the newest first."""
    return sorted(
        alarms,
        key=lambda a: (a["acknowledged_at"] is not None, _RANK[a["severity"]], -a["raised_at"].timestamp()),
    )


def groups(counts: Sequence[Row], now: datetime) -> tuple[Group, ...]:
    """Return one tile per rule with active alarms, worst first."""
    merged: dict[str, list[Row]] = {}
    for c in counts:
        merged.setdefault(c["rule_id"], []).append(c)
    tiles = [
        Group(
            rule_id=rule,
            name=GROUPS.get(rule, rule),
            severity=min((r["severity"] for r in rows), key=_RANK.__getitem__),
            alarms=sum(r["alarms"] for r in rows),
            oldest=words.short_duration(now - min(r["oldest"] for r in rows)),
            unacknowledged=sum(r["unacknowledged"] for r in rows),
        )
        for rule, rows in merged.items()
    ]
    return tuple(sorted(tiles, key=lambda g: (_RANK[g.severity], -g.alarms)))


def checks(
    *,
    now: datetime,
    last_batch_at: datetime | None,
    rules_at: datetime | None,
    dead_hour: int,
    readings_hour: int,
    missing: Missing | None = None,
) -> tuple[Check, ...]:
    """Return the platform's parts and whether each works."""
    flowing = last_batch_at is not None and now - last_batch_at < STALE
    deciding = rules_at is not None and now - rules_at < RULES_LAG
    enough, arrived = health_view.wall_says(missing)
    share = 100 * dead_hour / max(1, dead_hour + readings_hour)
    return (
        Check(
            "Readings",
            flowing,
            "none in 24 hours" if last_batch_at is None else f"stored {words.ago(last_batch_at, now)}",
        ),
        Check(
            "Rules",
            deciding,
            "nothing decided yet" if rules_at is None else f"decided {words.ago(rules_at, now)}",
        ),
        Check("Complete", enough, arrived),
        Check("Rejected", share < 1, f"{words.number(share, 1)}% in an hour"),
    )


def _headline(tiles: Sequence[Group], parts: Sequence[Check]) -> tuple[str, str]:
    broken = [c for c in parts if not c.ok]
    severities = Counter[str]()
    for tile in tiles:
        severities[tile.severity] += tile.alarms
    if broken:
        return f"{broken[0].name}: {broken[0].says}", "bad"
    if severities["critical"]:
        which = words.joined([t.name.lower() for t in tiles if t.severity == "critical"])
        return f"{words.plural(severities['critical'], 'critical alarm')}: {which}", "bad"
    total = sum(severities.values())
    if total:
        return f"{words.plural(total, 'active alarm')}, none critical", "watch"
    return "Nothing is wrong now", "good"


def view(
    *,
    now: datetime,
    town_now: datetime,
    totals_day: Row,
    totals_hour: Row,
    rate: Sequence[Row],
    rules: Row,
    reasons: Sequence[Row],
    devices: Sequence[tuple[str, str, int, int]],
    alarm_counts: Sequence[Row],
    alarms: Sequence[Row],
    missing: Missing | None,
    brand: Brand,
) -> OpsView:
    """Return the wall's content.

    Args:
        now: the wall clock.
        town_now: the time it is in the town (behind ``now`` while a simulation catches up).
        totals_day: row of ``ingest_totals`` of the last 24 hours.
        totals_hour: the same of the last hour.
        rate: rows at, readings per minute of the last hour.
        rules: row of ``event_time``.
        reasons: rows of ``dead_letter_reasons``.
        devices: per kind its name, its title, how many report, how many there are.
        alarm_counts: rows of ``alarm_counts``.
        alarms: active rows of ``alarms``.
        missing: what is missing; None where it is not counted yet.
        brand: name and time zone.
    """
    parts = checks(
        now=now,
        last_batch_at=totals_day["last_batch_at"],
        rules_at=rules["updated_at"],
        dead_hour=totals_hour["dead_letters"],
        readings_hour=totals_hour["readings"],
        missing=missing,
    )
    complete = {} if missing is None else {k.kind: k.share for k in missing.kinds}
    tiles = groups(alarm_counts, town_now)
    headline, tone = _headline(tiles, parts)
    shown = [a for a in by_urgency(alarms) if a["subject_kind"] != "home"]
    return OpsView(
        headline=headline,
        tone=tone,
        rate=_rate(rate, now),
        today=words.number(totals_day["readings"]),
        duplicates=words.number(totals_day["duplicates"]),
        dead_letters=words.number(totals_day["dead_letters"]),
        reasons=tuple(
            (_reason(r), words.number(r["dead_letters"]), words.ago(r["last_at"], now)) for r in reasons[:3]
        ),
        devices=tuple(
            (
                title,
                words.number(reporting),
                words.number(total),
                reporting >= total,
                _complete(complete.get(kind)),
            )
            for kind, title, reporting, total in devices
        ),
        groups=tiles,
        alarms=tuple(alarm_row(a, brand, town_now) for a in shown[:URGENT_SHOWN]),
        checks=parts,
        clock=words.clock(town_now, brand.time_zone),
        date=words.long_date(town_now, brand.time_zone),
        series=_series(rate, now),
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
