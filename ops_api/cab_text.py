"""Tonight's plan and lorries for terminals and programs: lines, and documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from ops_api.terminal_text import escaped
from rules.core.cab.card import card_of
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import KIND_WORDS, Plan, Service
from rules.core.cab.progress import Progress
from rules.core.winter_orders.words import moment
from rules.winter.fleet.following import Situation

ROW = "{:<14} {:>7} {:>11} {:>9} {:>6} {:>8} {:>6} {:>6} {:>6}"
HEADING = ROW.format("lorry", "passes", "treated km", "empty km", "loads", "salt t", "out", "last", "back")
LIVE = "{:<14} {:<10} {:>7} {:>8} {:>7} {:>6} {:>6}  {}"
LIVE_HEADING = LIVE.format("lorry", "phase", "treated", "skipped", "salt t", "last", "back", "")
SHOWN = 12
PHASES = {"no_way": "no work"}
"""How phases are told whose names say something else."""


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan for programs, without names of people and what they wrote; its times are seconds after ``start_at``."""
    c = msgspec.to_builtins(plan.contents)
    start_s = c.pop("start_s")
    c["out"] = sorted(c["out"])
    return {
        "version": plan.version, "night": plan.night, "kind": plan.kind, "after": plan.after, "lorry": plan.lorry,
        "at": _moment(plan.at_s), "start_at": _moment(start_s), "via": plan.via, **c,
    }  # fmt: skip


def situation_document(
    found: Situation, out: Mapping[str, Service], *, reasons: bool = False
) -> dict[str, Any]:
    """Return where the lorries are, for programs.

    Args:
        found: where those of the plan are.
        out: those that are out of service.
        reasons: whether it says what people wrote.
    """
    zero_s = found.plan.contents.start_s
    return {
        "version": found.plan.version,
        "at": _moment(zero_s + found.now_s),
        "treated_before": sum(d.until_s is None for d in found.plan.contents.done),
        "lorries": [_lorry(found, p, zero_s) for p in found.progress.values()],
        "out_of_service": out_document(out, reasons=reasons),
    }


def out_document(out: Mapping[str, Service], *, reasons: bool = False) -> list[dict[str, Any]]:
    """Return the lorries that are out of service and since when; ``reasons``: and what people wrote."""
    return [
        {"lorry": name, "since": _moment(s.at_s), **({"reason": s.reason} if reasons else {})}
        for name, s in sorted(out.items())
    ]


def out_lines(out: Mapping[str, Service], zone: tzinfo) -> Iterator[str]:
    """Yield the lorries that are out of service, why and since when, for people."""
    for name, s in sorted(out.items()):
        yield f"{escaped(name)}: out of service ({escaped(s.reason)}) since {moment(s.at_s, zone)}"


def _lorry(found: Situation, p: Progress, zero_s: float) -> dict[str, Any]:
    steps = found.on.trips[p.lorry].steps

    def jobs(numbers: Any) -> list[str]:
        return [steps[n].job for n in sorted(numbers)]

    return {
        "lorry": p.lorry, "phase": p.phase, "step": p.step, "share": round(p.share, 3),
        "longitude_deg": None if p.at is None else round(p.at[0], 6),
        "latitude_deg": None if p.at is None else round(p.at[1], 6),
        "seen_at": None if p.seen_s is None else _moment(zero_s + p.seen_s), "by_clock": p.by_clock,
        "silent": p.is_silent(found.now_s), "treated": jobs(p.treated), "assumed": jobs(p.assumed),
        "skipped": jobs(p.skipped),
        "salt_kg": round(p.salt_kg, 1), "weighed": p.weighed, "behind_s": round(p.late_s, 1),
        "last_at": None if p.last_s is None else _moment(zero_s + p.last_s),
        "back_at": None if p.back_s is None else _moment(zero_s + p.back_s),
        "late": [{"job": job, "by_s": round(s, 1)} for job, s in p.late],
    }  # fmt: skip


def plan_lines(plan: Plan, on: OnRoads, zone: tzinfo) -> Iterator[str]:
    """Yield a plan for people."""
    c, zero_s = plan.contents, plan.contents.start_s
    what = f"{escaped(plan.lorry)}: " if plan.lorry else ""
    yield f"plan {plan.version}, night of {plan.night}, {what}{KIND_WORDS[plan.kind]} ({escaped(plan.reason)})"
    yield f"orders: {', '.join(escaped(o.ref) for o in c.orders)}; {len(c.asked)} stretches, {len(c.done)} passes done before"
    yield HEADING
    for lorry in on.trips:
        k = card_of(on, lorry)
        passes = len(on.trips[lorry].jobs)
        yield ROW.format(
            escaped(lorry), passes, f"{k.treated_m / 1000:.1f}", f"{k.empty_m / 1000:.1f}", k.loads, f"{k.salt_kg / 1000:.2f}",
            *(_clock(zero_s + s, zone) if k.entries else "–" for s in (k.begins_s, k.last_s, k.back_s)),
        )  # fmt: skip
    for word, names in (("waits for an answer", c.waiting), ("for later", c.later)):
        if names:
            yield f"{word}: {', '.join(map(escaped, names))}"
    yield from (f"MISSED: {escaped(m)}" for m in c.missed[:SHOWN])
    if len(c.missed) > SHOWN:
        yield f"MISSED: {len(c.missed) - SHOWN} more; --json has all"
    yield from (f"out of service: {escaped(v)} ({escaped(why)})" for v, why in sorted(c.out.items()))
    yield from (f"note: {escaped(n)}" for n in c.notes)
    if not c.missed:
        yield "checked anew from the network: coverage, turns, times, salt, limits and hours hold"


def situation_lines(found: Situation, zone: tzinfo, out: Mapping[str, Service]) -> Iterator[str]:
    """Yield where the lorries are, for people."""
    zero_s = found.plan.contents.start_s
    yield f"plan {found.plan.version} at {_clock(zero_s + found.now_s, zone)}"
    yield LIVE_HEADING
    for p in found.progress.values():
        said = [f"{len(p.late)} late" if p.late else "", "silent" if p.is_silent(found.now_s) else "",
                "does not report" if p.by_clock else ""]  # fmt: skip
        yield LIVE.format(
            escaped(p.lorry), PHASES.get(p.phase, p.phase.replace("_", " ")), f"{len(p.treated)}/{len(found.on.trips[p.lorry].jobs)}",
            len(p.skipped), f"{p.salt_kg / 1000:.2f}",
            *("–" if s is None else _clock(zero_s + s, zone) for s in (p.last_s, p.back_s)),
            ", ".join(x for x in said if x),
        )  # fmt: skip
    yield from out_lines(out, zone)


def _clock(at_s: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_s, zone):%H:%M}"


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
