"""How good forecasts of a road's temperature were, beside what costs nothing.

Persistence: the road stays as it is. Air and offset: it keeps its distance to the air, whose temperature
is known (here observed). All three are judged on the same hours.
"""

from __future__ import annotations

import msgspec
import numpy as np

from rules.core.road_surface.nights import LEADS_H, Nights
from rules.core.road_surface.vapour import Array

JUDGED_FROM_H = 3
FROST_C = 0.0


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """Root mean square errors at one lead [°C], and the model's mean error. ``hours``: how many were judged."""

    lead_h: int
    hours: int
    model_c: float
    persistence_c: float
    air_offset_c: float
    bias_c: float


class Minimum(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of the lowest temperature of the nights [°C], and frost told (hits, misses, false alarms, rightly none)."""

    nights: int
    model_c: float
    persistence_c: float
    air_offset_c: float
    bias_c: float
    hits: int
    misses: int
    false_alarms: int
    correct_negatives: int


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of nights came to."""

    leads: tuple[Lead, ...]
    minimum: Minimum

    @property
    def worst_c(self) -> float:
        """Return the largest error of the leads that are judged [°C]."""
        return max(one.model_c for one in self.leads if one.lead_h >= JUDGED_FROM_H)

    @property
    def beats_all(self) -> bool:
        """Whether the model is better than both others at every lead that is judged."""
        judged = [one for one in self.leads if one.lead_h >= JUDGED_FROM_H]
        return all(one.model_c < min(one.persistence_c, one.air_offset_c) for one in judged)


def judge(nights: Nights, surface_c: Array) -> Scores:
    """Return the scores of forecasts.

    Args:
        nights: with what was observed.
        surface_c: the forecasts: hours 1 to ``LEADS_H`` × nights [°C].
    """
    truth, now = nights.truth_c[1:], nights.truth_c[0]
    known = ~np.isnan(truth)
    stays = np.broadcast_to(now, truth.shape)
    follows = nights.air_c[1:] + (now - nights.air_c[0])
    leads = [
        Lead(
            lead_h=h + 1,
            hours=int(known[h].sum()),
            bias_c=_mean((surface_c - truth)[h]),
            **{n: _rms((f - truth)[h]) for n, f in _named(surface_c, stays, follows).items()},
        )
        for h in range(LEADS_H)
    ]
    return Scores(leads=tuple(leads), minimum=_minimum(truth, _named(surface_c, stays, follows)))


def _named(model: Array, stays: Array, follows: Array) -> dict[str, Array]:
    return {"model_c": model, "persistence_c": stays, "air_offset_c": follows}


def _minimum(truth: Array, forecasts: dict[str, Array]) -> Minimum:
    """Return the scores of the nights' minima, over the hours that were observed."""
    gone = np.isnan(truth)
    usable = ~gone.all(axis=0)
    lowest = np.where(gone, np.inf, truth).min(axis=0)[usable]
    found = {n: np.where(gone, np.inf, f).min(axis=0)[usable] for n, f in forecasts.items()}
    said, was = found["model_c"] <= FROST_C, lowest <= FROST_C
    return Minimum(
        nights=len(lowest),
        bias_c=_mean(found["model_c"] - lowest),
        hits=int((said & was).sum()),
        misses=int((~said & was).sum()),
        false_alarms=int((said & ~was).sum()),
        correct_negatives=int((~said & ~was).sum()),
        **{n: _rms(f - lowest) for n, f in found.items()},
    )


def _rms(error: Array) -> float:
    known = error[~np.isnan(error)]
    return float(np.sqrt(np.mean(known * known))) if len(known) > 0 else float("nan")


def _mean(error: Array) -> float:
    known = error[~np.isnan(error)]
    return float(np.mean(known)) if len(known) > 0 else float("nan")
