"""Frost on a route as its sensors measured it: the coldest section counts, never the mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass
from rules.core.winter_scores.facts import Floats, Measured, NightFacts, ScoreParameters, Stretch
from rules.core.winter_scores.hazard import by_salt_c, counts_until_s, freezing_point_c, is_hazard

DAMP, HOAR = 1.0, 3.0
"""What a road sensor sees, by the codes of the kind ``road``: hoar, ice and snow are ``HOAR`` and more."""
NOTHING = TreatedMemory()


class Frost(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a route in a night.

    Attributes:
        sensors: that measured anything.
        minimum_c: the lowest surface temperature [°C]; None where nobody measured.
        from_s, to_s: when a surface first and last was at or below the limit [s since 1970].
        frost_h: hours with a surface at or below it.
        hazard_h: of the judged hours, those with a hazard (:mod:`rules.core.winter_scores.hazard`).
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
    stretches: Iterable[Stretch],
    facts: NightFacts,
    judged: tuple[float, float],
    p: ScoreParameters,
    warned_s: float | None = None,
) -> Frost:
    """Return the frost on a route.

    Args:
        stretches: of the route.
        facts: of the night.
        judged: from when to when the road is judged [s since 1970].
        p: by what.
        warned_s: when the route was first warned of in the night; None: never.
    """
    seen = [(s, facts.measured.get(s.device or "")) for s in stretches if s.device not in facts.wrong]
    there = [(s, m) for s, m in seen if m is not None and not np.isnan(m.surface_c).all()]
    if not there:
        return Frost(
            sensors=0, minimum_c=None, from_s=None, to_s=None, frost_h=0.0, hazard_h=0.0, is_judged=False
        )  # fmt: skip
    found, until_s = [m for _, m in there], counts_until_s(warned_s, judged[0])
    cold = [m.ts_s[m.surface_c <= p.frost_c] for m in found]
    times = np.concatenate(cold)
    risky = [_within(m, judged) & _hazards(s, m, facts, until_s, p) for s, m in there]
    begins = np.concatenate([m.ts_s[r] for m, r in zip(found, risky, strict=True)])
    return Frost(
        sensors=len(found), minimum_c=float(min(np.nanmin(m.surface_c) for m in found)),
        from_s=float(times.min()) if len(times) else None, to_s=float(times.max()) if len(times) else None,
        frost_h=max(_hours(m, m.surface_c <= p.frost_c, facts.to_s, p) for m in found),
        hazard_h=max(_hours(m, r, judged[1], p) for m, r in zip(found, risky, strict=True)),
        hazard_from_s=float(begins.min()) if len(begins) else None,
        is_judged=any((_within(m, judged) & ~np.isnan(m.surface_c)).any() for m in found),
    )  # fmt: skip


def _hazards(
    s: Stretch, m: Measured, facts: NightFacts, until_s: float, p: ScoreParameters
) -> NDArray[np.bool_]:
    """Return when a sensor's stretch was a hazard; ``until_s``: salt that was spread from then on does not count."""
    passes = facts.treated.get(s.segment_id, NOTHING).passes
    before = [one for one in passes if one.at_s < until_s]
    # What the sensor measures after that is the salt of this night.
    salted_s = min((one.at_s for one in passes if one.at_s >= until_s), default=np.inf)
    measured_c = np.where(m.ts_s < salted_s, m.told("freezing_c"), np.nan)
    state = m.told("state")
    return is_hazard(
        m.surface_c,
        m.wet,
        state >= HOAR,
        freezing_point_c(measured_c, _salted(m, before, facts, p, s.traffic)),
    )


def _salted(
    m: Measured, before: Sequence[Pass], facts: NightFacts, p: ScoreParameters, traffic: float
) -> Floats:
    """Return the freezing point by the salt of before; only where it decides, for there are thousands of readings."""
    found = np.full(len(m.ts_s), np.nan)
    at = np.flatnonzero(m.wet & (m.surface_c <= 0.0))
    if before and len(at):
        film, damp = m.told("film_mm")[at], m.told("state")[at] == DAMP
        found[at] = by_salt_c(before, facts.rain, m.ts_s[at], film, damp, p, traffic)
    return found


def _within(m: Measured, span: tuple[float, float]) -> NDArray[np.bool_]:
    return (m.ts_s >= span[0]) & (m.ts_s < span[1])


def _hours(m: Measured, which: NDArray[np.bool_], until_s: float, p: ScoreParameters) -> float:
    """Return the hours that some readings stand for until ``until_s``; a gap counts for ``gap_s`` at most."""
    ends_s = np.minimum(np.append(m.ts_s[1:], until_s), until_s)
    return float(np.minimum(ends_s - m.ts_s, p.gap_s)[which].sum() / 3600.0)
