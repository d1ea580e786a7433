"""What drier air would be, by what is known of a home: aired better, less dried indoors, or an ordinary excess."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from rules.core.damp_cause.counterfactual import excess_ratio
from rules.core.damp_cause.hours import HomeFacts, Known
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.split import (
    left_by_airing,
    left_by_less_drying,
    share_by_clearing,
    share_by_what_is_left,
    water_g_day,
)


@dataclass(frozen=True, slots=True)
class Drier:
    """What is left of a home's moisture excess [-], for one set of what is assumed.

    Attributes:
        moisture: with whichever of both remedies leaves least, or an ordinary excess where they can't be told apart.
        ventilation, load: with that remedy alone; None where the water let in is not known.
        ventilation_share: how much of the excess is slow ventilation; None where nothing tells.
    """

    moisture: float
    ventilation: float | None
    load: float | None
    ventilation_share: float | None


def driers(k: Known, facts: HomeFacts, p: CauseParameters) -> list[Drier]:
    """Return what is left over the bands of what is assumed; the middle one is that of all middles."""
    water, excess_pa = water_g_day(facts, p), float(k.excess_pa.mean())
    if water is None:
        return [_ordinary(k, facts, p, at_zero_pa) for at_zero_pa in p.normal_pa]
    load = left_by_less_drying(facts, water, excess_pa, p)
    volumes = p.volume_m3 if facts.volume_m3 is None else (facts.volume_m3,)
    found = []
    for exchange, volume in product(p.mended_exchange_per_hour, volumes):
        aired = left_by_airing(water, excess_pa, volume, exchange)
        in_order = left_by_airing(water, excess_pa, volume, p.normal_exchange_per_hour)
        found.append(Drier(min(aired, load), aired, load, share_by_what_is_left(in_order, load)))
    return found


def _ordinary(k: Known, facts: HomeFacts, p: CauseParameters, at_zero_pa: float) -> Drier:
    """Return what an ordinary excess is of the home's, never a higher one than it has."""
    ratio = excess_ratio(k, at_zero_pa)
    return Drier(1.0 / max(ratio, 1.0), None, None, share_by_clearing(ratio, facts.shut_clear_min, p))
