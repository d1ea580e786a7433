"""Rules, catalogues, overrides and differences between replays in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rules.catalogue.loader import FILES
from rules.catalogue.ports import CatalogueEvent, StoredOverride
from rules.catalogue.watches import WATCH_FILES
from rules.core.diff import Difference
from rules.core.replayed import Replayed
from rules.core.savings import Risk, Treatments

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


def treatment_lines(found: Treatments) -> Iterator[str]:
    """Yield treatments saved and risks taken."""
    runs, km, kg = found.total
    yield f"Treatments saved: {runs} runs, {km:.1f} km, {kg:,.0f} kg of salt (less than 0: more than before)"
    for s in found.savings:
        yield f"  {moment(s.period_s)[:10]}  {s.route_id}: {s.runs} runs, {s.km:.1f} km, {s.salt_kg:,.0f} kg"
    yield (
        f"Risks taken: {len(found.risks)} of {found.untreated} stretches not treated any more and {found.later} "
        "treated later were at or below 0 °C while there would have been salt on them"
    )
    for r in found.risks[:SHOWN]:
        yield f"  {risk_words(r)}"
    if len(found.risks) > SHOWN:
        yield f"  and {len(found.risks) - SHOWN} more; --export FILE has them all"


def risk_words(r: Risk) -> str:
    """Return a risk in one line."""
    states = ", ".join(
        f"{state} {s / 60:.0f} min" for state, s in sorted(r.states_s.items(), key=lambda i: -i[1])
    )
    when = (
        "not treated" if r.treated_s is None else f"treated {(r.treated_s - r.decided_s) / 60:.0f} min later"
    )
    return (
        f"{r.route_id} {r.segment_id}: {when}; {r.cold_s / 60:.0f} min at or below 0 °C, "
        f"down to {r.minimum_c:.1f} °C ({states})"
    )
