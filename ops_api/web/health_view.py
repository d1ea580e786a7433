"""What the page /health says: what is missing, what is outstanding, how the database does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops_api.missing import DeviceMissing, KindMissing, Missing, lost_in_words, percent, ranges_in_words
from ops_api.queries.database import DatabaseState, Policy, ReadingTable
from ops_api.web import words
from ops_api.web.brand import Brand

COMPLETE_ENOUGH = 0.95
"""Share of the expected readings below which something is wrong, not just somewhere a device away."""

_VERBS = {"refresh": "Refresh of", "columnstore": "Columnstore of", "retention": "Retention of"}


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind in the table."""

    title: str
    devices: str
    day: str
    week: str
    low: bool
    missing: str
    gap_devices: str
    lost: str
    waiting: str
    waiting_note: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device worth a look."""

    name: str
    title: str
    link: str
    complete: str
    missing: str
    ranges: str
    lost: str
    waiting: str
    said: str
    heard: str
    silent: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """A reading table."""

    title: str
    rows: str
    size: str
    parts: str
    columnar: str
    ratio: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One of TimescaleDB's policies."""

    name: str
    last_run: str
    says: str
    failing: bool
    failures: str


@dataclass(frozen=True, slots=True)
class HealthView:
    """The page's content; ``counted`` is empty where nothing could be counted."""

    headline: str
    tone: str
    counted: str
    facts: tuple[tuple[str, str, str], ...]
    kinds: tuple[KindRow, ...]
    devices: tuple[DeviceRow, ...]
    more: int
    database: str
    size: str
    parts_name: str
    tables: tuple[TableRow, ...]
    policies: tuple[PolicyRow, ...]
    failing: tuple[PolicyRow, ...]


def view(
    found: Missing | None,
    database: DatabaseState | None,
    *,
    titles: Mapping[str, str],
    now: datetime,
    brand: Brand,
) -> HealthView:
    """Return the page's content.

    Args:
        found: what is missing; None where it is still being counted, or that takes too long.
        database: how the database does; None where it is still being asked.
        titles: kinds' names for people.
        now: the wall clock.
        brand: name and time zone.
    """
    headline, tone = _headline(found)
    policies = () if database is None else tuple(_policy(p, now) for p in database.policies)
    return HealthView(
        headline=headline,
        tone=tone,
        counted="" if found is None else _counted(found, brand),
        facts=() if found is None else _facts(found),
        kinds=() if found is None else tuple(_kind(k, titles, found.clock_at) for k in found.kinds),
        devices=() if found is None else tuple(_device(d, titles, found, brand) for d in found.devices),
        more=0 if found is None else max(0, found.look_devices - len(found.devices)),
        database="" if database is None else database.label,
        size="" if database is None else words.size(database.bytes),
        parts_name="Partitions" if database is None or database.timescaledb is None else "Chunks",
        tables=() if database is None else tuple(_table(t, titles) for t in database.tables),
        policies=policies,
        failing=tuple(p for p in policies if p.failing),
    )


def _headline(found: Missing | None) -> tuple[str, str]:
    if found is None:
        return "Still counting what is missing", "quiet"
    if not found.kinds:
        return "No device is registered yet", "quiet"
    if found.share is not None and found.share < COMPLETE_ENOUGH:
        if found.catching_up:
            return f"The town is catching up: {percent(found.share)} of the readings are here so far", "watch"
        return f"Only {percent(found.share)} of the readings have arrived", "bad"
    if found.missing:
        gaps = words.plural(sum(k.gap_devices for k in found.kinds), "device")
        return f"{words.plural(found.missing, 'reading is', 'readings are')} missing from {gaps}", "watch"
    if found.look_devices:
        return f"{words.plural(found.look_devices, 'device is', 'devices are')} silent or behind", "watch"
    return "Nothing is missing", "good"


def _counted(found: Missing, brand: Brand) -> str:
    at = words.clock(found.at, brand.time_zone)
    if found.start == found.end:
        return f"Counted at {at}. No reading is stored yet."
    span = words.duration(found.end - found.start)
    return f"Counted at {at}, over the {span} before {words.clock(found.end, brand.time_zone)}."


def _facts(found: Missing) -> tuple[tuple[str, str, str], ...]:
    waiting = sum(k.waiting for k in found.kinds)
    waiting_devices = sum(k.waiting_devices for k in found.kinds)
    gap_devices = sum(k.gap_devices for k in found.kinds)
    return (
        ("Complete", percent(found.share), "of the readings expected"),
        (
            "Missing",
            words.number(found.missing),
            f"never received, from {words.plural(gap_devices, 'device')}",
        ),
        ("Outstanding", words.number(waiting), f"still on {words.plural(waiting_devices, 'device')}"),
        ("To look at", words.number(found.look_devices), "devices with gaps, silent or behind"),
    )


def _kind(k: KindMissing, titles: Mapping[str, str], now: datetime) -> KindRow:
    note = ""
    if k.waiting_devices:
        note = f"{words.plural(k.waiting_devices, 'device')}, as of {words.ago(k.oldest_status_at, now)}"
    return KindRow(
        title=titles.get(k.kind, k.kind),
        devices=words.number(k.devices),
        day=percent(k.share),
        week=percent(k.week_share),
        low=k.share is not None and k.share < COMPLETE_ENOUGH,
        missing=words.number(k.missing),
        gap_devices=words.number(k.gap_devices),
        lost=_lost(k),
        waiting=words.number(k.waiting),
        waiting_note=note,
    )


def _device(d: DeviceMissing, titles: Mapping[str, str], found: Missing, brand: Brand) -> DeviceRow:
    return DeviceRow(
        name=d.name,
        title=titles.get(d.kind, d.kind),
        link="" if d.in_home else f"/devices/{d.name}",
        complete=percent(d.share),
        missing=words.number(d.missing),
        ranges=ranges_in_words(d),
        lost=lost_in_words(d),
        waiting=words.number(d.waiting),
        said=_said(d, found.clock_at),
        heard=_heard(d, found.at, brand),
        silent=d.silent(found.at),
    )


def _lost(k: KindMissing) -> str:
    found = k.lost_share
    return "–" if found is None else f"{words.number(k.lost)} ({max(found, 0.001):.1%})"


def _said(d: DeviceMissing, now: datetime) -> str:
    if d.status_at is None:
        return "never said"
    return f"{'offline' if d.waiting is None else 'said'} {words.ago(d.status_at, now)}"


def _heard(d: DeviceMissing, now: datetime, brand: Brand) -> str:
    if d.heard_at is None:
        return "never heard"
    at = words.day_and_clock(d.heard_at, brand.time_zone, now)
    return f"silent since {at}" if d.silent(now) else at


def _table(t: ReadingTable, titles: Mapping[str, str]) -> TableRow:
    return TableRow(
        title=titles.get(t.kind, t.kind),
        rows="not counted yet" if t.rows_estimate is None else words.number(t.rows_estimate),
        size=words.size(t.bytes),
        parts=words.number(t.parts),
        columnar=words.number(t.columnar),
        ratio="–" if t.ratio is None else f"{t.ratio:.1f}×",
    )


def _policy(p: Policy, now: datetime) -> PolicyRow:
    says = "not run yet"
    if p.failing:
        says = f"failed; last worked {words.ago(p.last_success_at, now)}"
    elif p.last_run_at is not None:
        says = "worked"
    return PolicyRow(
        name=f"{_VERBS.get(p.policy, p.policy)} {p.target}",
        last_run=words.ago(p.last_run_at, now),
        says=says,
        failing=p.failing,
        failures=f"{words.number(p.failures)} of {words.number(p.runs)}",
    )


def wall_says(found: Missing | None) -> tuple[bool, str]:
    """Return whether enough arrives, and that in a few words for the wall."""
    if found is None or found.share is None:
        return True, "not counted yet"
    lacks = f"{'none' if found.missing == 0 else words.number(found.missing)} missing"
    if found.catching_up:
        return True, f"{percent(found.share)}, catching up"
    return found.share >= COMPLETE_ENOUGH, f"{percent(found.share)}, {lacks}"
