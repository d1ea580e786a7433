"""Why simulated homes are damp: what is said beside what truly removes the damp.

The truth is a second simulation, see ``firmware_sim.world.home_remedies``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from bench.moisture.looking import found_in, outdoor_of
from bench.moisture.truth import share
from firmware_sim.world.home_remedies import REMEDIES, true_causes
from firmware_sim.world.home_weeks import KINDS, Weeks
from firmware_sim.world.psychro import Floats
from rules.core.damp_advice.recent import facts_of
from rules.core.damp_cause.cause import attribute
from rules.core.damp_cause.finding import Finding, NotEnough
from rules.core.damp_cause.hours import HomeFacts, HomeHours
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.moisture_events.drying import find_drying
from rules.core.moisture_events.parameters import MoistureParameters

CAUSES = (*REMEDIES, "none")
BUILT = {
    "cold_wall": "fabric",
    "underheated": "heat",
    "unaired": "ventilation",
    "loaded": "load",
}


def said(w: Weeks, home: int, *, facts_known: bool) -> Finding | NotEnough:
    """Return what the rules say of one home from what its box reports.

    The temperature factor is off by up to 0.025 and rounding; ``facts_known``: also the
    occupants, and the water that the events show.
    """
    p, t, rh = MoistureParameters(), w.temperature_c[:, home], w.humidity_pct[:, home]
    days = len(w.at_s) / 288.0
    quick = found_in(w, home, p).events
    slow = find_drying(w.at_s, t, rh, p, outdoor_of(w))
    facts = HomeFacts(factor=round(float(w.fabric.factor[home]) + 0.02 * np.sin(home), 2))
    if facts_known:
        home_facts = replace(facts, occupants=int(w.habits.occupants[home]))
        facts = facts_of(home_facts, quick, slow, days, max(days - p.drying.least_days, 1.0))
    hours = HomeHours(
        room_c=hourly(t),
        humidity_pct=hourly(rh),
        outdoor_c=hourly(w.outdoor_c),
        outdoor_vapour_pa=hourly(w.outdoor_vapour_pa),
    )
    return attribute(hours, facts, CauseParameters())


def hourly(values: Floats) -> Floats:
    """Return means over 12 steps of five minutes."""
    return np.asarray(values.reshape(-1, 12).mean(axis=1))


def figures(w: Weeks, seed: int, days: int) -> dict[str, Any]:
    """Return the confusion tables: by true cause, by how the home was built, and by confidence."""
    truth, removed = true_causes(w, seed, days, CauseParameters().none_share)
    by_truth: dict[str, Counter[str]] = {c: Counter() for c in CAUSES}
    by_kind: dict[str, Counter[str]] = {k: Counter() for k in KINDS}
    right = top_two = sure = sure_right = without = nearly = 0
    for home, kind in enumerate(w.kind):
        f = said(w, home, facts_known=True)
        unknown = said(w, home, facts_known=False)
        if isinstance(f, NotEnough) or isinstance(unknown, NotEnough):
            by_truth[truth[home]]["refused"] += 1
            continue
        by_truth[truth[home]][f.cause] += 1
        by_kind[kind][f.cause] += 1
        ok = f.cause == truth[home]
        right, top_two = right + ok, top_two + (truth[home] in (f.cause, *f.also))
        sure, sure_right = sure + (f.confidence >= 0.8), sure_right + (ok and f.confidence >= 0.8)
        without += _coarse(unknown.cause) == _coarse(truth[home])
        nearly += ok or _nearly(f.cause, truth[home], {c: float(r[home]) for c, r in removed.items()})
    n = len(w.kind)
    return {
        "by_true_cause": {c: dict(found) for c, found in by_truth.items() if found},
        "by_kind_of_home": {k: dict(found) for k, found in by_kind.items() if found},
        "right": share(right, n),
        "right_or_also_named": share(top_two, n),
        "right_or_removes_nine_tenths_as_much": share(nearly, n),
        "sure": share(sure, n),
        "right_where_sure": share(sure_right, sure),
        "right_without_facts_moisture_not_split": share(without, n),
        "built_as_meant": share(
            sum(by_kind[k][c] for k, c in BUILT.items()), sum(by_kind[k].total() for k in BUILT)
        ),
    }


def _nearly(cause: str, truth: str, removed: dict[str, float]) -> bool:
    """Whether what was said truly removes nine tenths of what the best remedy does."""
    return cause in removed and truth in removed and removed[cause] >= 0.9 * removed[truth]


def _coarse(cause: str) -> str:
    return "moisture" if cause in ("ventilation", "load") else cause
