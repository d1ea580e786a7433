"""What of a night is no longer kept, or never was: said where its absence would be taken for a fact."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo

import msgspec

from rules.core.effects import hour_of

DAY_S = 86_400.0


class KeptDays(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days each is kept: what gritters spread, alarms, weather forecasts, road forecasts by the hour."""

    passes: int = 9132
    alarms: int = 2557
    weather: int = 2557
    roads: int = 30


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences on what is no longer kept of a night, or was not yet; empty where it is."""

    passes: str = ""
    alarms: str = ""
    weather: str = ""
    roads: str = ""


NOTHING_GONE = Gone()


def passes_gone(
    to_s: float, now_s: float, days: int, *, logged_s: float | None, decided_s: float | None
) -> str:
    """Return why what gritters spread in a night is not known; empty where it is.

    Args:
        to_s: end of the night [s since 1970].
        now_s: on the wall's clock [s since 1970].
        days: for how many they are kept.
        logged_s: since when this installation keeps them [s since 1970, wall]; None: nobody knows.
        decided_s: when the first decision of the night was stored [s since 1970, wall]; None: there was none.
    """
    if now_s - to_s > days * DAY_S:
        return f"What gritters spread is no longer kept (kept {days} days)."
    if logged_s is not None and decided_s is not None and decided_s < logged_s - DAY_S:
        return "What gritters spread was not kept yet in this night, or not all of it: nothing can be said of it."
    return ""


def alarms_gone(to_s: float, now_s: float, days: int) -> str:
    """Return why a night's alarms may not be known; empty where they are."""
    return f"No longer kept (kept {days} days)." if now_s - to_s > days * DAY_S else ""


def weather_gone(to_s: float, now_s: float, days: int) -> str:
    """Return why a night's weather forecasts may not be known; empty where they are."""
    return f"Weather forecasts are no longer kept (kept {days} days)." if now_s - to_s > days * DAY_S else ""


def roads_gone(used_s: Collection[float], there_s: Collection[float], days: int, zone: tzinfo) -> str:
    """Return which road forecasts that decisions used are not there by the hour any more; empty: none.

    Args:
        used_s: when those that decisions used were issued [s since 1970].
        there_s: when those were issued whose hours are stored [s since 1970].
        days: of event time that they are kept.
        zone: of the town.
    """
    gone = sorted(set(used_s) - set(there_s))
    if not gone:
        return ""
    times = [hour_of(datetime.fromtimestamp(s, zone)) for s in gone]
    return (
        f"The hours of {len(gone)} of {len(set(used_s))} road forecasts that decisions used are no longer kept (kept {days} "
        f"days): those of {', '.join(times)}. What a decision saw of its forecast stands in its inputs."
    )
