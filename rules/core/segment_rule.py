"""Rules winter.hoar_frost and winter.ice: road sensors to segments' states and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import RoadSegment
from rules.core import alarms, nowcast
from rules.core import psychrometrics as psy
from rules.core.alarms import Demand, Lifecycle
from rules.core.context import Context
from rules.core.effects import ClearAlarm, Event, Json, RaiseAlarm, iso, num
from rules.core.memory import Outdoor, RoadMemory, SegmentMemory
from rules.core.parameters import RoadAlarmParameters, Rule
from rules.core.readings import Readings, known
from rules.core.road_state import HAZARDS, WET, Estimate, Sensed, Surface, classify, estimate, wetness_of
from rules.core.weather_rule import sky_effect_c
from rules.core.work import Work

NEW = SegmentMemory()
HISTORY_STEP_S = 240.0
HISTORY_POINTS = 40
FIELDS = (
    "surface_temperature_c",
    "air_temperature_c",
    "humidity_pct",
    "water_film_mm",
    "surface_state",
    "freezing_point_c",
)


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of road sensors into their memory."""
    roads = work.write("road")
    p = ctx.catalogue.gritting.parameters
    columns = [rows.column(name).tolist() for name in FIELDS]
    for device, at_s, *values in zip(rows.device, rows.ts_s.tolist(), *columns, strict=True):
        if device not in ctx.devices:
            continue
        before: RoadMemory | None = roads.get(device)
        if before is not None and at_s <= before.at_s:
            continue
        surface, air, humidity, film, code, freezing = (known(v) for v in values)
        if surface is None or air is None or humidity is None:
            continue
        history = _history(() if before is None else before.history, at_s, surface, p.trend_window_h)
        slope = nowcast.slope_c_h(history, p.trend_window_h, p.trend_limit_c_h)
        state = None if code is None else int(code)
        roads[device] = RoadMemory(at_s, surface, air, humidity, film, state, freezing, slope, history)


def _history(
    before: tuple[tuple[float, float], ...], at_s: float, surface_c: float, window_h: float
) -> tuple[tuple[float, float], ...]:
    """Return the history with a new point; points closer than HISTORY_STEP_S replace each other."""
    kept = tuple(h for h in before if at_s - h[0] <= window_h * 3600.0 + 600.0)
    if len(kept) >= 2 and at_s - kept[-2][0] < HISTORY_STEP_S:
        kept = kept[:-1]
    return (*kept, (at_s, surface_c))[-HISTORY_POINTS:]


@dataclass(frozen=True, slots=True)
class SegmentNow:
    """A segment at a tick: its surface, state and what it was estimated from. Temperatures in °C."""

    segment: RoadSegment
    state: str
    reason: str
    surface: Surface
    slope_c_h: float
    air_c: float | None
    humidity_pct: float | None
    source: str
    device: str | None

    @property
    def hazard(self) -> bool:
        """Whether the surface is slippery."""
        return self.state in HAZARDS


def evaluate(work: Work, ctx: Context, at_s: float) -> list[SegmentNow]:
    """Estimate and classify every segment at a tick; raise and clear its alarms.

    Nothing is said before the first road sensor has reported.
    """
    roads = work.read("road")
    if not any(d in roads for d in ctx.sensors):
        return []
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    latest = [roads.get(d) for d in ctx.sensors]
    sensed = _sensed(ctx, latest, at_s)
    sky = sky_effect_c(town, ctx.catalogue.transfer.parameters.sky_view_c)
    guessed = estimate(ctx.transfer, sensed, sky)
    wet = town.wet_until_s is not None and at_s <= town.wet_until_s
    memory = work.write("segment")
    found = []
    for i, segment in enumerate(ctx.graph.segments):
        own = int(ctx.transfer.own[i])
        sensor = latest[own] if own >= 0 and sensed.fresh[own] else None
        before: SegmentMemory = memory.get(segment.segment_id, NEW)
        now = _segment(ctx, segment, guessed, i, sensor, before.state, wet, town.snowing)
        memory[segment.segment_id] = _remember(work, ctx, now, before, at_s)
        work.tell("segment", segment.segment_id, at_s, _state(now))
        found.append(now)
    return found


def _sensed(ctx: Context, latest: Sequence[RoadMemory | None], at_s: float) -> Sensed:
    p = ctx.catalogue.surface.parameters
    nan = float("nan")

    def column(pick: str) -> psy.Floats:
        return np.array([nan if r is None else getattr(r, pick) for r in latest], dtype=np.float64)

    wetness = [None if r is None else wetness_of(r.code, r.film_mm, p) for r in latest]
    air, humidity = column("air_c"), column("humidity_pct")
    return Sensed(
        fresh=np.array([r is not None and at_s - r.at_s <= p.sensor_age_s for r in latest], dtype=bool),
        surface_c=column("surface_c"),
        air_c=air,
        vapour_pa=psy.vapour_pressure_pa(air, humidity),
        wetness=np.array([nan if w is None else w for w in wetness], dtype=np.float64),
        slope_c_h=column("slope_c_h"),
    )


def _segment(
    ctx: Context,
    segment: RoadSegment,
    guessed: Estimate,
    i: int,
    sensor: RoadMemory | None,
    before: str,
    wet: bool,
    snowing: bool,
) -> SegmentNow:
    wetness = known(float(guessed.wetness[i]))
    if wet and (sensor is None or wetness is None):
        wetness = WET  # after rain a road counts as wet where no sensor says otherwise
    surface = Surface(
        surface_c=known(float(guessed.surface_c[i])),
        dew_point_c=known(float(guessed.dew_point_c[i])),
        frost_point_c=known(float(guessed.frost_point_c[i])),
        wetness=wetness,
        code=None if sensor is None else sensor.code,
        freezing_point_c=None if sensor is None else sensor.freezing_point_c,
        snowing=snowing,
    )
    state, reason = classify(surface, before, ctx.catalogue.surface.parameters)
    leader = int(guessed.leader[i])
    return SegmentNow(
        segment=segment,
        state=state,
        reason=reason,
        surface=surface,
        slope_c_h=known(float(guessed.slope_c_h[i])) or 0.0,
        air_c=known(float(guessed.air_c[i])),
        humidity_pct=known(float(guessed.humidity_pct[i])),
        source="neighbour" if sensor is None else "sensor",
        device=None if leader < 0 else ctx.sensors[leader],
    )


def _remember(work: Work, ctx: Context, now: SegmentNow, before: SegmentMemory, at_s: float) -> SegmentMemory:
    ctx = ctx.at("segment", now.segment.segment_id, at_s)
    if now.state != before.state and before is not NEW:
        detail = {"from": before.state, "to": now.state, "reason": now.reason}
        work.effects.append(Event("segment_state", "segment", now.segment.segment_id, at_s, detail))
    hoar = _alarm(work, ctx.catalogue.hoar_frost, now, "hoar", "hoar frost", before.hoar, at_s)
    ice = _alarm(work, ctx.catalogue.ice, now, "ice", "ice", before.ice, at_s)
    if now.state == before.state and hoar is before.hoar and ice is before.ice:
        return before
    return SegmentMemory(now.state, hoar, ice)


def _alarm(
    work: Work,
    rule: Rule[RoadAlarmParameters],
    now: SegmentNow,
    state: str,
    word: str,
    life: Lifecycle,
    at_s: float,
) -> Lifecycle:
    """Advance one alarm of a segment; only its own sensor may raise it."""
    segment_id = now.segment.segment_id
    asked: Demand | None = Demand.ON if now.state == state else Demand.OFF
    if now.state == "unknown" or (now.source != "sensor" and not life.is_active):
        asked = None
    life, change = alarms.advance(life, asked, at_s, rule.parameters.dwell)
    if change == "cleared":
        text = f"Now {now.state}: {now.reason}."
        work.effects.append(ClearAlarm(rule.id, "segment", segment_id, at_s, text))
    elif change == "raised":
        title = f"{now.segment.street}: {word} on the road"
        work.effects.append(
            RaiseAlarm(
                rule.id,
                rule.version,
                "segment",
                segment_id,
                rule.parameters.severity,
                at_s,
                title,
                f"{word.capitalize()} since {iso(life.held_since_s)}: {now.reason}.",
                {**_state(now), "since": iso(life.held_since_s), "route_id": now.segment.route_id},
            )
        )
    return life


def _state(now: SegmentNow) -> Json:
    return {
        "surface_temperature_c": num(now.surface.surface_c),
        "air_temperature_c": num(now.air_c),
        "dew_point_c": num(now.surface.dew_point_c),
        "frost_point_c": num(now.surface.frost_point_c),
        "humidity_pct": num(now.humidity_pct, 1),
        "trend_c_h": num(now.slope_c_h),
        "state": now.state,
        "hazard": now.hazard,
        "reason": now.reason,
        "source": now.source,
        "device": now.device,
    }
