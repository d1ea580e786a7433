"""A lorry that drives its round as planned, straight from stop to stop: its reports and its crew's acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rules.core.collection_acts.record import Act, What
from rules.core.crew.model import Fix
from rules.core.rounds.model import Place
from rules.core.rounds.plan import LorryRound, RoundPlan, Stop

EVERY_S = 15


def reports(
    plan: RoundPlan, lorry_id: str, until_s: float, weighs: bool = False, late_s: int = 0
) -> list[Fix]:
    """Return a lorry's reports until a time [s after midnight]."""
    stops = round_of(plan, lorry_id).stops
    if not stops:
        return []
    return [
        _fix(plan, stops, s, weighs, late_s)
        for s in range(stops[0].begins_s - 300, int(until_s) + 1, EVERY_S)
    ]


def round_of(plan: RoundPlan, lorry_id: str) -> LorryRound:
    """Return a lorry's round."""
    return next(r for r in plan.rounds if r.lorry_id == lorry_id)


def _fix(plan: RoundPlan, stops: Sequence[Stop], s: int, weighs: bool, late_s: int) -> Fix:
    at = max(s - late_s, 0)
    before = stops[0]
    for stop in stops[1:]:
        leaves = stop.arrive_s - stop.drive_s
        if at < stop.arrive_s:
            share = max(0.0, (at - leaves) / max(1, stop.drive_s))
            place = Place(
                before.place.latitude_deg + share * (stop.place.latitude_deg - before.place.latitude_deg),
                before.place.longitude_deg + share * (stop.place.longitude_deg - before.place.longitude_deg),
            )
            speed = 8.0 if share > 0.0 else 0.0
            return Fix(float(plan.day_s + s), place, speed, before.load_kg if weighs else None)
        before = stop
        if at < stop.ends_s:
            break
    load = stops[max(0, stops.index(before) - 1)].load_kg if before.kind == "tip" else before.load_kg
    return Fix(float(plan.day_s + s), before.place, 0.0, load if weighs else None)


def said(
    plan: RoundPlan, bins: Iterable[tuple[str, What, int]], lorry_id: str | None = "L0", first: int = 1
) -> list[Act]:
    """Return a crew's acts: bin, what, and when [s after midnight]."""
    return [act(n, b, what, plan.day_s + s, lorry=lorry_id) for n, (b, what, s) in enumerate(bins, first)]


def act(number: int, bin_id: str, what: What, at_s: float, **more: Any) -> Act:
    """Return one act of a crew."""
    return Act(
        act_id=number, ref=f"bin:{bin_id}", what=what, at_s=float(at_s), by="crew 1", role="crew", via="crew page", **more
    )  # fmt: skip
