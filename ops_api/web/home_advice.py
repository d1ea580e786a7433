"""What a resident can do now, for a reading age of nine: the first thing, then up to three more.

Never blame, never a word on what grows on walls: a damp home is often the building.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

COOL_C = 18.0
COLD_C = 16.0
FROSTY_C = 5.0
HUMID_PCT = 60.0
WARM_UP = "Warm this room to 18\N{NO-BREAK SPACE}°C if you can."
HEATING_HELP = "If heating costs too much, ask the council for help."
FAN = "Shut the door when you shower or cook, and use the fan."


def saturation_g_m3(temperature_c: float) -> float:
    """Return the water that air can hold [g/m³]; Magnus form, WMO-No. 8, -45..60 °C."""
    pressure_pa = 611.2 * math.exp(17.62 * temperature_c / (243.12 + temperature_c))
    return 1000 * pressure_pa / (461.5 * (temperature_c + 273.15))


def _airing_helps(state: Row) -> bool | None:
    """Whether outdoor air dries the room: it holds less water than the room's even if it is full.

    None where that is not known; False where outdoor air may hold as much.
    """
    indoor, outdoor_c = state.get("absolute_humidity_g_m3"), state.get("outdoor_temperature_c")
    if indoor is None or outdoor_c is None:
        return None
    return bool(saturation_g_m3(outdoor_c) < indoor)


def _is_cold(room: Row | None, points: Sequence[Row]) -> bool:
    """Whether the room is cold, not merely cool for the night: now, and in the mean of the chart."""
    now_c = None if room is None else room["temperature_c"]
    usual = [p["temperature_c"] for p in points if p["temperature_c"] is not None]
    return now_c is not None and now_c < COLD_C and (not usual or sum(usual) / len(usual) < COLD_C)


def advice(
    tone: str, room: Row | None, state: Row, ago: str, points: Sequence[Row]
) -> tuple[str, tuple[str, ...]]:
    """Return what to do first and what else helps.

    Args:
        tone: low, raised, high, unknown or quiet.
        room: the room shown.
        state: the rules' state of the home; empty before the first.
        ago: when the room was last heard from, in words.
        points: rows at, temperature_c of the chart.
    """
    if tone == "quiet":
        heard = "It has sent nothing yet." if ago == "never" else f"We last heard from it {ago}."
        return f"{heard} Check that it has power and its light is on.", ()
    if tone == "unknown":
        return _learning(state), ()
    cold = _is_cold(room, points)
    if tone == "low":
        return _when_low(cold)
    first = _first_step(room, state, cold)
    return first, tuple(step for step in _further_steps(tone, room, state, cold) if step != first)


def _learning(state: Row) -> str:
    if "outdoor_temperature_c" in state and state["outdoor_temperature_c"] is None:
        return "It does not know how cold it is outside. You can see what it measures below."
    return "It needs some hours to get to know your home. You can see what it measures below."


def _when_low(cold: bool) -> tuple[str, tuple[str, ...]]:
    """A dry home that is cold is no damp risk, but a risk to health (WHO 2018: 18 °C)."""
    if not cold:
        return "You do not need to do anything.", ()
    return f"Your walls are dry, but it is cold here. {WARM_UP}", (HEATING_HELP,)


def _airing_minutes(state: Row) -> int:
    """Return how long to open a window: a big difference in temperature moves the air faster."""
    outdoor_c = state.get("outdoor_temperature_c")
    return 5 if outdoor_c is not None and outdoor_c < FROSTY_C else 10


def _first_step(room: Row | None, state: Row, cold: bool) -> str:
    """Return the one thing to do now: warm a cold room, else let wet air out where that helps."""
    humidity = None if room is None else room["humidity_pct"]
    helps, minutes = _airing_helps(state), _airing_minutes(state)
    if cold:
        return f"Cold walls get wet. {WARM_UP}"
    if helps:
        return (
            f"Open a window wide for {minutes} minutes now. The air outside is drier, so your room will dry."
        )
    if helps is None and humidity is not None and humidity >= HUMID_PCT:
        return f"Let the wet air out now: open a window wide for {minutes} minutes."
    return FAN


def _further_steps(tone: str, room: Row | None, state: Row, cold: bool) -> tuple[str, ...]:
    """Return what else helps, the most useful first; three things, so that they are read."""
    temperature = None if room is None else room["temperature_c"]
    steps = []
    if cold:
        if _airing_helps(state):
            steps.append(
                f"After a shower or cooking, open a window wide for {_airing_minutes(state)} minutes."
            )
        steps.append(HEATING_HELP)
    elif temperature is not None and temperature < COOL_C:
        steps.append(f"{WARM_UP} Warm walls stay dry.")
    if not cold:
        steps.append("Dry clothes outside, or by an open window.")
    if tone == "high":
        steps.append("Tell your landlord or the council. Damp is often the building, not you.")
    elif not cold:
        steps.append(FAN)
    return tuple(steps)
