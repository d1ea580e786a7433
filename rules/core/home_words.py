"""What is true now of homes, in numbers and words for those who live there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.conditions.condition import Condition
from rules.core.context import Context
from rules.core.damp import message, risk_of, room_humidity_limit_pct, shown_pct
from rules.core.effects import Json, iso, num, rounded
from rules.core.home_columns import HomeColumns
from rules.core.home_rule import worst
from rules.core.memory import HomeMemory
from rules.core.numbers import Numbers
from rules.core.parameters import DampParameters
from rules.core.readings import known
from rules.core.work import Work

DIGITS = (2, 1, 2, 2, 2, 1, 2)
"""Of temperature, humidity, dew point, absolute humidity, the wall's temperature and humidity, outdoor temperature."""


def tell(work: Work, ctx: Context) -> None:
    """Say what is true now of the homes whose readings came."""
    if not work.touched_homes:
        return
    table, own = work.table("home", ctx, HomeColumns), ctx.own("home")
    homes = np.array([table.number(code) for code in sorted(work.touched_homes)], dtype=np.int64)
    devices, certain = table.worst(homes, ctx.catalogue.damp.parameters.device_age_s)
    said = _many(ctx, table, homes, devices)
    for i, is_certain, in_columns in zip(homes.tolist(), certain.tolist(), said, strict=True):
        code = table.homes[i].code
        at_s, state = in_columns if is_certain and code not in own else _one(ctx, code, table.memory(i))
        work.tell("home", code, at_s, state)


def _one(ctx: Context, code: str, memory: HomeMemory) -> tuple[float, Json]:
    """Return the time of what is true of a home, and that."""
    ctx = ctx.at("home", code, max(q.at_s for q in memory.points.values()))
    p = ctx.catalogue.damp.parameters
    room, point = worst(memory, p.device_age_s)
    factor = ctx.home_of[room].temperature_factor if room in ctx.home_of else 0.7
    limit, wall = None, point.surface_humidity_pct
    if point.outdoor_temperature_c is not None:
        limit = room_humidity_limit_pct(point.temperature_c, point.outdoor_temperature_c, factor, p.raise_pct)
    figures = (
        point.temperature_c, point.humidity_pct, point.dew_point_c, point.absolute_humidity_g_m3,
        point.surface_temperature_c, None if wall is None else shown_pct(wall), point.outdoor_temperature_c,
    )  # fmt: skip
    shown = [num(value, digits) for value, digits in zip(figures, DIGITS, strict=True)]
    return point.at_s, _state(shown, point.temperature_c, wall, limit, memory.damp, room, p)


def _many(ctx: Context, table: HomeColumns, homes: Numbers, devices: Numbers) -> list[tuple[float, Json]]:
    """Return :func:`_one` of homes for which ``devices`` speak, with the town's parameters."""
    p = ctx.catalogue.damp.parameters
    at_s, room_c, humidity, dew, absolute, wall_c, wall, outdoor = table.points[devices].T
    limit = room_humidity_limit_pct(room_c, outdoor, table.factor[homes], p.raise_pct)
    figures = (room_c, humidity, dew, absolute, wall_c, np.minimum(wall, 100.0), outdoor)
    shown = zip(*(rounded(c, digits) for c, digits in zip(figures, DIGITS, strict=True)), strict=True)
    of = (
        at_s.tolist(),
        shown,
        room_c.tolist(),
        wall.tolist(),
        limit.tolist(),
        homes.tolist(),
        devices.tolist(),
    )
    names = ctx.names.names
    return [
        (at, _state(values, room, known(humid), known(most), table.damp[i], names[d], p))
        for at, values, room, humid, most, i, d in zip(*of, strict=True)
    ]


def _state(
    figures: Sequence[float | None],
    room_c: float,
    wall_pct: float | None,
    limit_pct: float | None,
    damp: Condition,
    room: str,
    p: DampParameters,
) -> Json:
    is_up = damp.is_active
    risk = risk_of(wall_pct, is_up, p)
    temperature, humidity, dew, absolute, wall_c, wall, outdoor = figures
    return {
        "temperature_c": temperature,
        "humidity_pct": humidity,
        "dew_point_c": dew,
        "absolute_humidity_g_m3": absolute,
        "surface_temperature_c": wall_c,
        "surface_humidity_pct": wall,
        "outdoor_temperature_c": outdoor,
        "humidity_limit_pct": num(limit_pct, 0),
        "risk": risk,
        "message": message(risk, wall_pct, limit_pct, room_c),
        "since": iso(damp.held_since_s) if is_up else None,
        "device": room,
    }
