"""What is known of the segments for the coming hours: computed in columns, made one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.forecast_looks import HOAR_MM, SNOWS_MM, Looks
from rules.core.memory import Outdoor
from rules.core.nowcast import hours_until, minimum_c
from rules.core.outlook import Outlook, Precipitation
from rules.core.parameters import GrittingParameters
from rules.core.psychrometrics import Floats
from rules.core.road_state import DAMP, WET
from rules.core.segment_views import Views

Bools = NDArray[np.bool_]

NEARLY_C = 0.5
"""A surface this close to its lowest temperature is as good as there."""

FROM_FORECAST = ("p_below_0", "p_ice", "film_mm", "deposit_mm", "rain_ends_in_h", "spread_c")
"""What only a road forecast knows."""


@dataclass(frozen=True, slots=True)
class Wash:
    """What a road forecast says of the fate of salt, by segment; NaN where none is fresh."""

    rain_mm: Floats
    ahead_h: Floats


@dataclass(frozen=True)
class Outlooks:
    """Of each segment, in the order of the graph. Temperatures in °C, hours until limits; NaN = none.

    Attributes:
        ice_in_h: until a road forecast has ice in so many of its cases that salt costs less than none.
        cast: what the road forecast says; None: there is none that counts.
        wet, damp: see :class:`rules.core.outlook.Outlook`.
        wash: rain until it freezes for the last time, and hours that are looked at; None without a forecast.
    """

    found: Views
    town: Outdoor
    minimum_c: Floats
    zero_in_h: Floats
    hoar_in_h: Floats
    low_in_h: Floats
    ice_in_h: Floats
    wet: Bools
    damp: Bools
    cast: Looks | None = None
    wash: Wash | None = None

    @cached_property
    def _silent(self) -> Floats:
        return np.full(len(self.minimum_c), np.nan)

    @property
    def p_ice(self) -> Floats:
        """The chance of ice where somebody forecast the weather: :func:`rules.core.hazards.foreseen_ice`."""
        return self._silent if self.cast is None else np.where(self.cast.by_forecast, self.cast.p_ice, np.nan)

    @property
    def film_mm(self) -> Floats:
        """The water on the road when it freezes."""
        return self._silent if self.cast is None else self.cast.film_mm

    @property
    def deposit_mm(self) -> Floats:
        """The hoar that gathers."""
        return self._silent if self.cast is None else self.cast.deposit_mm

    @property
    def rain_mm(self) -> Floats:
        """The rain until it freezes for the last time."""
        return self._silent if self.wash is None else self.wash.rain_mm

    @property
    def ahead_h(self) -> Floats:
        """How far a forecast is looked at."""
        return self._silent if self.wash is None else self.wash.ahead_h

    @property
    def rain_ends_in_h(self) -> Floats:
        """Hours until rain ends."""
        return self._silent if self.cast is None else self.cast.rain_ends_in_h

    @cached_property
    def freezing_rain(self) -> Bools:
        """Where rain falls, or will, on a road below 0 °C."""
        now = np.full(len(self.minimum_c), self.town.precipitation == "freezing_rain")
        return now if self.cast is None else now | self.cast.freezing_rain

    @cached_property
    def snows(self) -> Bools:
        """Where snow falls, or will."""
        now = np.full(len(self.minimum_c), self.town.precipitation == "snow")
        return now if self.cast is None else now | (np.nan_to_num(self.cast.snow_mm) >= SNOWS_MM)

    @cached_property
    def snow_mm(self) -> Floats:
        """The snow that has fallen, or will if that is more [mm of water]."""
        fallen = np.full(len(self.minimum_c), self.town.snow_mm)
        return fallen if self.cast is None else np.fmax(fallen, self.cast.snow_mm)

    @property
    def lain_h(self) -> Floats:
        """For how long snow has lain [h]."""
        return self._silent if self.found.lain_h is None else self.found.lain_h

    @cached_property
    def falls_in_h(self) -> Floats:
        """Hours until snow or freezing rain falls, NaN where none is foreseen."""
        if self.town.precipitation in ("snow", "freezing_rain"):
            return np.zeros(len(self.minimum_c))
        if self.cast is None:
            return self._silent
        snow_in_h = np.where(self.snows, self.cast.snow_in_h, np.nan)
        return np.fmin(snow_in_h, np.where(self.freezing_rain, self.cast.freezing_in_h, np.nan))

    def _precipitation(self, i: int) -> Precipitation:
        if self.freezing_rain[i]:
            return "freezing_rain"
        return "snow" if self.snows[i] else self.town.precipitation

    def __getitem__(self, i: int) -> Outlook:
        """Return one segment's."""
        s, town = self.found.surfaces, self.town
        segment = self.found.ctx.graph.segments[i]
        return Outlook(
            segment_id=segment.segment_id,
            street=segment.street,
            surface_c=_known(s.surface_c, i),
            minimum_c=_known(self.minimum_c, i),
            zero_in_h=_known(self.zero_in_h, i),
            hoar_in_h=_known(self.hoar_in_h, i),
            low_in_h=_known(self.low_in_h, i),
            ice_in_h=_known(self.ice_in_h, i),
            dew_point_c=_known(s.dew_point_c, i),
            frost_point_c=_known(s.frost_point_c, i),
            air_c=town.air_c,
            state=self.found.states[i],
            wet=bool(self.wet[i]),
            damp=bool(self.damp[i]),
            precipitation=self._precipitation(i),
            falls_in_h=_known(self.falls_in_h, i),
            snow_mm=float(self.snow_mm[i]),
            lying_mm=town.snow_mm,
            lain_h=_known(self.lain_h, i),
            glazed=town.glazed,
            rain_mm=_known(self.rain_mm, i),
            ahead_h=_known(self.ahead_h, i),
            **self._of_forecast(i),
        )

    def _of_forecast(self, i: int) -> dict[str, Any]:
        if self.cast is None or not self.cast.fresh[i]:
            return {}
        source = "forecast" if self.cast.by_forecast[i] else "nowcast"
        return {name: _known(getattr(self.cast, name), i) for name in FROM_FORECAST} | {"source": source}

    def of(self, members: Sequence[int]) -> list[Outlook]:
        """Return those of some segments."""
        return [self[i] for i in members]


def outlooks(
    found: Views, town: Outdoor, p: GrittingParameters, cast: Looks | None = None, wash: Wash | None = None
) -> Outlooks:
    """Return what is known of the segments for the coming hours: by the road forecast, else by the sensors' trend."""
    nowcast = _by_trend(found, town, p)
    return nowcast if cast is None else replace(_by_forecast(nowcast, cast, p), wash=wash)


def _by_forecast(o: Outlooks, cast: Looks, p: GrittingParameters) -> Outlooks:
    """Return outlooks with what the forecast says where it is fresh; a road is wet that is so now or when it freezes.

    Where nobody forecast the weather, the colder and earlier of both counts: what stations alone tell may miss a clearing sky.
    """
    limits = o.found.ctx.catalogue.surface.parameters
    names = ("minimum_c", "zero_in_h", "hoar_in_h", "low_in_h")
    said = {n: np.where(cast.by_forecast, getattr(cast, n), getattr(o, n)) for n in names}
    guessed = cast.fresh & ~cast.by_forecast
    said = {n: np.where(guessed, np.fmin(getattr(cast, n), getattr(o, n)), v) for n, v in said.items()}
    film, hoar = np.nan_to_num(cast.film_mm), np.nan_to_num(cast.deposit_mm)
    wet = o.wet | (film >= limits.wet_film_mm)
    damp = o.damp | (film >= limits.damp_film_mm) | (hoar >= HOAR_MM)
    said["ice_in_h"] = cast.ice_in_h(p.cost.act_from)
    return replace(o, **said, wet=wet, damp=damp, cast=cast)


def _by_trend(found: Views, town: Outdoor, p: GrittingParameters) -> Outlooks:
    s, slope = found.surfaces, np.nan_to_num(found.guessed.slope_c_h)
    point = np.where(np.isnan(s.frost_point_c), s.dew_point_c, s.frost_point_c)
    lowest = minimum_c(s.surface_c, slope, p.trend_damping_h, p.horizon_h)
    wetness = np.nan_to_num(s.wetness)

    def reached(limit_c: Floats) -> Floats:
        hours = hours_until(limit_c, s.surface_c, slope, p.trend_damping_h)
        return np.where(hours > p.horizon_h, np.nan, hours)

    return Outlooks(
        found, town, lowest,
        zero_in_h=reached(np.zeros(len(lowest))),
        hoar_in_h=reached(np.minimum(0.0, point + p.hoar_margin_c)),
        low_in_h=reached(lowest + NEARLY_C),
        ice_in_h=np.full(len(lowest), np.nan),
        wet=(wetness > (DAMP + WET) / 2) | (town.precipitation == "rain"),
        damp=(wetness >= DAMP / 2) | found.is_in("hoar"),
    )  # fmt: skip


def _known(column: Floats, i: int) -> float | None:
    value = float(column[i])
    return None if value != value else value  # NaN is not equal to itself
