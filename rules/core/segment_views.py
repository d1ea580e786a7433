"""The town's segments at a tick, in columns; one of them is made into words only when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadSegment
from rules.core import psychrometrics as psy
from rules.core.coat import Coat
from rules.core.context import Context
from rules.core.effects import Json, num, rounded
from rules.core.numbers import Numbers
from rules.core.parameters import SurfaceParameters
from rules.core.residual import freezes_at_c
from rules.core.road_columns import RoadColumns
from rules.core.road_state import (
    CASES_OF,
    HAZARDS,
    STATE_OF_CASE,
    WET,
    Estimate,
    Sensed,
    State,
    Surface,
    Surfaces,
    case_in_words,
    cases,
    classify,
    wetness_of_all,
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


@dataclass(frozen=True)
class Views:
    """All segments at a tick, in the order of the graph; ``found[i]`` is one of them.

    Attributes:
        case: by which of the road's cases each was judged (:func:`rules.core.road_state.cases`).
        before: of each, its state at the tick before.
        surfaces: what they were judged by.
        guessed: what they are estimated to have.
        own: the place in ``ctx.sensors`` of each one's own sensor where that is fresh, else -1.
        coats: the salt on those that have been treated, by id.
        lain_h: for how long snow has lain on each [h], NaN where none does or it is not known; None: it is of none.
    """

    ctx: Context
    case: Numbers
    before: Sequence[str]
    surfaces: Surfaces
    guessed: Estimate
    own: Numbers
    coats: Mapping[str, Coat] = field(default_factory=dict)
    lain_h: psy.Floats | None = None
    _made: dict[int, SegmentNow] = field(default_factory=dict)

    @cached_property
    def states(self) -> Sequence[State]:
        """The state of each."""
        return [STATE_OF_CASE[case] for case in self.case.tolist()]

    def is_in(self, state: State) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return which segments are in a state."""
        return CASES_OF[state][self.case]

    def __getitem__(self, i: int) -> SegmentNow:
        """Return a segment."""
        if i not in self._made:
            self._made[i] = self._make(i)
        return self._made[i]

    def _make(self, i: int) -> SegmentNow:
        s, g, leader = self.surfaces, self.guessed, int(self.guessed.leader[i])
        code = int(s.code[i])
        surface = Surface(
            surface_c=_known(s.surface_c, i),
            dew_point_c=_known(s.dew_point_c, i),
            frost_point_c=_known(s.frost_point_c, i),
            wetness=_known(s.wetness, i),
            code=None if code < 0 else code,
            freezing_point_c=_known(s.freezing_point_c, i),
            snowing=s.snowing,
            freezing_measured=bool(s.freezing_measured[i]),
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
            source="neighbour" if self.own[i] < 0 else "sensor",
            device=None if leader < 0 else self.ctx.sensors[leader],
        )

    @cached_property
    def told(self) -> Sequence[Json]:
        """What is said of each: :meth:`SegmentNow.told`."""
        s, g = self.surfaces, self.guessed
        reasons = map(
            case_in_words, self.case.tolist(), s.surface_c.tolist(), s.dew_point_c.tolist(), s.frost_point_c.tolist(),
            s.wetness.tolist(), s.code.tolist(), s.freezing_point_c.tolist(),
        )  # fmt: skip
        sensors = (*self.ctx.sensors, None)  # -1: none
        columns = zip(
            rounded(s.surface_c), rounded(g.air_c), rounded(s.dew_point_c), rounded(s.frost_point_c),
            rounded(g.humidity_pct, 1), rounded(np.nan_to_num(g.slope_c_h) + 0.0), self.states, reasons,
            self.own.tolist(), g.leader.tolist(), strict=True,
        )  # fmt: skip
        return [
            {
                "surface_temperature_c": surface,
                "air_temperature_c": air,
                "dew_point_c": dew,
                "frost_point_c": frost,
                "humidity_pct": humidity,
                "trend_c_h": slope,
                "state": state,
                "hazard": state in HAZARDS,
                "reason": reason,
                "source": "neighbour" if own < 0 else "sensor",
                "device": sensors[leader],
            }
            for surface, air, dew, frost, humidity, slope, state, reason, own, leader in columns
        ]


def _known(column: psy.Floats, i: int) -> float | None:
    value = float(column[i])
    return None if value != value else value  # NaN is not equal to itself


def own_sensors(ctx: Context, fresh: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Numbers:
    """Return per segment the place of its own sensor, -1 where it has none that is fresh."""
    own = ctx.transfer.own
    return np.where((own >= 0) & np.append(fresh, False)[own], own, -1)  # index -1 takes the False


def views(
    ctx: Context,
    guessed: Estimate,
    roads: RoadColumns,
    own: Numbers,
    before: Sequence[str],
    was_hazard: np.ndarray[tuple[int], np.dtype[np.bool_]],
    wet: bool,
    snowing: bool,
    coats: Mapping[str, Coat],
    at_s: float,
) -> Views:
    """Classify all segments.

    Args:
        ctx: what is installed, and the catalogue.
        guessed: what the segments are estimated to have.
        roads: readings of the sensors.
        own: of :func:`own_sensors`.
        before: their states before.
        was_hazard: which of those were slippery.
        wet: whether it has rained lately.
        snowing: whether it snows.
        coats: the salt on the segments, by id.
        at_s: now [s since 1970].
    """
    wetness = guessed.wetness
    if wet:  # after rain a road counts as wet where no sensor says otherwise
        wetness = np.where((own < 0) | np.isnan(wetness), WET, wetness)
    measured_c, film = (np.append(roads.sensed(n), np.nan)[own] for n in ("freezing_point_c", "film_mm"))
    place, dose = ctx.graph.segment_index, ctx.catalogue.gritting.parameters.dose
    salted_c = freezes_at_c(coats, place, film, wetness, at_s, dose)
    surfaces = Surfaces(
        surface_c=guessed.surface_c,
        dew_point_c=guessed.dew_point_c,
        frost_point_c=guessed.frost_point_c,
        wetness=wetness,
        code=np.nan_to_num(np.append(roads.sensed("code"), np.nan)[own], nan=-1.0).astype(np.int64),
        freezing_point_c=np.where(np.isnan(measured_c), salted_c, measured_c),
        snowing=snowing,
        freezing_measured=~np.isnan(measured_c),
    )
    case = cases(surfaces, was_hazard, ctx.catalogue.surface.parameters)
    return Views(ctx, case, before, surfaces, guessed, own, coats)


def sensed_now(ctx: Context, roads: RoadColumns, at_s: float, wrong: NDArray[np.bool_]) -> Sensed:
    """Return what the sensors say; ``wrong``: those that are not believed, as long as there is another one."""
    p = ctx.catalogue.surface.parameters
    air, humidity = roads.sensed("air_c"), roads.sensed("humidity_pct")
    fresh = at_s - roads.at_s[roads.sensors] <= p.sensor_age_s  # NaN is not
    return Sensed(
        fresh=fresh & ~wrong if (fresh & ~wrong).any() else fresh,
        surface_c=roads.sensed("surface_c"),
        air_c=air,
        vapour_pa=psy.vapour_pressure_pa(air, humidity),
        wetness=wetness_of_all(roads.sensed("code"), roads.sensed("film_mm"), p),
        slope_c_h=roads.sensed("slope_c_h"),
    )
