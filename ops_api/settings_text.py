"""What `cityops fleet` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from devices.contract.settings.model import Settings, shown
from ingest.fleet.core.diff import diff
from ingest.fleet.core.drift import WORDS, Drift, Facts, counted, first_line, judge
from ingest.fleet.core.layers import label
from ingest.fleet.desk import Preview
from ingest.fleet.ports import Change, Group, OneDevice, Standing, Version

_NAMES_MOST = 12


def status_lines(standings: Sequence[Standing], now: datetime) -> list[str]:
    """Return the answer to "which devices need somebody?", and how many stand how, by kind."""
    judged = [(s, judge(s.facts, now).drift) for s in standings]
    lines = [first_line(counted(judge(s.facts, now) for s in standings))]
    kinds = sorted({s.kind for s in standings})
    for kind in kinds:
        of_kind: dict[Drift, int] = {}
        for standing, drift in judged:
            if standing.kind == kind:
                of_kind[drift] = of_kind.get(drift, 0) + 1
        lines.append(f"{kind:<10} " + ", ".join(f"{n} {WORDS[d]}" for d, n in sorted(of_kind.items())))
    return lines


def drift_lines(standings: Sequence[Standing], now: datetime, zone: ZoneInfo) -> list[str]:
    """Return the devices that are not in step, those that need somebody first."""
    judged = [(s, judge(s.facts, now)) for s in standings]
    open_ = [(s, j) for s, j in judged if j.drift not in ("in_step", "as_installed")]
    open_.sort(key=lambda pair: (not pair[1].needs_somebody, pair[0].name))
    return [
        f"{s.name:<20} {s.kind:<8} {WORDS[j.drift]:<30} told {s.facts.desired}, has {s.facts.reported}"
        f"{f', since {clock(j.since, zone)}' if j.since is not None else ''}"
        for s, j in open_
    ] or ["all are in step, or as they were installed"]


def device_lines(one: OneDevice, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return a device, with what it is told beside what it says."""
    s, report = one.standing, one.report
    facts, judged = s.facts, judge(s.facts, now)
    lines = [
        f"{s.name}: {s.kind}, firmware {s.firmware or 'unknown'}, {_connection(facts, zone)}",
        f"settings: {WORDS[judged.drift]}; told version {facts.desired}, has {facts.reported}",
    ]
    if s.groups:
        lines.append(f"groups: {', '.join(s.groups)}")
    if report is None:
        return [*lines, "it has said nothing of its settings"]
    lines += [f"  it says: {reason}" for reason in report.reasons]
    lines += [f"  sensors: {fault}" for fault in report.faults]
    names = sorted(one.desired.keys() | report.settings.keys())
    return [*lines, *(_pair(name, one, report.differs, report.settings) for name in names)]


def _connection(f: Facts, zone: ZoneInfo) -> str:
    at = "" if f.heard_at is None else clock(f.heard_at, zone)
    if f.kept_out:
        return f"kept out ({f.kept_out}){f', last heard {at}' if at else ''}"
    said = {True: "connected", False: "not connected", None: "never heard"}[f.online]
    return f"{said}{f' since {at}' if at else ''}"


def _pair(name: str, one: OneDevice, differs: Sequence[str], has: Settings) -> str:
    mark = "!" if name in differs else " "
    wanted = shown(one.desired[name]) if name in one.desired else "as installed"
    return f"{mark} {name:<38} {wanted:<16} {shown(has.get(name))}"


def preview_lines(seen: Preview) -> list[str]:
    """Return what a change would do."""
    lines = [f"{seen.label}: {_devices(seen.devices)}, {len(seen.changed)} told something else"]
    lines += [f"  {edit}" for edit in seen.edits] or ["  nothing would change"]
    if seen.cuts_off:
        lines.append(
            f"  {', '.join(seen.cuts_off)} could cut a device off: each takes it back unless confirmed"
        )
    if len(seen.changed) > 1:
        names = list(seen.changed)[:_NAMES_MOST]
        more = len(seen.changed) - len(names)
        lines.append(f"  {', '.join(names)}{f' and {more} more' if more else ''}")
    return lines + [f"  not possible: {reason}" for reason in seen.wrong]


def _devices(by_kind: Mapping[str, int]) -> str:
    total = sum(by_kind.values())
    return f"{total} device{'' if total == 1 else 's'}" + (
        f" ({', '.join(f'{n} {kind}' for kind, n in by_kind.items())})" if len(by_kind) > 1 else ""
    )


def version_lines(versions: Sequence[Version], zone: ZoneInfo) -> list[str]:
    """Return a device's versions, the newest first, with what each changed."""
    lines = []
    for n, v in enumerate(versions):
        before = versions[n + 1].settings if n + 1 < len(versions) else {}
        by = f"by {v.made_by}" if v.made_by else ""
        layer = f"change {v.change_id} of {label(v.scope, v.target)}" if v.scope else ""  # type: ignore[arg-type]
        lines.append(
            ", ".join(w for w in (f"version {v.version}", clock(v.made_at, zone), by, layer, v.note) if w)
        )
        if n + 1 < len(versions) or v.version == 1:
            lines += [f"  {edit}" for edit in diff(before, v.settings)]
    return lines or ["nobody ever set anything of it"]


def change_lines(changes: Sequence[Change], zone: ZoneInfo) -> list[str]:
    """Return changes of layers, the newest first."""
    return [
        f"change {c.change_id:<5} {clock(c.made_at, zone)}  {label(c.scope, c.target):<24} by {c.made_by}"
        f"{f': {c.note}' if c.note else ''}"
        for c in changes
    ] or ["nothing was ever set"]


def group_lines(groups: Sequence[Group]) -> list[str]:
    """Return groups."""
    return [f"{g.group_id:<24} {g.devices:>5}  {g.label}" for g in groups] or ["there is no group"]


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Return a time as it is on the clock in the town."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
