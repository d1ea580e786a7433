"""Errors of forecast surface temperatures by how far ahead they were made, and of probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """Of n pairs, forecast minus observed: mean (bias), mean absolute and root mean square [°C]."""

    n: int
    bias_c: float
    mae_c: float
    rmse_c: float


class LeadErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Errors so many hours ahead."""

    lead_h: int
    errors: Errors


class Probability(msgspec.Struct, frozen=True, kw_only=True):
    """How probabilities of a surface at or below 0 °C did.

    Attributes:
        brier: mean square of probability minus what happened (1 or 0); 0 is best.
        climate: that of always saying how often it happened here; the skill is 1 - brier / climate.
        bins: of each tenth of probability: how many, their mean, and how often it happened.
    """

    n: int
    brier: float
    climate: float
    bins: tuple[tuple[int, float, float], ...]

    @property
    def skill(self) -> float | None:
        """Skill against always saying how often it happened; None where it always or never did."""
        return None if self.climate == 0.0 else 1.0 - self.brier / self.climate


def errors(forecast_c: Floats, observed_c: Floats) -> Errors | None:
    """Return the errors of pairs; those where either is NaN do not count; None without any."""
    known = ~(np.isnan(forecast_c) | np.isnan(observed_c))
    if not known.any():
        return None
    off = forecast_c[known] - observed_c[known]
    return Errors(
        n=int(known.sum()), bias_c=float(off.mean()), mae_c=float(np.abs(off).mean()),
        rmse_c=float(np.sqrt((off**2).mean())),
    )  # fmt: skip


def by_lead(lead_h: NDArray[np.int64], forecast_c: Floats, observed_c: Floats) -> tuple[LeadErrors, ...]:
    """Return the errors of pairs by their lead [h], the nearest first; leads without a pair are left out."""
    found = []
    for lead in np.unique(lead_h).tolist():
        mine = lead_h == lead
        of_lead = errors(forecast_c[mine], observed_c[mine])
        if of_lead is not None:
            found.append(LeadErrors(lead_h=int(lead), errors=of_lead))
    return tuple(found)


def probability(p: Floats, observed_c: Floats) -> Probability | None:
    """Return how probabilities of a surface at or below 0 °C did; None without any pair."""
    known = ~(np.isnan(p) | np.isnan(observed_c))
    if not known.any():
        return None
    said, came = p[known], (observed_c[known] <= 0.0).astype(np.float64)
    tenth = np.minimum((said * 10).astype(np.int64), 9)
    bins = [
        (int((tenth == k).sum()), float(said[tenth == k].mean()), float(came[tenth == k].mean()))
        for k in np.unique(tenth).tolist()
    ]
    base = float(came.mean())
    return Probability(
        n=int(known.sum()), brier=float(((said - came) ** 2).mean()), climate=base * (1.0 - base), bins=tuple(bins)
    )  # fmt: skip


def pooled(found: Iterable[Errors]) -> Errors | None:
    """Return errors of several nights as one, each pair with the same weight."""
    rows: Sequence[Errors] = [e for e in found if e.n > 0]
    n = sum(e.n for e in rows)
    if n == 0:
        return None
    return Errors(
        n=n, bias_c=sum(e.n * e.bias_c for e in rows) / n, mae_c=sum(e.n * e.mae_c for e in rows) / n,
        rmse_c=float(np.sqrt(sum(e.n * e.rmse_c**2 for e in rows) / n)),
    )  # fmt: skip
