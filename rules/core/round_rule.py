"""Rule bins.round: the bins to collect today, in driving order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rules.core import fire_warning
from rules.core.bin_trouble.facts import facts_now
from rules.core.bin_trouble.why import Due, is_overtaken, separate_of, why_collect
from rules.core.context import Context
from rules.core.effects import Decision, iso, num
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
    done = ctx.round(chosen)
    stops = [_stop(work, ctx, b, wanted[b].text, n) for n, b in enumerate(done.order, start=1)]
    work.write("round")[SUBJECT] = RoundMemory(chosen, date, at_s, due, separate)
    outcome = "collect" if chosen else "no_action"
    work.effects.append(
        Decision(
            rule_id=RULE,
            rule_version=rule.version,
            subject_kind="route",
            subject=SUBJECT,
            at_s=at_s,
            outcome=outcome,
            reason=_reason(len(chosen), len(ctx.bins), done.km, done.stranded) + _likely(len(due)),
            inputs={
                "bins": [
                    {
                        "bin_id": b,
                        "fill_pct": _fill(work, b),
                        "at": _at(work, b),
                        "why": wanted[b].text,
                        "code": wanted[b].code,
                        "device": ctx.bins[b].device,
                    }
                    for b in chosen
                ],
                "overflow_pct": ctx.catalogue.full.parameters.overflow_pct,
                "bins_full_version": ctx.catalogue.full.version,
                "alpha": ctx.catalogue.outlook.parameters.alpha,
                "bins_forecast_version": ctx.catalogue.outlook.version,
            },
            result={
                "stops": stops,
                "km": num(done.km, 3),
                "service_date": date,
                "stranded": list(done.stranded),
                "candidates": candidates(work, ctx, wanted, due, left_out),
                "separate": [
                    {
                        "bin_id": b,
                        "must": False,
                        "code": apart[b].code,
                        "why": apart[b].text,
                        "fill_pct": _fill(work, b),
                    }
                    for b in separate
                ],
            },
            would_change=round_would_change(work.read("bin"), _limits(ctx, at_s), chosen),
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


def _stop(work: Work, ctx: Context, bin_id: str, reason: str, order: int) -> dict[str, Any]:
    site = ctx.bins[bin_id]
    return {
        "order": order,
        "bin_id": bin_id,
        "label": site.label,
        "street": site.street,
        "latitude_deg": site.latitude_deg,
        "longitude_deg": site.longitude_deg,
        "fill_pct": _fill(work, bin_id),
        "reason": reason,
    }


def _are_old(work: Work, ctx: Context, since_s: float) -> bool:
    """Whether the candidates were told so long ago that their chances are others now."""
    old = since_s >= 3600.0 * ctx.catalogue.outlook.parameters.told_again_h
    return old and len(work.read("bin_outlook")) > 0


def _likely(n: int) -> str:
    """Return how many bins would probably overflow if they were left out, in a sentence; empty where none would."""
    if n == 0:
        return ""
    return f" {n} more {'is' if n == 1 else 'are'} likely to overflow before the round after the coming one."


def _reason(n: int, of: int, km: float, stranded: tuple[str, ...]) -> str:
    if n == 0:
        return f"None of {of} bins needs collecting."
    text = f"{n} of {of} bins need collecting, {km:.1f} km."
    return text + (f" {len(stranded)} of them can't be reached by road." if stranded else "")
