"""Rules, catalogues, overrides and differences between replays in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.registry import Registry
from rules.catalogue.loader import FILES
from rules.catalogue.ports import CatalogueEvent, StoredOverride
from rules.catalogue.watches import WATCH_FILES
from rules.core.diff import Difference
from rules.core.replayed import Replayed
from rules.core.savings import Risk, RouteSaving, Run, Treatments

SHOWN = 30
"""Differences and risks that a person is shown; an export has them all."""


def moment(at_s: float) -> str:
    """Return a time for a person, in UTC: ``2026-01-09 21:40``."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M")


def leaves(raw: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the figures of a table with their paths, as overrides name them."""
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(raw, list) and raw and isinstance(raw[0], Mapping):
        for i, value in enumerate(raw):
            yield from leaves(value, f"{path}.{i}")
    elif raw is not None:
        yield path, raw


def rule_documents(catalogue: Mapping[str, Any], overrides: Sequence[StoredOverride]) -> list[dict[str, Any]]:
    """Return the rules of a catalogue, as plain data, each with its file and overrides."""
    found = []
    for field, rule in catalogue.items():
        if field == "matrix":
            continue
        mine = [override_document(o) for o in overrides if o.override.rule_id == rule["id"]]
        found.append({**rule, "file": {**FILES, **WATCH_FILES}[field][0], "overrides": mine})
    return found


def override_document(stored: StoredOverride) -> dict[str, Any]:
    """Return an override as JSON has it; homes by their numbers."""
    o = stored.override
    return {
        "override_id": o.override_id,
        "rule_id": o.rule_id,
        "path": o.path,
        "value": o.value,
        "scope_kind": o.scope_kind,
        "scope": stored.shown,
        "author": o.author,
        "reason": o.reason,
        "starts_at": datetime.fromtimestamp(o.starts_s, UTC).isoformat(),
        "expires_at": datetime.fromtimestamp(o.expires_s, UTC).isoformat(),
        "withdrawn_at": None
        if o.withdrawn_s is None
        else datetime.fromtimestamp(o.withdrawn_s, UTC).isoformat(),
        "withdrawn_by": stored.withdrawn_by,
        "in_use": stored.is_taken,
    }


def list_lines(rules: Sequence[Mapping[str, Any]], now_s: float) -> Iterator[str]:
    """Yield a line a rule, and one for each override that counts."""
    for r in rules:
        yield f"{r['id']:<24} version {r['version']:<3} {r['owner']:<16} {r['reason']}"
        for o in r["overrides"]:
            if _counts(o, now_s):
                yield f"    {override_words(o)}"


def _counts(o: Mapping[str, Any], now_s: float) -> bool:
    until = o["expires_at"] if o["withdrawn_at"] is None else min(o["expires_at"], o["withdrawn_at"])
    return datetime.fromisoformat(until).timestamp() > now_s


def override_words(o: Mapping[str, Any]) -> str:
    """Return an override in one line."""
    end = f"until {o['expires_at'][:16].replace('T', ' ')}"
    if o["withdrawn_at"] is not None:
        end = f"withdrawn {o['withdrawn_at'][:16].replace('T', ' ')} by {o['withdrawn_by']}"
    start = o["starts_at"][:16].replace("T", " ")
    return (
        f"{o['override_id']}: {o['path']} = {o['value']!r} for {o['scope_kind']} {o['scope']}, from {start}, {end}, "
        f"by {o['author']}: {o['reason']}"
    )


def show_lines(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything of a rule."""
    for name in ("id", "version", "owner", "reason", "source", "file"):
        yield f"{name + ':':<10} {rule[name]}"
    for table in ("parameters", "alarm"):
        for path, value in leaves(rule.get(table) or {}, table):
            yield f"  {path:<40} {value!r}"
    for o in rule["overrides"]:
        yield f"override {override_words(o)}"


def history_lines(events: Sequence[CatalogueEvent]) -> Iterator[str]:
    """Yield a line for each thing that was done, newest first."""
    for e in events:
        yield f"{moment(e.at_s)}  {e.what:<9} catalogue {e.catalogue_id} ({e.label}) by {e.by}: {e.reason or '-'}"


def replay_lines(found: Replayed) -> Iterator[str]:
    """Yield what a replay found, counted by rule."""
    yield f"{found.readings:,} readings, {moment(found.from_s)} to {moment(found.to_s)} UTC"
    counts: dict[tuple[str, str], int] = {}
    for a in found.alarms:
        counts[a.rule_id, f"alarm, {a.severity}"] = counts.get((a.rule_id, f"alarm, {a.severity}"), 0) + 1
    for d in found.decisions:
        counts[d.rule_id, f"decision, {d.outcome}"] = counts.get((d.rule_id, f"decision, {d.outcome}"), 0) + 1
    for (rule_id, what), n in sorted(counts.items()):
        yield f"  {rule_id:<24} {what:<24} {n:>6,}"


def diff_lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield what differs, the first of it one by one."""
    if not differences:
        yield "No alarm and no decision differs."
        return
    alarms = sum(d.what == "alarm" for d in differences)
    yield f"{alarms:,} alarms and {len(differences) - alarms:,} decisions differ:"
    for d in differences[:SHOWN]:
        yield f"  {moment(d.at_s)}  {d.rule_id:<22} {d.subject_kind} {d.subject}: {d.text}"
    if len(differences) > SHOWN:
        yield f"  and {len(differences) - SHOWN:,} more; --export FILE has them all"


def treatment_lines(found: Treatments, names: Mapping[str, str]) -> Iterator[str]:
    """Yield treatments saved and risks taken; ``names``: what people call routes and stretches, by id."""
    runs, km, kg = found.total
    yield (
        f"Treatments saved: {_plural(runs, 'run')}, {km:.1f} km, {kg:,.0f} kg of salt (less than 0: more than before)"
    )
    for s in found.savings:
        yield f"  {saving_words(s, names)}"
    yield f"Risks taken: {risks_in_short(found)}"
    for r in found.risks[:SHOWN]:
        yield f"  {risk_words(r, names)}"
    if len(found.risks) > SHOWN:
        yield f"  and {len(found.risks) - SHOWN} more; --export FILE has them all"


def saving_words(s: RouteSaving, names: Mapping[str, str]) -> str:
    """Return what a route saves in one line: how much, and the runs that are not alike before and after."""
    before, after = ([r for r in a if r not in b] for a, b in ((s.before, s.after), (s.after, s.before)))
    return (
        f"{_named(s.route_id, names)}, service period from {moment(s.period_s)[:10]}: {_plural(s.runs, 'run')}, "
        f"{s.km:.1f} km, {s.salt_kg:,.0f} kg. Before: {_runs(before)}. After: {_runs(after)}."
    )


def _runs(runs: Sequence[Run]) -> str:
    return "; ".join(_run(r) for r in runs) or "none"


def _run(r: Run) -> str:
    passes = f"{r.passes} x " if r.passes > 1 else ""
    return (
        f"decided {_clock(r.decided_s)}, called out {_clock(r.call_out_s)}, {passes}{r.rate_g_m2:g} g/m² on "
        f"{_plural(r.stretches, 'stretch', 'stretches')} ({r.salt_kg:,.0f} kg)"
    )


def risks_in_short(found: Treatments) -> str:
    """Return how many stretches were cold without the salt that they would have had."""
    changed = [
        *([f"{found.untreated} not treated any more"] if found.untreated else []),
        *([f"{found.later} treated later"] if found.later else []),
    ]
    if not changed:
        return "none: no stretch is treated later or not at all"
    slippery = sum(r.slippery_s > 0.0 for r in found.risks)
    return (
        f"of {_plural(found.untreated + found.later, 'stretch', 'stretches')} ({' and '.join(changed)}) "
        f"{len(found.risks)} were at or below 0 °C while there would have been salt on them before, "
        f"{slippery} of these wet, white or icy"
    )


def risk_words(r: Risk, names: Mapping[str, str]) -> str:
    """Return a risk in one line."""
    states = ", ".join(
        f"{state} {s / 60:.0f} min" for state, s in sorted(r.states_s.items(), key=lambda i: -i[1])
    )
    when = "not decided any more" if r.treated_s is None else f"decided {_clock(r.treated_s)}"
    return (
        f"{_named(r.route_id, names)}, {_named(r.segment_id, names)}: {when} instead of {_clock(r.decided_s)}; "
        f"at or below 0 °C for {r.cold_s / 60:.0f} min between {_clock(r.from_s)} and {_clock(r.to_s)}, "
        f"down to {r.minimum_c:.1f} °C ({states})"
    )


def treatment_words(found: RouteSaving | Risk, names: Mapping[str, str]) -> str:
    """Return a saving or a risk in one line."""
    return saving_words(found, names) if isinstance(found, RouteSaving) else risk_words(found, names)


def names_of(registry: Registry) -> dict[str, str]:
    """Return what people call each route and stretch."""
    routes = {r.route_id: r.label for r in registry.routes}
    return routes | {s.segment_id: s.street for s in registry.segments}


def _named(found_id: str, names: Mapping[str, str]) -> str:
    name = names.get(found_id)
    return found_id if name is None else f"{name} ({found_id})"


def _clock(at_s: float) -> str:
    return moment(at_s)[11:]


def _plural(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if abs(n) == 1 else many or one + 's'}"
