"""Frost on a route as its sensors measured it: the coldest section counts, never the mean."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from rules.core.winter_scores.facts import Measured, NightFacts, ScoreParameters, Stretch


class Frost(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a route in a night.

    Attributes:
        sensors: that measured anything.
        minimum_c: the lowest surface temperature [°C]; None where nobody measured.
        from_s, to_s: when a surface first and last was at or below the limit [s since 1970].
        frost_h: hours with a surface at or below it.
        hazard_h: those of them with a wet or white road.
    """

    sensors: int
    minimum_c: float | None
    from_s: float | None
    to_s: float | None
    frost_h: float
    hazard_h: float


def frost_on(stretches: Iterable[Stretch], facts: NightFacts, p: ScoreParameters) -> Frost:
    """Return the frost on a route."""
    found = [
        facts.measured[s.device] for s in stretches if s.device is not None and s.device in facts.measured
    ]
    found = [m for m in found if len(m.ts_s) > 0 and not np.isnan(m.surface_c).all()]
    if not found:
        return Frost(sensors=0, minimum_c=None, from_s=None, to_s=None, frost_h=0.0, hazard_h=0.0)
    cold = [m.ts_s[m.surface_c <= p.frost_c] for m in found]
    times = np.concatenate(cold)
    hours = [_hours(m, facts.to_s, p) for m in found]
    return Frost(
        sensors=len(found), minimum_c=float(min(np.nanmin(m.surface_c) for m in found)),
        from_s=float(times.min()) if len(times) else None, to_s=float(times.max()) if len(times) else None,
        frost_h=max(h[0] for h in hours), hazard_h=max(h[1] for h in hours),
    )  # fmt: skip


def _hours(m: Measured, until_s: float, p: ScoreParameters) -> tuple[float, float]:
    """Return hours of frost, and those with a wet or white road; a gap counts for ``gap_s`` at most."""
    lasts_s = np.minimum(np.diff(m.ts_s, append=until_s), p.gap_s)
    frozen = m.surface_c <= p.frost_c
    return float(lasts_s[frozen].sum() / 3600.0), float(lasts_s[frozen & m.wet].sum() / 3600.0)
