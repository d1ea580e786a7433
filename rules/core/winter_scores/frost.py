"""Frost on a route as its sensors measured it: the coldest section counts, never the mean."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.winter_scores.facts import Measured, NightFacts, ScoreParameters, Stretch


class Frost(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a route in a night.

    Attributes:
        sensors: that measured anything.
        minimum_c: the lowest surface temperature [°C]; None where nobody measured.
        from_s, to_s: when a surface first and last was at or below the limit [s since 1970].
        frost_h: hours with a surface at or below it.
        hazard_h: of the judged hours, those with a surface at or below it and a wet or white road.
        hazard_from_s: when the first of these began [s since 1970]; None: there was none.
        is_judged: whether anybody measured in the judged hours.
    """

    sensors: int
    minimum_c: float | None
    from_s: float | None
    to_s: float | None
    frost_h: float
    hazard_h: float
    hazard_from_s: float | None = None
    is_judged: bool = True


def frost_on(
    stretches: Iterable[Stretch], facts: NightFacts, judged: tuple[float, float], p: ScoreParameters
) -> Frost:
    """Return the frost on a route; ``judged``: from when to when the road is judged [s since 1970]."""
    names = [s.device for s in stretches if s.device is not None and s.device not in facts.wrong]
    found = [facts.measured[name] for name in names if name in facts.measured]
    found = [m for m in found if len(m.ts_s) > 0 and not np.isnan(m.surface_c).all()]
    if not found:
        return Frost(
            sensors=0, minimum_c=None, from_s=None, to_s=None, frost_h=0.0, hazard_h=0.0, is_judged=False
        )  # fmt: skip
    cold = [m.ts_s[m.surface_c <= p.frost_c] for m in found]
    times = np.concatenate(cold)
    risky = [_within(m, judged) & (m.surface_c <= p.frost_c) & m.wet for m in found]
    begins = np.concatenate([m.ts_s[r] for m, r in zip(found, risky, strict=True)])
    return Frost(
        sensors=len(found), minimum_c=float(min(np.nanmin(m.surface_c) for m in found)),
        from_s=float(times.min()) if len(times) else None, to_s=float(times.max()) if len(times) else None,
        frost_h=max(_hours(m, m.surface_c <= p.frost_c, facts.to_s, p) for m in found),
        hazard_h=max(_hours(m, r, judged[1], p) for m, r in zip(found, risky, strict=True)),
        hazard_from_s=float(begins.min()) if len(begins) else None,
        is_judged=any((_within(m, judged) & ~np.isnan(m.surface_c)).any() for m in found),
    )  # fmt: skip


def _within(m: Measured, span: tuple[float, float]) -> NDArray[np.bool_]:
    return (m.ts_s >= span[0]) & (m.ts_s < span[1])


def _hours(m: Measured, which: NDArray[np.bool_], until_s: float, p: ScoreParameters) -> float:
    """Return the hours that some readings stand for until ``until_s``; a gap counts for ``gap_s`` at most."""
    ends_s = np.minimum(np.append(m.ts_s[1:], until_s), until_s)
    return float(np.minimum(ends_s - m.ts_s, p.gap_s)[which].sum() / 3600.0)
