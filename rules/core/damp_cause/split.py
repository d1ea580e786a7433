"""Too much moisture in the air: because little of it gets out, or because much is let in?

One series can't tell: excess = water / ventilation. What helps is how much water is known to be let
in (people, showers, cooking, drying): then each remedy is asked what it would leave. Without it, clear
times tell a little; without either it is not split.
"""

from __future__ import annotations

import math

from rules.core.damp_cause.hours import HomeFacts
from rules.core.damp_cause.parameters import CauseParameters

VAPOUR_GAS_CONSTANT_AT_18C = 461.5 * 291.15
HOURS_A_DAY = 24.0


def water_g_day(facts: HomeFacts, p: CauseParameters) -> float | None:
    """Return the water let in by people and events [g/day]; None where neither is known.

    Nor is it where it comes out as none: nobody is registered and no event was found, as in a home
    that stands empty. Damp there is nobody's habit, and how it is aired can't be told from it.
    """
    if facts.occupants is None or facts.water_g_day is None:
        return None
    water = facts.occupants * p.person_g_h * p.at_home_h + facts.water_g_day / p.found_share
    return water if water > 0.0 else None


def left_by_airing(water: float, excess_pa: float, volume_m3: float, exchange_per_hour: float) -> float:
    """Return what part of the excess is left with the home aired ``exchange_per_hour`` [1/h]; 1 where it is aired so.

    How it is aired now follows from water and excess; it is used for this and never told.

    Args:
        water: let in [g/day]; above 0.
        excess_pa: mean vapour-pressure excess [Pa].
        volume_m3: of the home [m³].
        exchange_per_hour: ventilation that the remedy brings [1/h].
    """
    carried_off = HOURS_A_DAY * exchange_per_hour * volume_m3 * _g_m3(excess_pa)
    return 1.0 if carried_off <= water else water / carried_off


def left_by_less_drying(facts: HomeFacts, water: float, excess_pa: float, p: CauseParameters) -> float:
    """Return what part of the excess is left with an ordinary amount of clothes dried indoors.

    People's breath, showers and cooking stay. Drying is found by a balance of all water that takes some ventilation
    for granted: its *share* of that balance does not hang on it, nor on the volume.

    Args:
        facts: of the home.
        water: let in by people and events [g/day], above 0.
        excess_pa: mean vapour-pressure excess [Pa].
        p: the settings.

    Returns:
        The share that is left, 0..1.
    """
    if facts.drying_g_day is None or excess_pa <= 0.0:
        return 1.0
    balance = HOURS_A_DAY * facts.drying_carried_m3_h * _g_m3(excess_pa)
    beyond = facts.drying_g_day / balance / p.drying_found_share - p.ordinary_drying_g_day / water
    return 1.0 - min(max(beyond, 0.0), 1.0)


def _g_m3(excess_pa: float) -> float:
    return 1000.0 * excess_pa / VAPOUR_GAS_CONSTANT_AT_18C


def share_by_what_is_left(airing: float, less_drying: float) -> float:
    """Return how much of what both remedies would remove is the ventilation's, 0..1; 0.5 where neither removes any."""
    slow, much = 1.0 - airing, 1.0 - less_drying
    return 0.5 if slow + much == 0.0 else slow / (slow + much)


def share_by_clearing(ratio: float, clear_min: float | None, p: CauseParameters) -> float | None:
    """Return how much of an excess of ``ratio`` times the ordinary is slow ventilation, by how slowly rises clear, 0..1.

    The ratio [-] is the product of both, so shares are of logarithms; ``clear_min``: how long rises take to clear [min].

    Returns:
        None where nothing tells, or there is no excess.
    """
    if ratio <= 1.0 or math.isinf(ratio) or clear_min is None or clear_min <= 0.0:
        return None
    slow = math.log(clear_min / p.usual_clear_min)
    slow, much = max(slow, 0.0), max(math.log(ratio) - slow, 0.0)
    return 0.5 if slow + much == 0.0 else slow / (slow + much)
