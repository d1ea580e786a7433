"""Rules winter.hoar_frost and winter.ice: road sensors to segments' states and alarms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from devices.registry import RoadSegment
from rules.core.alarms import Demand
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import Condition, advance
from rules.core.conditions.telling import severity_at
from rules.core.context import Context
from rules.core.effects import Event, iso
from rules.core.forecast_rule import has_come, is_unmeasured, wrong_sensors
from rules.core.grouping import GroupRule, Joining, Members, Place, Tellers, Up, settle, worst
from rules.core.memory import Outdoor, RoadMemory, SegmentMemory
from rules.core.numbers import rounds
from rules.core.parameters import AlarmRule, RoadAlarmParameters
from rules.core.readings import Readings
from rules.core.road_columns import RoadColumns, Trend
from rules.core.road_state import estimate
from rules.core.segment_columns import NEW, SegmentColumns
from rules.core.segment_views import SegmentNow, Views, own_sensors, sensed_now, views
from rules.core.treatment_rule import coats_now
from rules.core.weather_rule import sky_effect_c
from rules.core.work import Work

ALARMING = ("hoar", "ice")
WORDS = {"winter.hoar_frost": "hoar frost", "winter.ice": "ice"}
ELSEWHERE: Place = ("kind", "segment")
"""Stretches on no gritting route."""
FIELDS = (
    "surface_temperature_c",
    "air_temperature_c",
    "humidity_pct",
    "water_film_mm",
    "surface_state",
    "freezing_point_c",
)


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of road sensors into their memory; those without temperatures and humidity say nothing."""
    table, p = work.table("road", ctx, RoadColumns), ctx.catalogue.gritting.parameters
    trend = Trend(p.trend_window_h, p.trend_limit_c_h)
    values = np.stack([rows.column(name) for name in FIELDS], axis=1)
    number = ctx.names.of(rows.device).number
    mine = np.flatnonzero((number < ctx.names.installed) & ~np.isnan(values[:, :3]).any(axis=1))
    sensor = table.rows(number[mine])
    for some in rounds(sensor):
        at = mine[some]
        newer = ~(rows.ts_s[at] <= table.at_s[sensor[some]])  # NaN: the first
        if newer.any():
            table.take(sensor[some][newer], rows.ts_s[at][newer], values[at][newer], trend)


def evaluate(work: Work, ctx: Context, at_s: float) -> Views | None:
    """Estimate and classify every segment at a tick; raise and clear its alarms.

    Nothing is said before the first road sensor has reported or the first road forecast has come, until one is
    overdue: None.
    """
    roads = work.table("road", ctx, RoadColumns)
    silent = np.isnan(roads.at_s[roads.sensors]).all() and not has_come(work)
    if silent and not is_unmeasured(work, ctx, at_s):
        _end_unwatched(work, ctx, at_s)
        return None
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    sky, memory = sky_effect_c(town, ctx.catalogue.transfer.parameters.sky_view_c), _memory(work, ctx)
    sensed = sensed_now(ctx, roads, at_s, wrong_sensors(work, ctx))
    wet = town.wet_until_s is not None and at_s <= town.wet_until_s
    own = own_sensors(ctx, sensed.fresh)
    guessed = estimate(ctx.transfer, sensed, sky)
    coats, before = coats_now(work, ctx, at_s), list(memory.states)
    found = views(ctx, guessed, roads, own, before, memory.is_hazard, wet, town.snowing, coats, at_s)
    hazards = (Hazard(ctx.catalogue.hoar_frost, "hoar"), Hazard(ctx.catalogue.ice, "ice"))
    for i in memory.to_look_at(found.states, own >= 0, ALARMING):
        memory.put(i, _remember(work, ctx, found[i], memory.of[i], at_s, hazards))
    if not np.isnan(memory.snow_s).all():
        found = replace(found, lain_h=(at_s - memory.snow_s) / 3600.0)
    work.tell_roads(found, at_s)
    for hazard in hazards if ctx.sensors else ():
        _settle(work, ctx, hazard, found, at_s)
    _end_unwatched(work, ctx, at_s)
    return found


def _end_unwatched(work: Work, ctx: Context, at_s: float) -> None:
    """Clear the alarms of a town without road sensors: nothing is left that could ever end them."""
    for rule, state in ((ctx.catalogue.hoar_frost, "hoar"), (ctx.catalogue.ice, "ice")):
        if not ctx.sensors:
            _settle(work, ctx, Hazard(rule, state), None, at_s)


def _memory(work: Work, ctx: Context) -> SegmentColumns:
    return work.table("segment", ctx, SegmentColumns)


@dataclass(frozen=True, slots=True)
class Hazard:
    """One of the two rules, the state that it is about, and which segments are up at a tick."""

    rule: AlarmRule[RoadAlarmParameters]
    state: str
    up: dict[str, Up] = field(default_factory=dict)

    def rule_of(self, ctx: Context) -> AlarmRule[RoadAlarmParameters]:
        """Return the rule as it is for the subject of ``ctx``."""
        return ctx.catalogue.ice if self.state == "ice" else ctx.catalogue.hoar_frost


def _remember(
    work: Work,
    ctx: Context,
    now: SegmentNow,
    before: SegmentMemory,
    at_s: float,
    hazards: tuple[Hazard, Hazard],
) -> SegmentMemory:
    ctx = ctx.at("segment", now.segment.segment_id, at_s)
    if now.state != before.state and before is not NEW:
        detail = {"from": before.state, "to": now.state, "reason": now.reason}
        work.effects.append(Event("segment_state", "segment", now.segment.segment_id, at_s, detail))
    hoar = _advance(ctx, hazards[0], now, before.hoar, at_s)
    ice = _advance(ctx, hazards[1], now, before.ice, at_s)
    if now.state == before.state and hoar is before.hoar and ice is before.ice:
        return before
    since_s = before.snow_s if before.state == "snow" else at_s
    return SegmentMemory(now.state, hoar, ice, since_s if now.state == "snow" else None)


def _advance(ctx: Context, hazard: Hazard, now: SegmentNow, before: Condition, at_s: float) -> Condition:
    """Advance one condition of a segment; only its own sensor may raise it."""
    own: Demand | None = Demand.ON if now.state == hazard.state else Demand.OFF
    if now.state == "unknown" or (now.source != "sensor" and not before.is_active):
        own = None
    rule = hazard.rule_of(ctx)
    after, _ = advance(before, asked(rule.alarm, own, now.surface.surface_c), at_s, rule.alarm)
    if after.is_active:
        severity = severity_at(rule, after.level)
        hazard.up[now.segment.segment_id] = Up(place_of(ctx, now.segment), severity, after.flapping)
    return after


def place_of(ctx: Context, segment: RoadSegment) -> Place:
    """Return whose alarm a segment belongs to: its route's."""
    route_id = segment.route_id
    return ELSEWHERE if route_id is None or route_id not in ctx.routes else ("route", route_id)


def _settle(work: Work, ctx: Context, hazard: Hazard, found: Views | None, at_s: float) -> None:
    by_id = ctx.graph.segment_index

    def joining(segment_id: str) -> Joining:
        assert found is not None, "nobody joins where nothing is watched"
        now = found[by_id[segment_id]]
        condition: Condition = getattr(_memory(work, ctx).of[by_id[segment_id]], hazard.state)
        since_s = condition.held_since_s
        since_s = at_s if since_s is None else since_s
        cold = 0.0 if now.surface.surface_c is None else -now.surface.surface_c
        inputs = {
            **now.told(),
            "since": iso(since_s),
            "at": read_at(work, now),
            "route_id": now.segment.route_id,
        }
        return Joining(at_s, since_s, cold, f"{now.segment.street}: {now.reason}", inputs)

    def left(segment_id: str) -> str:
        if found is None or segment_id not in by_id:
            return f"{segment_id} is no longer watched."
        now = found[by_id[segment_id]]
        return f"{now.segment.street} is now {now.state}: {now.reason}."

    settle(work, group_rule(ctx, hazard.rule), hazard.up, at_s, Tellers(joining, left))


def group_rule(ctx: Context, rule: AlarmRule[RoadAlarmParameters]) -> GroupRule:
    """Return how a road's hazard is told by route."""
    word = WORDS[rule.id]

    def title(place: Place, members: Members) -> str:
        label = ctx.routes[place[1]].label if place[1] in ctx.routes else "Roads off the routes"
        if len(members) == 1:
            return f"{label}: {word} on {worst(members)[1].says.partition(':')[0]}"
        return f"{label}: {word} on {len(members)} stretches"

    def reason(place: Place, members: Members) -> str:
        of = f" of {len(ctx.segments_of[place[1]])}" if place[1] in ctx.segments_of else ""
        _, worse = worst(members)
        count = f"{len(members)}{of} stretches" if len(members) > 1 or of else "one stretch"
        return f"{word.capitalize()} on {count}; the worst is {worse.says}, since {iso(worse.since_s)}."

    return GroupRule(rule, "segment", title, reason)


def read_at(work: Work, now: SegmentNow) -> str | None:
    """Return when the reading was measured that counts most for a segment, ISO 8601."""
    found: RoadMemory | None = None if now.device is None else work.read("road").get(now.device)
    return None if found is None else iso(found.at_s)
