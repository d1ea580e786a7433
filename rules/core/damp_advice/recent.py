"""What weeks of moisture events tell the search for the cause, and the advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rules.core.damp_advice.state import Recent
from rules.core.damp_cause.hours import HomeFacts
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.split import water_g_day
from rules.core.moisture_events.clearing import clear_times
from rules.core.moisture_events.model import Event


def facts_of(
    home: HomeFacts, quick: Sequence[Event], drying: Sequence[Event], days: float, drying_days: float
) -> HomeFacts:
    """Return a home's facts with what its events add: water a day, that of drying, and minutes to clear.

    Args:
        home: what is known of it beside.
        quick: showers and cooking of one box in the middle of the home, or of all wet rooms;
            not of both, for then they count twice.
        drying: clothes that dried indoors.
        days: that ``quick`` is of; above 0.
        drying_days: that ``drying`` is of: it is not looked for in the first days; above 0.
    """
    dried = _grams(drying) / drying_days
    water = _grams(quick) / days + dried
    return replace(home, water_g_day=water, drying_g_day=dried, shut_clear_min=clear_times(quick).shut_min)


def recent_of(
    facts: HomeFacts,
    quick: Sequence[Event],
    drying: Sequence[Event],
    days: float,
    drying_days: float,
    p: CauseParameters,
) -> Recent:
    """Return what advice on one room is computed from.

    Args:
        facts: of the home, as of :func:`facts_of`.
        quick: showers or cooking of this room.
        drying: clothes that dried indoors.
        days: that ``quick`` is of; above 0.
        drying_days: that ``drying`` is of; above 0.
        p: settings of the cause, for the water that people breathe out.
    """
    household = [e for e in quick if e.of_the_household]
    return Recent(
        clear_times=clear_times(quick),
        usual_rise_g_m3=median(e.rise_g_m3 for e in household) if household else None,
        events_per_day=len(household) / days,
        drying_g_day=_grams(drying) / drying_days if drying else None,
        water_g_day=water_g_day(facts, p),
    )


def _grams(events: Sequence[Event]) -> float:
    return sum(e.grams.middle for e in events if e.of_the_household)
