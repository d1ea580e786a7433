"""The town's segments at a tick, in columns; one of them is made into words only when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from devices.registry import RoadSegment
from rules.core import psychrometrics as psy
from rules.core.context import Context
from rules.core.effects import Json, num
from rules.core.memory import RoadMemory
from rules.core.parameters import SurfaceParameters
from rules.core.road_state import (
    HAZARDS,
    WET,
    Estimate,
    Sensed,
    State,
    Surface,
    Surfaces,
    classify,
    classify_all,
    wetness_of,
)


@dataclass(frozen=True, slots=True)
class SegmentNow:
    """A segment at a tick: its surface, state and what it was estimated from. Temperatures in °C."""

    segment: RoadSegment
    state: str
    before: str
    limits: SurfaceParameters
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

    @property
    def reason(self) -> str:
        """Why it is in that state, in words."""
        return classify(self.surface, self.before, self.limits)[1]

    def told(self) -> Json:
        """Return what is said of it."""
        return {
            "surface_temperature_c": num(self.surface.surface_c),
            "air_temperature_c": num(self.air_c),
            "dew_point_c": num(self.surface.dew_point_c),
            "frost_point_c": num(self.surface.frost_point_c),
            "humidity_pct": num(self.humidity_pct, 1),
            "trend_c_h": num(self.slope_c_h),
            "state": self.state,
            "hazard": self.hazard,
            "reason": self.reason,
            "source": self.source,
            "device": self.device,
        }


@dataclass(frozen=True, slots=True)
class Views:
    """All segments at a tick, in the order of the graph; ``found[i]`` is one of them.

    Attributes:
        states, before: of each, now and at the tick before.
        surfaces: what they were judged by.
        guessed: what they are estimated to have.
        own: the fresh reading of each one's own sensor.
    """

    ctx: Context
    states: Sequence[State]
    before: Sequence[str]
    surfaces: Surfaces
    guessed: Estimate
    own: Sequence[RoadMemory | None]
    _made: dict[int, SegmentNow] = field(default_factory=dict)

    def __getitem__(self, i: int) -> SegmentNow:
        """Return a segment."""
        if i not in self._made:
            self._made[i] = self._make(i)
        return self._made[i]

    def _make(self, i: int) -> SegmentNow:
        s, g, own, leader = self.surfaces, self.guessed, self.own[i], int(self.guessed.leader[i])
        surface = Surface(
            surface_c=_known(s.surface_c, i),
            dew_point_c=_known(s.dew_point_c, i),
            frost_point_c=_known(s.frost_point_c, i),
            wetness=_known(s.wetness, i),
            code=None if own is None else own.code,
            freezing_point_c=None if own is None else own.freezing_point_c,
            snowing=s.snowing,
        )
        return SegmentNow(
            segment=self.ctx.graph.segments[i],
            state=self.states[i],
            before=self.before[i],
            limits=self.ctx.catalogue.surface.parameters,
            surface=surface,
            slope_c_h=_known(g.slope_c_h, i) or 0.0,
            air_c=_known(g.air_c, i),
            humidity_pct=_known(g.humidity_pct, i),
            source="neighbour" if own is None else "sensor",
            device=None if leader < 0 else self.ctx.sensors[leader],
        )


def _known(column: psy.Floats, i: int) -> float | None:
    value = float(column[i])
    return None if value != value else value  # NaN is not equal to itself


def own_readings(ctx: Context, latest: Sequence[RoadMemory | None], at_s: float) -> list[RoadMemory | None]:
    """Return per segment the reading of its own sensor, None where there is none that is fresh."""
    age_s = ctx.catalogue.surface.parameters.sensor_age_s
    fresh = [r if r is not None and at_s - r.at_s <= age_s else None for r in latest]
    return [fresh[k] if k >= 0 else None for k in ctx.transfer.own.tolist()]


def views(
    ctx: Context,
    guessed: Estimate,
    own: Sequence[RoadMemory | None],
    before: Sequence[str],
    wet: bool,
    snowing: bool,
) -> Views:
    """Classify all segments.

    Args:
        ctx: what is installed, and the catalogue.
        guessed: what the segments are estimated to have.
        own: the fresh reading of each one's own sensor.
        before: their states before.
        wet: whether it has rained lately.
        snowing: whether it snows.
    """
    wetness = guessed.wetness
    if wet:  # after rain a road counts as wet where no sensor says otherwise
        without = np.array([sensor is None for sensor in own], dtype=bool)
        wetness = np.where(without | np.isnan(wetness), WET, wetness)
    codes = [-1 if r is None or r.code is None else r.code for r in own]
    freezing = [np.nan if r is None or r.freezing_point_c is None else r.freezing_point_c for r in own]
    surfaces = Surfaces(
        surface_c=guessed.surface_c,
        dew_point_c=guessed.dew_point_c,
        frost_point_c=guessed.frost_point_c,
        wetness=wetness,
        code=np.array(codes, dtype=np.int64),
        freezing_point_c=np.array(freezing, dtype=np.float64),
        snowing=snowing,
    )
    was_hazard = np.array([b in HAZARDS for b in before], dtype=bool)
    states = classify_all(surfaces, was_hazard, ctx.catalogue.surface.parameters)
    return Views(ctx, states, before, surfaces, guessed, own)


def sensed_now(ctx: Context, latest: Sequence[RoadMemory | None], at_s: float) -> Sensed:
    """Return what the sensors say; ``latest``: the last reading of each."""
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
