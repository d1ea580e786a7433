"""Rule bins.round: which bins the coming round must serve and may, and why.

Not in which order: that is for the planner of rounds (:mod:`rules.rounds`), in a process of its own. Here a fire waits behind it.
"""

from __future__ import annotations

from datetime import datetime

from rules.core import fire_warning
from rules.core.bin_trouble.facts import facts_now
from rules.core.bin_trouble.why import Due, is_overtaken, separate_of, why_collect
from rules.core.context import Context
from rules.core.effects import Decision, Json, iso, num
from rules.core.memory import BinMemory, RoundMemory
from rules.core.round_candidates import candidates, due_by_forecast
from rules.core.round_what_if import round_would_change
from rules.core.work import Work

RULE, SUBJECT = "bins.round", "bins"
BURNING = Due("fire", "fire in it: no lorry comes before it is out")


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Decide what to collect; a decision is written when the list or the day changes."""
    known = {b: m for b, m in work.read("bin").items() if b in ctx.bins}
    if not known:
        return
    wanted, apart, emptied = _wanted(work, ctx, known, at_s)
    rule = ctx.catalogue.round
    date = datetime.fromtimestamp(at_s, ctx.zone).date().isoformat()
    chosen, separate = tuple(sorted(wanted)), tuple(sorted(apart))
    left_out = {*apart, *(emptied - wanted.keys())}
    due = tuple(b for b in due_by_forecast(work, ctx) if b not in wanted and b not in left_out)
    before: RoundMemory | None = work.read("round").get(SUBJECT)
    if before is not None and before.service_date == date:
        since_s = at_s - before.decided_s
        same = (before.bins, before.due, before.separate) == (chosen, due, separate) and not _are_old(
            work, ctx, since_s
        )
        if same or since_s < rule.parameters.redecide_s:
            return
    work.write("round")[SUBJECT] = RoundMemory(chosen, date, at_s, due, separate)
    found = candidates(work, ctx, wanted, due, left_out)
    musts = [c for c in found if c["must"]]
    work.effects.append(
        Decision(
            rule_id=RULE,
            rule_version=rule.version,
            subject_kind="route",
            subject=SUBJECT,
            at_s=at_s,
            outcome="collect" if musts else "no_action",
            reason=_reason(len(musts), len(ctx.bins), len(found) - len(musts)) + _likely(len(due)),
            inputs={
                "bins": [_input(work, ctx, c) for c in musts],
                "overflow_pct": ctx.catalogue.full.parameters.overflow_pct,
                "bins_full_version": ctx.catalogue.full.version,
                "alpha": ctx.catalogue.outlook.parameters.alpha,
                "bins_forecast_version": ctx.catalogue.outlook.version,
            },
            result={
                "service_date": date,
                "candidates": found,
                "separate": [_separate(work, b, apart[b]) for b in separate],
            },
            would_change=round_would_change(work.read("bin"), _limits(ctx, at_s), {*chosen, *due}),
        )
    )


def _wanted(
    work: Work, ctx: Context, known: dict[str, BinMemory], at_s: float
) -> tuple[dict[str, Due], dict[str, Due], set[str]]:
    """Return why bins must be collected by the round, why others are separate jobs, and those that were emptied since their level."""
    p, own, sites = ctx.catalogue.full.parameters, ctx.own("bin"), ctx.sites_at(at_s)
    wanted: dict[str, Due] = {}
    apart: dict[str, Due] = {}
    emptied: set[str] = set()
    for b, m in known.items():
        if m.fire.is_active or fire_warning.is_up(work, b):
            apart[b] = BURNING
            continue
        its = ctx if b not in own else ctx.at("bin", b, at_s)
        facts = facts_now(work, its, sites[b], at_s)
        if is_overtaken(m, facts):
            emptied.add(b)
        separate = separate_of(facts)
        must = why_collect(sites[b], m, at_s, p if its is ctx else its.catalogue.full.parameters, facts)
        if separate is not None:
            apart[b] = separate
        elif must is not None:
            wanted[b] = must
    return wanted, apart, emptied


def _limits(ctx: Context, at_s: float) -> dict[str, tuple[float, float]]:
    """Return per bin the fills [%] at which it is full, and below which no longer."""
    found = {}
    for bin_id in ctx.bins:
        on_pct = ctx.site_at(bin_id, at_s).threshold_pct
        found[bin_id] = (
            on_pct,
            on_pct - ctx.at("bin", bin_id, at_s).catalogue.full.parameters.hysteresis_pct,
        )
    return found


def _fill(work: Work, bin_id: str) -> float | None:
    return num(work.read("bin")[bin_id].fills.fill_pct, 1)


def _at(work: Work, bin_id: str) -> str | None:
    return iso(work.read("bin")[bin_id].at_s)


def _input(work: Work, ctx: Context, must: Json) -> Json:
    """Return what was seen of a bin that must go."""
    bin_id = must["bin_id"]
    about = {"bin_id": bin_id, "fill_pct": must["fill_pct"], "at": _at(work, bin_id)}
    return {**about, "why": must["why"], "code": must["code"], "device": ctx.bins[bin_id].device}


def _separate(work: Work, bin_id: str, why: Due) -> Json:
    return {
        "bin_id": bin_id,
        "must": False,
        "code": why.code,
        "why": why.text,
        "fill_pct": _fill(work, bin_id),
    }


def _are_old(work: Work, ctx: Context, since_s: float) -> bool:
    """Whether the candidates were told so long ago that their chances are others now."""
    old = since_s >= 3600.0 * ctx.catalogue.outlook.parameters.told_again_h
    return old and len(work.read("bin_outlook")) > 0


def _reason(musts: int, of: int, mays: int) -> str:
    """Return how many bins must go and how many may, in a sentence."""
    may = f" {mays} may." if mays > 0 else ""
    if musts == 0:
        return f"None of {of} bins must go.{may}"
    return f"{musts} of {of} bins must go.{may}"


def _likely(n: int) -> str:
    """Return how many of those that must go are in it for what is likely to come, in a sentence; empty where none is."""
    if n == 0:
        return ""
    return (
        f" {n} of them {'is' if n == 1 else 'are'} likely to overflow before the round after the coming one."
    )
