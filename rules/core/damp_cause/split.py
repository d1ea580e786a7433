"""Too much moisture in the air: because little of it gets out, or because much is let in?

One series can't tell: excess = water / ventilation. What helps is how much water is known to be let
in (people, showers, cooking, drying) and how long rises take to clear. Without either
it is not split.
"""

from __future__ import annotations

import math

from rules.core.damp_cause.hours import HomeFacts
from rules.core.damp_cause.parameters import CauseParameters

VAPOUR_GAS_CONSTANT_AT_18C = 461.5 * 291.15


def water_g_day(facts: HomeFacts, p: CauseParameters) -> float | None:
    """Return the water let in by people and events [g/day]; None where neither is known.

    Nor is it where it comes out as none: nobody is registered and no event was found, as in a home
    that stands empty. Damp there is nobody's habit, and how it is aired can't be told from it.
    """
    if facts.occupants is None or facts.water_g_day is None:
        return None
    water = facts.occupants * p.person_g_h * p.at_home_h + facts.water_g_day / p.found_share
    return water if water > 0.0 else None


def load_ratio(facts: HomeFacts, p: CauseParameters, excess_pa: float, volume_m3: float) -> float | None:
    """Return how many times the water it takes to have an ordinary excess in ordinary ventilation [-].

    Args:
        facts: of the home.
        p: the settings.
        excess_pa: the ordinary excess at the outdoor temperatures there were [Pa].
        volume_m3: of the home [m³].
    """
    water = water_g_day(facts, p)
    if water is None or excess_pa <= 0.0:
        return None
    excess_g_m3 = 1000.0 * excess_pa / VAPOUR_GAS_CONSTANT_AT_18C
    return water / (24.0 * p.normal_exchange_per_hour * volume_m3 * excess_g_m3)


def ventilation_share(
    ratio: float, load: float | None, clear_min: float | None, p: CauseParameters
) -> float | None:
    """Return how much of an excess of ``ratio`` times the ordinary is slow ventilation, 0..1.

    The ratio is the product of both, so shares are of logarithms. Where the water is known,
    ventilation is the rest; clear times are asked where it is not.

    Returns:
        None where nothing tells, or there is no excess.
    """
    if ratio <= 1.0 or math.isinf(ratio):
        return None
    if load is not None:
        slow, much = math.log(ratio / load), math.log(load)
    elif clear_min is not None and clear_min > 0.0:
        slow = math.log(clear_min / p.usual_clear_min)
        much = math.log(ratio) - slow
    else:
        return None
    slow, much = max(slow, 0.0), max(much, 0.0)
    return 0.5 if slow + much == 0.0 else slow / (slow + much)
