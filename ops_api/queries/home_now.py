"""What the hours say of a home, worked out again where more is known than the rules go by: corrections, a learned wall. Pure.

The rules judge readings as they were sent, at the wall that the registry assumes: their alarms are of that. A page that shows
corrected readings must not judge others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from ops_api.queries import Row
from ops_api.queries.damp import corrected
from rules.catalogue.loader import load
from rules.core.damp import (
    message,
    risk_of,
    room_humidity_limit_pct,
    surface_humidity_pct,
    surface_temperature_c,
)
from rules.core.damp_parameters import DampParameters
from rules.core.psychrometrics import absolute_humidity_g_m3, vapour_pressure_pa


def state_now(
    state: Row, rooms: Sequence[Row], finding: Row | None, calibrations: Sequence[Row], assumed: float
) -> Row:
    """Return the rules' state of a home, with what it says of its room worked out again where that is due.

    Due is it where a calibration of the room's frog held when it measured last, or where a wall probe has taught
    its temperature factor. An alarm that the wall as it is now known would have ended does not speak.

    Args:
        state: as the rules told it; it is about one room.
        rooms: rows of ``queries.rooms``, as sent.
        finding: the newest of the home.
        calibrations: of the home's frogs.
        assumed: the temperature factor that the registry has of the home [-].
    """
    sent = next((r for r in rooms if r["name"] == state.get("device") and r["ts"] is not None), None)
    if sent is None or state.get("temperature_c") is None or state.get("humidity_pct") is None:
        return state
    mine = [c for c in calibrations if c["device"] == sent["name"] and _held(c, sent)]
    about = finding if finding is not None and finding["device"] == sent["name"] else None
    if not mine and (about is None or not about["evidence"].get("factor_learned")):
        return state
    factor = assumed if about is None else about["advice"].get("factor", assumed)
    return {**state, **_judged(state, sent, mine, factor, _limits(finding))}


def _held(c: Row, sent: Row) -> bool:
    """Whether a calibration is in force as of a reading."""
    ends = c["to_at"]
    return c["withdrawn_at"] is None and c["from_at"] <= sent["ts"] and (ends is None or sent["ts"] < ends)


def _judged(state: Row, sent: Row, mine: Sequence[Row], factor: float, p: DampParameters) -> Row:
    outdoor_c, risk_began = state.get("outdoor_temperature_c"), state.get("since")
    [(room_c, humidity)] = corrected([(sent["ts"], state["temperature_c"], state["humidity_pct"])], mine)
    wall_c = _wall_c(state, sent, mine, room_c, factor)
    wall = None if wall_c is None else float(surface_humidity_pct(room_c, humidity, wall_c))
    limit = None if outdoor_c is None else room_humidity_limit_pct(room_c, outdoor_c, factor, p.raise_pct)
    is_up = risk_began is not None and (wall is None or wall >= p.clear_pct)
    risk = risk_of(wall, is_up, p)
    return {
        "temperature_c": room_c,
        "humidity_pct": humidity,
        "absolute_humidity_g_m3": float(absolute_humidity_g_m3(room_c, vapour_pressure_pa(room_c, humidity))),
        "surface_temperature_c": wall_c,
        "surface_humidity_pct": wall,
        "humidity_limit_pct": limit,
        "risk": risk,
        "message": message(risk, wall, limit, room_c),
        "since": risk_began if is_up else None,
    }


def _wall_c(state: Row, sent: Row, mine: Sequence[Row], room_c: float, factor: float) -> float | None:
    """Return the coldest wall's temperature [°C]: of the probe, corrected, else by the factor; None where neither is known."""
    measured, outdoor_c = state.get("surface_temperature_c"), state.get("outdoor_temperature_c")
    if sent["wall_temperature_c"] is not None and measured is not None:
        offsets = sum(c["value_offset"] for c in mine if c["field"] == "wall_temperature_c")
        return float(measured + offsets)
    return None if outdoor_c is None else surface_temperature_c(room_c, outdoor_c, factor)


def _limits(finding: Row | None) -> DampParameters:
    """Return the limits that the finding was made with, else those of this version's catalogue."""
    kept = None if finding is None else finding["evidence"].get("limits")
    return _shipped() if kept is None else msgspec.convert(kept, DampParameters)


@cache
def _shipped() -> DampParameters:
    return load().damp.parameters
