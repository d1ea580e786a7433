"""What a night is judged by: measurements, forecasts, what gritters treated, what was proposed and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.memory import TreatedMemory
from rules.core.road_surface.traffic import MOTORWAY
from rules.core.winter_orders.model import Case

Floats = NDArray[np.float64]


class ScoreParameters(msgspec.Struct, frozen=True, kw_only=True):
    """By what a night is judged.

    Attributes:
        frost_c: a surface at or below it is frost: the event that is forecast [°C].
        gap_s: a surface is taken to be as it was measured for at most so long [s].
        near_s: a forecast hour is compared with the measurement next to it, at most so far off [s].
        evening_h: hour of the day, by the town's clock, whose forecast the night's minimum is judged by.
        from_h, until_h: hours of the day, by the town's clock, between which the road is judged: as the
            hindcast of past winters judges it.
        holds_h, rain_mm, holds_after_rain_h: how long salt counts that lay on the road, as the rules shipped reckon it.
        policy_g_m2: the fixed policy that salt is compared with: whenever a treatment is asked for
            anywhere, every route is treated in full, once, at this rate [g/m²].
    """

    frost_c: float = 0.0
    gap_s: float = 1800.0
    near_s: float = 900.0
    evening_h: float = 15.0
    from_h: float = 17.0
    until_h: float = 8.0
    policy_g_m2: float = 10.0
    holds_h: float = 6.0
    rain_mm: float = 2.0
    holds_after_rain_h: float = 2.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a route: length and width [m], the sensor on it, and its traffic relative to a busy motorway."""

    segment_id: str
    length_m: float
    width_m: float
    device: str | None = None
    traffic: float = MOTORWAY


@dataclass(frozen=True, slots=True)
class Measured:
    """A road sensor in a night; NaN = not told, None = of nothing.

    Attributes:
        ts_s: times [s since 1970].
        surface_c: of the road [°C].
        wet: whether the road was wet or white.
        film_mm: of water on it.
        freezing_c: freezing point of what lies on it, as it measured it.
        state: what it saw, by the codes of the kind ``road``.
    """

    ts_s: Floats
    surface_c: Floats
    wet: NDArray[np.bool_]
    film_mm: Floats | None = None
    freezing_c: Floats | None = None
    state: Floats | None = None

    def told(self, name: str) -> Floats:
        """Return one of the last three, NaN where nothing is told."""
        found: Floats | None = getattr(self, name)
        return np.full(len(self.ts_s), np.nan) if found is None else found


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts for stretches with sensors, one row an hour.

    Attributes:
        segment: id of each row's stretch.
        issued_s, at_s: when it was made and for when [s since 1970].
        lead_h: hours between.
        surface_c: the middle of the ensemble [°C].
        below_zero: probability of a surface at or below 0 °C; NaN where none is said.
    """

    segment: tuple[str, ...]
    issued_s: Floats
    at_s: Floats
    lead_h: NDArray[np.int64]
    surface_c: Floats
    below_zero: Floats


@dataclass(frozen=True, slots=True)
class NightFacts:
    """Everything that is known of a night.

    Attributes:
        night: the day on which it began.
        from_s, to_s: from noon to noon of the town [s since 1970].
        labels: of the routes, by id, in order of priority.
        stretches: of the routes.
        measured: by device.
        forecasts: None where the installation has none.
        treated: what gritters spread, by stretch, from the day before the night on: salt of before may still lie there.
        cases: proposals and orders of the night.
        wrong: sensors that their neighbours found wrong: nothing is judged by them.
        passes_gone: why what gritters spread is not known, as a sentence; empty where it is.
        roads_gone: likewise the road forecasts by the hour.
        rain: hours of the same time in which it rained: when they ended, and where it rained most [mm].
    """

    night: date
    from_s: float
    to_s: float
    labels: Mapping[str, str]
    stretches: Mapping[str, tuple[Stretch, ...]]
    measured: Mapping[str, Measured]
    forecasts: Forecasts | None
    treated: Mapping[str, TreatedMemory]
    cases: tuple[Case, ...]
    wrong: frozenset[str] = frozenset()
    passes_gone: str = ""
    roads_gone: str = ""
    rain: tuple[tuple[float, float], ...] = ()
