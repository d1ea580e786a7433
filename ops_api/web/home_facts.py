"""The figures of a resident's page, each with what it means in plain English. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops_api.web import words
from ops_api.web.home_advice import COLD_C, COOL_C, HUMID_PCT
from rules.core.psychrometrics import dew_point_c

Row = Mapping[str, Any]

VERY_HUMID_PCT = 70.0
WET_WALL_PCT = 80.0
NEAR_WET_WALL_PCT = 70.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure: its name, value, what it means, and a tone for its look."""

    name: str
    value: str
    unit: str
    meaning: str
    tone: str = "plain"


def facts_of(room: Row | None, state: Row, *, about_wall: bool) -> tuple[Fact, ...]:
    """Return a room's figures: what is measured and, with ``about_wall``, what the state says of its wall.

    Args:
        room: row of ``queries.rooms``, None where there is none.
        state: the rules' state of the home.
        about_wall: whether the state is about this room.
    """
    return (
        _temperature_fact(None if room is None else room["temperature_c"]),
        _humidity_fact(None if room is None else room["humidity_pct"], _is_too_much(room, state, about_wall)),
        *_dew_fact(room, state if about_wall else {}),
        *(_wall_facts(state) if about_wall else ()),
    )


def _temperature_fact(value: float | None) -> Fact:
    if value is None:
        return Fact("Temperature", "–", "", "No reading")
    if value < COLD_C:
        said, tone = "Cold. Cold walls get wet easily.", "watch"
    elif value < COOL_C:
        said, tone = "A bit cool.", "plain"
    elif value <= 24:
        said, tone = "Comfortable.", "good"
    else:
        said, tone = "Warm.", "plain"
    return Fact("Temperature", words.number(value, 1), "°C", said, tone)


def _is_too_much(room: Row | None, state: Row, about_wall: bool) -> bool:
    """Whether the air holds more than this room's coldest wall bears.

    A wall that was measured is believed before the limit, which rests on an assumed one.
    """
    if room is None or room["humidity_pct"] is None or not about_wall:
        return False
    wall_pct, limit_pct = state.get("surface_humidity_pct"), state.get("humidity_limit_pct")
    if wall_pct is not None and wall_pct >= WET_WALL_PCT:
        return True
    measured = wall_pct is not None and room.get("wall_temperature_c") is not None
    return limit_pct is not None and not measured and limit_pct <= room["humidity_pct"]


def _humidity_fact(value: float | None, too_much: bool) -> Fact:
    """Return the humidity; ``too_much``: see :func:`_is_too_much`."""
    if value is None:
        return Fact("Humidity", "–", "", "No reading")
    if value < 30:
        said, tone = "The air is dry.", "plain"
    elif too_much and value < HUMID_PCT:
        said, tone = "More than your cold wall can take.", "watch"
    elif value < HUMID_PCT:
        said, tone = "Just right.", "good"
    elif value < VERY_HUMID_PCT:
        said, tone = "A lot of water in the air.", "watch"
    else:
        said, tone = "Too much water in the air.", "bad"
    return Fact("Humidity", words.number(value), "%", said, tone)


def _dew_fact(room: Row | None, state: Row) -> tuple[Fact, ...]:
    """Return the dew point, and what it means for the wall where that is known."""
    if (
        room is None
        or room["temperature_c"] is None
        or room["humidity_pct"] is None
        or room["humidity_pct"] <= 0
    ):
        return ()
    dew_c, wall_c = (
        float(dew_point_c(room["temperature_c"], room["humidity_pct"])),
        state.get("surface_temperature_c"),
    )
    said = f"A wall colder than {words.degrees(dew_c, 0)} gets wet."
    if wall_c is not None:
        said += f" Your coldest wall is about {words.degrees(wall_c, 0)}."
    return (Fact("Dew point", words.number(dew_c, 1), "°C", said),)


def _wall_facts(state: Row) -> list[Fact]:
    wall_pct = state.get("surface_humidity_pct")
    facts = []
    if wall_pct is not None:
        if wall_pct >= WET_WALL_PCT:
            said, tone = "Wet enough for a risk if it lasts.", "bad"
        elif wall_pct >= NEAR_WET_WALL_PCT:
            said, tone = f"Close to {WET_WALL_PCT:.0f}%. Stay under it.", "watch"
        else:
            said, tone = f"Stay under {WET_WALL_PCT:.0f}%. You are.", "good"
        # Past 100 % the water is on the wall, not in the air.
        facts.append(Fact("At your coldest wall", words.number(min(wall_pct, 100.0)), "%", said, tone))
    return facts
