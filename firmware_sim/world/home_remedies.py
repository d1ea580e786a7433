"""What truly makes simulated homes damp: the same homes, weather and habits with one thing mended, played again.

The truth is not a label but that second play: the true cause is what removes most of the damp at the true wall.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firmware_sim.world.home_weeks import Weeks, model_of, play
from firmware_sim.world.homes import HomeModel
from firmware_sim.world.psychro import Floats
from firmware_sim.world.winter import Winter

REMEDIES = ("heat", "ventilation", "load", "fabric")
LIMIT_PCT = 80.0


def mended(model: HomeModel, cause: str) -> HomeModel:
    """Mend one thing in every home, to what is ordinary in this town."""
    f, h = model.fabric, model.habits
    if cause == "heat":
        model.fabric = replace(
            f,
            boiler_w=np.maximum(f.boiler_w, 8000.0),
            comfort_c=np.maximum(f.comfort_c, 20.0),
            setback_c=np.maximum(f.setback_c, 17.0),
        )
    elif cause == "ventilation":
        model.fabric = replace(f, leak_per_hour=np.maximum(f.leak_per_hour, 0.65))
        model.habits = replace(h, extract_share=np.maximum(h.extract_share, 0.4))
    elif cause == "load":
        model.habits = replace(h, loads_per_day=np.minimum(h.loads_per_day, 0.15))
    elif cause == "fabric":
        model.fabric = replace(f, factor=np.maximum(f.factor, 0.775))
    return model


def dose_pct_h(w: Weeks) -> Floats:
    """Return by how much and how long each home's true wall is above the limit [% h]."""
    return np.asarray(np.maximum(w.surface_humidity_pct - LIMIT_PCT, 0.0).sum(axis=0) / 12.0)


def damp_share(w: Weeks) -> Floats:
    """Return for which part of the time each home's true wall is at the limit or above [-]."""
    return np.asarray((w.surface_humidity_pct >= LIMIT_PCT).mean(axis=0))


def true_causes(w: Weeks, seed: int, days: int, none_share: float) -> tuple[list[str], dict[str, Floats]]:
    """Return each home's true cause, and what part of its damp each remedy truly removes.

    Args:
        w: the homes as they were played.
        seed: of homes and weather.
        days: how many were played.
        none_share: a home whose wall is damp for a smaller part of the time has the cause ``none`` [-].
    """
    winter, kind = Winter(seed), w.kind
    before = dose_pct_h(w)
    removed = {}
    for cause in REMEDIES:
        again = play(mended(model_of(kind, seed, winter), cause), kind, winter, days, seed)
        removed[cause] = 1.0 - dose_pct_h(again) / np.maximum(before, 1e-9)
    share = damp_share(w)
    best = [max(removed, key=lambda c: float(removed[c][home])) for home in range(len(kind))]
    return [b if share[i] >= none_share else "none" for i, b in enumerate(best)], removed
