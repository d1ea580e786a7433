"""Precision and recall of the events in whole homes and single rooms, with and without a diary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from bench.moisture import hobby
from bench.moisture.details import airings, drying, grams, with_diary
from bench.moisture.looking import found_in
from bench.moisture.rooms import room_of
from bench.moisture.truth import QUICK, Score, share, spans, truth_of
from firmware_sim.world.home_events import COOKING, SHOWER
from firmware_sim.world.home_weeks import KINDS, Weeks
from rules.core.moisture_events.parameters import AiringParameters, MoistureParameters, RoomParameters

OWN = {"home": QUICK, "bathroom": ("shower",), "kitchen": ("cooking",)}
SHIFTED_S = 5 * 3600.0
THRESHOLDS_G_M3 = (0.4, 0.6, 0.8, 1.0, 1.4)
BATHROOM_M3, BATHROOM_PER_HOUR = 14.4, 10.0
KITCHEN_M3, KITCHEN_PER_HOUR = 28.2, 6.0
"""The Bristol SPHERE rooms; their exchange with the home is a guess within the sheet's 3 to 13 per hour."""


def places(w: Weeks, seed: int) -> dict[str, tuple[Weeks, MoistureParameters]]:
    """Return the same weeks as seen from the middle of the home, from its bathroom and from its kitchen."""
    base = MoistureParameters()
    bathroom = room_of(w, SHOWER, BATHROOM_M3, BATHROOM_PER_HOUR, seed)
    kitchen = room_of(w, COOKING, KITCHEN_M3, KITCHEN_PER_HOUR, seed)
    return {
        "home": (w, base),
        "bathroom": (bathroom, _of_room(BATHROOM_M3, 0.85)),
        "kitchen": (kitchen, _of_room(KITCHEN_M3, 0.65)),
    }


def _of_room(volume_m3: float, settle_share: float) -> MoistureParameters:
    return MoistureParameters(
        room=RoomParameters(volume_m3=volume_m3), airing=AiringParameters(settle_share=settle_share)
    )


def named_at_other_hours(w: Weeks, p: MoistureParameters) -> float | None:
    """Return the share of right activities in a household that lives five hours later than the settings assume."""
    score = Score()
    for home in range(len(w.kind)):
        score.add(spans(found_in(w, home, p, SHIFTED_S).events), truth_of(w, home, QUICK))
    return share(score.named, score.told)


def quick(w: Weeks, p: MoistureParameters) -> dict[str, Any]:
    """Return the figures of showers and cooking, over all homes and by kind of home, beside the hobby rule."""
    ours, base = Score(), Score()
    by_kind = {kind: Score() for kind in KINDS}
    for home, kind in enumerate(w.kind):
        truth = truth_of(w, home, QUICK)
        found = spans(found_in(w, home, p).events)
        ours.add(found, truth)
        by_kind[kind].add(found, truth)
        base.add(hobby.events(w.at_s, w.humidity_pct[:, home]), truth)
    keep = ("precision", "recall", "recall_by_activity")
    return {
        "ours": ours.figures(),
        "hobby_rule": base.figures(),
        "by_kind": {k: {name: s.figures()[name] for name in keep} for k, s in by_kind.items() if s.happened},
    }


def thresholds(w: Weeks, p: MoistureParameters) -> list[dict[str, Any]]:
    """Return how precision and recall depend on the one threshold."""
    rows = []
    for rise in THRESHOLDS_G_M3:
        score = Score()
        setting = _with_rise(p, rise)
        for home in range(len(w.kind)):
            score.add(spans(found_in(w, home, setting).events), truth_of(w, home, QUICK))
        figures = score.figures()
        rows.append(
            {"rise_g_m3": rise} | {k: figures[k] for k in ("precision", "recall", "recall_by_activity")}
        )
    return rows


def _with_rise(p: MoistureParameters, rise_g_m3: float) -> MoistureParameters:
    return msgspec.structs.replace(p, rise=msgspec.structs.replace(p.rise, rise_g_m3=rise_g_m3))


def thinned(w: Weeks, seed: int) -> Weeks:
    """Return the same weeks with a tenth of the readings lost, and three hours of each day."""
    rng = np.random.default_rng([seed, 78])
    lost = rng.uniform(size=w.humidity_pct.shape) < 0.1
    hour = rng.integers(0, 24, (len(w.at_s) // 288, w.humidity_pct.shape[1])).repeat(288, axis=0)
    now = (np.arange(len(w.at_s)) % 288 // 12)[:, None]
    lost |= (now - hour) % 24 < 3
    return replace(w, humidity_pct=np.where(lost, np.nan, w.humidity_pct))


def figures(w: Weeks, seed: int, told_share: float, sweep: bool) -> dict[str, Any]:
    """Return all figures, by where the box stands."""
    found: dict[str, Any] = {}
    for name, (seen, p) in places(w, seed).items():
        found[name] = quick(seen, p) | {"grams": grams(seen, p, OWN[name]), "windows": airings(seen, p)}
        if sweep:
            found[name]["thresholds"] = thresholds(seen, p)
    found["home"]["drying"] = drying(w, MoistureParameters())
    found["home"]["diary"] = with_diary(w, MoistureParameters(), told_share, seed)
    found["home"]["right_activity_at_other_hours"] = named_at_other_hours(w, MoistureParameters())
    found["home"]["with_gaps"] = with_gaps(thinned(w, seed), MoistureParameters())
    return found


def with_gaps(w: Weeks, p: MoistureParameters) -> dict[str, Any]:
    """Return precision and recall of a thinned series."""
    score = Score()
    for home in range(len(w.kind)):
        score.add(spans(found_in(w, home, p).events), truth_of(w, home, QUICK))
    figures = score.figures()
    return {k: figures[k] for k in ("precision", "recall")}
