"""Rule damp.surface_humidity: readings of frogs to homes' states and damp alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from devices.registry import Home
from rules.core import alarms
from rules.core import psychrometrics as psy
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import Subject, Words, effects_of
from rules.core.context import Context
from rules.core.damp import message, risk_of, room_humidity_limit_pct, shown_pct, surfaces
from rules.core.effects import iso, num
from rules.core.memory import HomeMemory, Outdoor, RoomPoint
from rules.core.readings import Readings, known
from rules.core.work import Work

RULE = "damp.surface_humidity"
EMPTY = HomeMemory()
FIELDS = ("temperature_c", "humidity_pct", "wall_temperature_c")


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of frogs into the homes' memory."""
    mine = np.array([d in ctx.home_of for d in rows.device], dtype=bool)
    rows = rows.where(mine)
    if len(rows) == 0:
        return
    points = _points(work, ctx, rows)
    homes = work.write("home")
    for device, point in zip(rows.device, points, strict=True):
        home = ctx.home_of[device]
        before: HomeMemory = homes.get(home.code, EMPTY)
        last = before.points.get(device)
        if last is not None and point.at_s <= last.at_s:
            continue
        homes[home.code] = _advance(work, ctx, home, before, device, point)
        work.touched_homes.add(home.code)


def _points(work: Work, ctx: Context, rows: Readings) -> list[RoomPoint]:
    outdoor = _outdoor_c(work, ctx)
    t, rh = rows.column("temperature_c"), rows.column("humidity_pct")
    factor = np.array([ctx.home_of[d].temperature_factor for d in rows.device])
    surface_c, surface_pct = surfaces(t, rh, rows.column("wall_temperature_c"), outdoor, factor)
    dew = psy.dew_point_c(t, rh)
    absolute = psy.absolute_humidity_g_m3(t, psy.vapour_pressure_pa(t, rh))
    columns = (rows.ts_s, t, rh, dew, absolute, surface_c, surface_pct)
    return [
        RoomPoint(at, temp, hum, known(d), known(a), known(s), known(sh), outdoor)
        for at, temp, hum, d, a, s, sh in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _outdoor_c(work: Work, ctx: Context) -> float | None:
    town: Outdoor | None = work.read("outdoor").get("town")
    return None if town is None else town.air_c


def worst(memory: HomeMemory, age_s: float) -> tuple[str, RoomPoint]:
    """Return the room that speaks for the home: the dampest wall among the recent ones."""
    newest = max(p.at_s for p in memory.points.values())
    recent = {d: p for d, p in memory.points.items() if newest - p.at_s <= age_s}
    return max(
        recent.items(),
        key=lambda item: (
            -1.0 if item[1].surface_humidity_pct is None else item[1].surface_humidity_pct,
            item[1].humidity_pct,
            item[0],
        ),
    )


def _advance(
    work: Work, ctx: Context, home: Home, before: HomeMemory, device: str, point: RoomPoint
) -> HomeMemory:
    ctx = ctx.at("home", home.code, point.at_s)
    rule = ctx.catalogue.damp
    p = rule.parameters
    after = HomeMemory({**before.points, device: point}, before.damp)
    _, chosen = worst(after, p.device_age_s)
    at_s = max(q.at_s for q in after.points.values())
    wall = chosen.surface_humidity_pct
    wanted = asked(rule.alarm, alarms.demand(wall, p.raise_pct, p.clear_pct), wall)
    damp, turns = advance(before.damp, wanted, at_s, rule.alarm)
    after = HomeMemory(after.points, damp)
    if turns:
        since = before.damp.clearing_since_s
        low = f"The coldest wall has been below {p.clear_pct:g} % since {iso(at_s if since is None else since)}."
        work.effects += effects_of(_subject(ctx, home, after, low), turns, damp)
    return after


def standing(homes: Mapping[str, HomeMemory], ctx: Context) -> Iterator[tuple[Subject, Condition]]:
    """Return the homes that are installed and whose alarm is up."""
    installed = {home.code: home for home in ctx.home_of.values()}
    for code, memory in homes.items():
        if memory.damp.is_active and code in installed:
            own = ctx.at("home", code, max(q.at_s for q in memory.points.values()))
            yield _subject(own, installed[code], memory), memory.damp


def _subject(ctx: Context, home: Home, memory: HomeMemory, ended: str = "") -> Subject:
    return Subject(
        ctx.catalogue.damp, "home", home.code, lambda level: _words(ctx, home, memory, level), lambda: ended
    )


def _words(ctx: Context, home: Home, memory: HomeMemory, level: int) -> Words:
    rule = ctx.catalogue.damp
    room, point = worst(memory, rule.parameters.device_age_s)
    wall = point.surface_humidity_pct or 0.0
    since = iso(memory.damp.held_since_s)
    raise_at = rule.alarm.levels[level - 1].raise_at
    limit = rule.parameters.raise_pct if raise_at is None else raise_at
    return Words(
        title=f"{home.label}: {'wet' if limit >= 100.0 else 'damp'} wall",
        reason=_why(wall, limit, memory.damp.lives[level - 1].held_since_s, rule.parameters.clear_pct),
        inputs={
            "device": room,
            "since": since,
            "at": iso(point.at_s),
            "temperature_c": num(point.temperature_c),
            "humidity_pct": num(point.humidity_pct),
            "outdoor_temperature_c": num(point.outdoor_temperature_c),
            "surface_temperature_c": num(point.surface_temperature_c),
            "surface_humidity_pct": num(wall),
            "temperature_factor": home.temperature_factor,
            "raise_pct": rule.parameters.raise_pct,
            "clear_pct": rule.parameters.clear_pct,
        },
    )


def _why(wall: float, limit: float, since_s: float, clear_pct: float) -> str:
    if wall < limit:
        return f"The coldest wall is at {wall:.0f} %: the alarm holds until it stays below {clear_pct:g} %."
    wet = ", water condenses on it," if limit >= 100.0 else ""
    return (
        f"The coldest wall has been at {limit:g} % relative humidity or more{wet} since {iso(since_s)}, "
        f"now {shown_pct(wall):.0f} %."
    )


def tell(work: Work, ctx: Context, code: str) -> None:
    """Say what is true now of a home."""
    memory: HomeMemory = work.read("home")[code]
    ctx = ctx.at("home", code, max(q.at_s for q in memory.points.values()))
    p = ctx.catalogue.damp.parameters
    room, point = worst(memory, p.device_age_s)
    factor = ctx.home_of[room].temperature_factor if room in ctx.home_of else 0.7
    risk = risk_of(point.surface_humidity_pct, memory.damp.is_active, p)
    limit = None
    if point.outdoor_temperature_c is not None:
        limit = room_humidity_limit_pct(point.temperature_c, point.outdoor_temperature_c, factor, p.raise_pct)
    shown = None if point.surface_humidity_pct is None else shown_pct(point.surface_humidity_pct)
    since = memory.damp.held_since_s if memory.damp.is_active else None
    work.tell(
        "home",
        code,
        point.at_s,
        {
            "temperature_c": num(point.temperature_c),
            "humidity_pct": num(point.humidity_pct, 1),
            "dew_point_c": num(point.dew_point_c),
            "absolute_humidity_g_m3": num(point.absolute_humidity_g_m3),
            "surface_temperature_c": num(point.surface_temperature_c),
            "surface_humidity_pct": num(shown, 1),
            "outdoor_temperature_c": num(point.outdoor_temperature_c),
            "humidity_limit_pct": num(limit, 0),
            "risk": risk,
            "message": message(risk, point.surface_humidity_pct, limit, point.temperature_c),
            "since": iso(since),
            "device": room,
        },
    )
