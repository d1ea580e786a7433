"""What treating a route costs tonight, and what not treating it: a view beside the decision.

Treating pays from a chance of ice p on: ``run × passes < p × loss × (1 - fails)``. The chance is that of
the stretch where it is highest, as stretches of a route freeze in the same nights: a forecast's own
where there is one, else that of a surface below what would freeze there, with a normal error of the
sensors' trend. The loss is a policy's figure; nobody publishes one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from rules.core.coat import BARE, Coat
from rules.core.gritting import Assessment
from rules.core.gritting_parameters import CostParameters, GrittingParameters
from rules.core.hazards import water_of
from rules.core.residual import safe_c

SLIPPERY = ("ice", "snow")
"""States in which a road needs not become colder to be slippery."""


class CostLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Expected costs of a night [£]; ``p_ice``: of the stretch where ice is most likely without salt.

    ``act_from``: from which chance on a treatment of so many passes costs less.
    """

    p_ice: float
    segment_id: str
    source: str
    passes: int
    treat_gbp: float
    leave_gbp: float
    act_from: float


def cost_loss(
    found: Sequence[Assessment], coats: Mapping[str, Coat], passes: int, at_s: float, p: GrittingParameters
) -> CostLoss | None:
    """Return what both would cost; None where no stretch has a reading.

    Args:
        found: what the segments of a route need.
        coats: the salt on them.
        passes: of the treatment, 1 where none is planned.
        at_s: now [s since 1970].
        p: parameters.
    """
    chances = [(chance_of_ice(a, coats.get(a.outlook.segment_id, BARE), at_s, p), a.outlook) for a in found]
    known = [(chance, o.segment_id, o.source) for chance, o in chances if chance is not None]
    if not known:
        return None
    chance, segment, source = max(known, key=lambda k: k[0])
    treat, leave = costs_gbp(chance, passes, p.cost)
    return CostLoss(
        p_ice=round(chance, 3), segment_id=segment, source=source, passes=passes,
        treat_gbp=round(treat), leave_gbp=round(leave), act_from=round(passes * p.cost.act_from, 3),
    )  # fmt: skip


def costs_gbp(p_ice: float, passes: int, c: CostParameters) -> tuple[float, float]:
    """Return the expected costs of treating and of not treating [£]."""
    return passes * c.run_gbp + p_ice * c.fails_share * c.loss_gbp, p_ice * c.loss_gbp


def chance_of_ice(a: Assessment, here: Coat, at_s: float, p: GrittingParameters) -> float | None:
    """Return how likely a segment becomes slippery with the salt that it has [-]; None without a reading."""
    o = a.outlook
    if o.minimum_c is None:
        return None
    safe = safe_c(a, here, at_s, p)
    if o.p_ice is not None and safe is None:
        return o.p_ice
    if o.state in SLIPPERY:
        return 1.0
    spread = p.cost.spread_c if o.spread_c is None else o.spread_c
    limit = _freezes_at_c(a, p) if safe is None else safe
    chance = below(limit, o.minimum_c, spread)
    return chance if o.p_ice is None else min(chance, o.p_ice)


def _freezes_at_c(a: Assessment, p: GrittingParameters) -> float:
    """Return the surface temperature from which a road without salt is slippery [°C]."""
    o = a.outlook
    falls = o.precipitation in ("snow", "freezing_rain")
    if falls or any(water_of(o, p)):
        return 0.0
    points = [c for c in (o.frost_point_c, o.dew_point_c) if c is not None]
    return min(0.0, points[0]) if points else 0.0


def below(limit_c: float, expected_c: float, spread_c: float) -> float:
    """Return the chance of a value below a limit, normal about what is expected."""
    if spread_c <= 0.0:
        return float(expected_c <= limit_c)
    return 0.5 * math.erfc((expected_c - limit_c) / (spread_c * math.sqrt(2.0)))
