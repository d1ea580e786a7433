"""Rule damp.surface_humidity: readings of frogs to homes' states and damp alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.registry import Home
from rules.core import alarms
from rules.core import psychrometrics as psy
from rules.core.conditions.asking import asked, asked_of_all
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import Subject, Words, effects_of
from rules.core.context import Context
from rules.core.damp import shown_pct, surfaces
from rules.core.effects import iso, num
from rules.core.home_columns import AT, WALL, HomeColumns
from rules.core.memory import HomeMemory, RoomPoint
from rules.core.numbers import Numbers, rounds
from rules.core.psychrometrics import Floats
from rules.core.readings import Readings
from rules.core.weather_rule import outdoor_c
from rules.core.work import Work

RULE = "damp.surface_humidity"
FIELDS = ("temperature_c", "humidity_pct", "wall_temperature_c")


def observe(work: Work, ctx: Context, rows: Readings, *, came: Came | None = None) -> None:
    """Take readings of frogs into the homes' memory.

    Args:
        work: memory and effects.
        ctx: what is installed, and the catalogue.
        rows: of frogs, in the order in which they count.
        came: outdoor temperature and place of the effects of each; None: the town's as of now, and here.
    """
    table = work.table("home", ctx, HomeColumns)
    number = ctx.names.of(rows.device).number
    mine = number < ctx.names.installed
    mine[mine] = table.home_of[number[mine]] >= 0
    if not mine.any():
        return
    if came is None:
        outdoor = outdoor_c(work)
        came = Came(np.full(len(rows), np.nan if outdoor is None else outdoor))
    at = np.flatnonzero(mine)
    rows, number, came = rows.pick(at, rows.position[at]), number[at], came.picked(at)
    points, home = _points(table, rows, number, came.outdoor_c), table.home_of[number]
    own = [table.number(code) for code in ctx.own("home") if table.has(code)]
    overridden = np.isin(home, own) if own else np.zeros(len(home), dtype=bool)
    touched = np.zeros(len(table.homes), dtype=bool)
    for some in rounds(home):
        newer = ~(points[some, AT] <= table.points[number[some], AT])
        some = some[newer]
        if len(some):
            _take(
                work, ctx, table, _Round(some, number[some], home[some], points[some], overridden[some], came)
            )
            touched[home[some]] = True
    work.touched_homes |= {table.homes[i].code for i in np.flatnonzero(touched).tolist()}


@dataclass(frozen=True, slots=True)
class Came:
    """How readings came.

    Attributes:
        outdoor_c: outdoor temperature of then [°C], NaN = unknown.
        runs, part: where their effects belong (:class:`rules.core.work.Place`); None: here.
    """

    outdoor_c: Floats
    runs: Numbers | None = None
    part: int = 0

    def picked(self, at: Numbers) -> Came:
        """Return it of some of the readings."""
        return Came(self.outdoor_c[at], None if self.runs is None else self.runs[at], self.part)

    def goto(self, work: Work, row: int) -> None:
        """Let the effects that follow stand where a reading counts."""
        if self.runs is not None:
            work.goto((int(self.runs[row]), self.part, row))


@dataclass(frozen=True, slots=True)
class _Round:
    """Points of different homes: their rows, devices and homes, and whose parameters are their own."""

    rows: Numbers
    devices: Numbers
    homes: Numbers
    points: Floats
    overridden: NDArray[np.bool_]
    came: Came


def _take(work: Work, ctx: Context, table: HomeColumns, new: _Round) -> None:
    """Take a round of points; the rule itself judges the homes in which something may change."""
    rule = ctx.catalogue.damp
    p = rule.parameters
    odd = table.is_odd[new.homes]
    table.take(new.devices, new.points)
    speakers, certain = table.worst(new.homes, p.device_age_s)
    wall = table.points[speakers, WALL]
    unmoved = table.unmoved(new.homes, asked_of_all(rule.alarm, wall, p.raise_pct, p.clear_pct))
    for k in np.flatnonzero(new.overridden | ~certain | ~unmoved).tolist():
        i = int(new.homes[k])
        home, memory = table.homes[i], table.memory(i)
        if odd[k]:
            device = ctx.names.names[new.devices[k]]
            memory = HomeMemory({**memory.points, device: table.point(int(new.devices[k]))}, memory.damp)
        new.came.goto(work, int(new.rows[k]))
        table.put(i, _judge(work, ctx, home, memory, float(new.points[k, AT])))


def _points(table: HomeColumns, rows: Readings, number: Numbers, outdoor_c: Floats) -> Floats:
    t, rh = rows.column("temperature_c"), rows.column("humidity_pct")
    factor = table.factor[table.home_of[number]]
    surface_c, surface_pct = surfaces(t, rh, rows.column("wall_temperature_c"), outdoor_c, factor)
    dew = psy.dew_point_c(t, rh)
    absolute = psy.absolute_humidity_g_m3(t, psy.vapour_pressure_pa(t, rh))
    return np.stack([rows.ts_s, t, rh, dew, absolute, surface_c, surface_pct, outdoor_c], axis=1)


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


def _judge(work: Work, ctx: Context, home: Home, now: HomeMemory, at_s: float) -> HomeMemory:
    """Return a home's memory with its alarm as of its newest point; ``at_s``: of the point that came."""
    ctx = ctx.at("home", home.code, at_s)
    rule = ctx.catalogue.damp
    p = rule.parameters
    _, chosen = worst(now, p.device_age_s)
    at_s = max(q.at_s for q in now.points.values())
    wall = chosen.surface_humidity_pct
    wanted = asked(rule.alarm, alarms.demand(wall, p.raise_pct, p.clear_pct), wall)
    damp, turns = advance(now.damp, wanted, at_s, rule.alarm)
    after = HomeMemory(now.points, damp)
    if turns:
        since = now.damp.clearing_since_s
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
    wall = point.surface_humidity_pct
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


def _why(wall: float | None, limit: float, since_s: float, clear_pct: float) -> str:
    if wall is None:
        return (
            f"The coldest wall was at {limit:g} % relative humidity or more; how it is now is not known,"
            f" for it is not known how cold it is outdoors: the alarm holds until it stays below {clear_pct:g} %."
        )
    if wall < limit:
        return f"The coldest wall is at {wall:.0f} %: the alarm holds until it stays below {clear_pct:g} %."
    wet = ", water condenses on it," if limit >= 100.0 else ""
    return (
        f"The coldest wall has been at {limit:g} % relative humidity or more{wet} since {iso(since_s)}, "
        f"now {shown_pct(wall):.0f} %."
    )
