"""What a resident can do now, for a reading age of nine: the first thing, then up to three more.

Never blame, never a word on what grows on walls: a damp home is often the building.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ops_api.web import words
from rules.core.psychrometrics import absolute_humidity_g_m3, saturation_pressure_water_pa

Row = Mapping[str, Any]

COOL_C = 18.0
COLD_C = 16.0
FROSTY_C = 5.0
HUMID_PCT = 60.0
STEPS = 3
"""As many as are read."""
TO_KNOW = ("stay_below", "no_airing")
"""Advice that nobody can do by hand comes last."""
WARM_UP = "Warm this room to 18\N{NO-BREAK SPACE}°C if you can."
COMES_BACK = " Some of it comes back later out of walls and beds."
HEATING_HELP = "If heating costs too much, ask the council for help."
NO_ADVICE = "We can’t work this out for this very moment. It is from the last whole day."
DRY_NOW = "Your walls are dry just now. This is from the last whole day."
FAN = "Shut the door when you shower or cook, and use the fan."


def _airing_helps(state: Row) -> bool | None:
    """Whether outdoor air dries the room: it holds less water than the room's even if it is full.

    None where that is not known; False where outdoor air may hold as much.
    """
    indoor, outdoor_c = state.get("absolute_humidity_g_m3"), state.get("outdoor_temperature_c")
    if indoor is None or outdoor_c is None:
        return None
    full = absolute_humidity_g_m3(outdoor_c, saturation_pressure_water_pa(outdoor_c))
    return bool(full < indoor)


def _is_cold(room: Row | None, points: Sequence[Row]) -> bool:
    """Whether the room is cold, not merely cool for the night: now, and in the mean of the chart."""
    now_c = None if room is None else room["temperature_c"]
    usual = [p["temperature_c"] for p in points if p["temperature_c"] is not None]
    return now_c is not None and now_c < COLD_C and (not usual or sum(usual) / len(usual) < COLD_C)


def advice(tone: str, room: Row | None, state: Row, points: Sequence[Row]) -> tuple[str, ...]:
    """Return what to do first and what else helps, from the rules' state alone: until there is a whole day.

    Args:
        tone: low, raised or high.
        room: the room that it is about.
        state: the rules' state of the home.
        points: rows at, temperature_c of the chart.
    """
    cold = _is_cold(room, points)
    if tone == "low":
        return _when_low(cold)
    first = _first_step(state, cold)
    return (first, *(step for step in _further_steps(tone, room, state, cold) if step != first))[:STEPS]


def _when_low(cold: bool) -> tuple[str, ...]:
    """A dry home that is cold is no damp risk, but a risk to health (WHO 2018: 18 °C)."""
    if not cold:
        return ("You do not need to do anything.",)
    return f"Your walls are dry, but it is cold here. {WARM_UP}", HEATING_HELP


def _airing_minutes(state: Row) -> int:
    """Return how long to open a window: a big difference in temperature moves the air faster."""
    outdoor_c = state.get("outdoor_temperature_c")
    return 5 if outdoor_c is not None and outdoor_c < FROSTY_C else 10


def _first_step(state: Row, cold: bool) -> str:
    """Return the one thing to do now: warm a cold room, else let wet air out where it is known that this helps."""
    if cold:
        return f"Cold walls get wet. {WARM_UP}"
    if _airing_helps(state):
        minutes = _airing_minutes(state)
        return (
            f"Open a window wide for {minutes} minutes now. The air outside is drier, so your room will dry."
        )
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


def next_steps(tone: str, computed: Row, kept: Row | None) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return what was worked out to do next: at most three things, each with its reason; and of when it is, if not of now.

    Args:
        tone: of the answer: nobody who is warned reads that there is nothing to do.
        computed: advice for this moment, as ``queries.damp.advice_now`` returns it.
        kept: advice of the newest finding, as of its last day; None where there is none.
    """
    now, before = _of_tone(tone, computed["items"]), _of_tone(tone, (kept or {}).get("items", []))
    lacking = "" if computed["reason"] is None else NO_ADVICE
    if len(now) < len(computed["items"]):  # dry at this moment, and still at risk
        of_now = {i["kind"] for i in now}
        earlier = [i for i in before if i["kind"] not in of_now]
        now, lacking = [*now, *earlier], DRY_NOW if earlier else ""
    to_do = sorted(now or before, key=lambda i: i["kind"] in TO_KNOW)
    return tuple(_SAID.get(i["kind"], _as_it_is)(i) for i in to_do[:STEPS]), lacking


def _of_tone(tone: str, items: Sequence[Row]) -> list[Row]:
    return [i for i in items if tone == "low" or i["kind"] != "nothing"]


def _as_it_is(item: Row) -> tuple[str, str]:
    return str(item["sentence"]).replace(" %", "%"), str(item["why"]).replace(" %", "%")


def _heat(item: Row) -> tuple[str, str]:
    n = item["numbers"]
    said = f"Keep this room at {words.degrees(n['target_c'], 0)} or more."
    why = "Then the air at your coldest wall stays below 80% full of water. Damp starts there."
    if n["target_c"] < item["band"]["middle"]:  # not enough by itself
        said, why = _as_it_is(item)
    return said, f"{why} {HEATING_HELP}"


def _airing(item: Row) -> tuple[str, str]:
    n = item["numbers"]
    return (
        f"Open a window wide for {n['minutes']:.0f} minutes now. The air outside is drier.",
        f"It brings the air at your coldest wall from {_pct(n['wall_before_pct'])} full of water to about {_pct(n['wall_after_pct'])}."
        + COMES_BACK,
    )


def _clearing(item: Row) -> tuple[str, str]:
    """``sentence`` begins with the room's name."""
    said, why = _as_it_is(item)
    return f"After a shower or cooking: {said[:1].lower()}{said[1:]}", why


def _less_water(item: Row) -> tuple[str, str]:
    n = item["numbers"]
    litres, before, after = n["litres_per_day"], _pct(n["wall_before_pct"]), _pct(n["wall_after_pct"])
    why = f"They put about {litres:.1f} litres of water a day into your air. Without it the air at the wall is at {after}, not {before}."
    return "If you can, dry clothes outside or by an open window.", why


def _stay_below(item: Row) -> tuple[str, str]:
    n = item["numbers"]
    return (
        f"Keep the humidity here under {_pct(n['humidity_limit_pct'])} while it is {words.degrees(n['outdoor_c'], 0)} outside.",
        f"It is {_pct(n['humidity_pct'])} now. The colder it is outside, the drier your room must be.",
    )


def _building(item: Row) -> tuple[str, str]:
    warm = words.degrees(item["numbers"]["warm_c"], 0)
    return (
        "Tell your landlord or the council: this wall is too cold. It may be the building.",
        f"It would be damp at {warm} and with a usual amount of water in the air too.",
    )


def _pct(value: float) -> str:
    return words.percent(min(value, 100.0))


_SAID: Mapping[str, Callable[[Row], tuple[str, str]]] = {
    "heat": _heat,
    "airing": _airing,
    "clearing": _clearing,
    "less_water": _less_water,
    "building": _building,
    "stay_below": _stay_below,
}
