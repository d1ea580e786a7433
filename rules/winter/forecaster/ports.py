"""What the road forecaster needs of the outside. Two implementations; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from devices.registry import Registry
from rules.core.context import Context
from rules.core.psychrometrics import Floats
from rules.core.road_now.model import StationReadings
from rules.core.road_now.table import RoadForecast
from rules.core.road_now.thermal_map import ThermalMap


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the forecaster stands.

    Attributes:
        event_s: event time: the newest reading of a road sensor or station [s since 1970]; None before the first.
        issued_s: of the newest forecast; None: there is none.
        wrong: devices that it found wrong.
    """

    event_s: float | None
    issued_s: float | None = None
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoadRows:
    """Readings of road sensors in columns; NaN = not measured."""

    device: Sequence[str]
    at_s: Floats
    surface_c: Floats
    air_c: Floats
    humidity_pct: Floats
    film_mm: Floats


@dataclass(frozen=True, slots=True)
class GritterRows:
    """Positions of gritters with the surface measured there."""

    at_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    surface_c: Floats


@dataclass(frozen=True, slots=True)
class SaltRows:
    """Salt that was spread: [g/m²] over the whole of each segment."""

    segment_id: Sequence[str]
    at_s: Floats
    salt_g_m2: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in a time; readings of a suspect clock are left out."""

    stations: StationReadings
    roads: RoadRows
    gritters: GritterRows
    salt: SaltRows


@dataclass(frozen=True, slots=True)
class Stored:
    """A forecast with its number."""

    forecast_id: int
    forecast: RoadForecast


class RoadForecasts(Protocol):
    """Readings, and the road forecasts made of them. Every method raises TransientError where the database does not answer."""

    async def progress(self) -> Progress:
        """Return where the forecaster stands."""
        ...

    async def measured(self, from_s: float, to_s: float) -> Measured:
        """Return what was measured after ``from_s``, up to ``to_s`` [s since 1970]."""
        ...

    async def mapped(self, segment_ids: Sequence[str]) -> ThermalMap:
        """Return the thermal map of segments, in their order."""
        ...

    async def publish(self, forecast: RoadForecast, mapped: ThermalMap) -> int | None:
        """Keep a forecast and the thermal map after it, and hand it to the rules as their next input; all or nothing.

        Returns:
            Its number; None where one of this time is there already: nothing was written.
        """
        ...

    async def newest(self, at_s: float | None = None) -> Stored | None:
        """Return the forecast that was issued last, by a time [s since 1970] where one is given."""
        ...

    async def by_id(self, forecast_id: int) -> Stored | None:
        """Return a forecast by its number."""
        ...

    async def forget(self, before_s: float) -> int:
        """Delete forecasts that were issued before a time, but for the newest; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed, and the live catalogue's context of it."""

    registry: Registry
    ctx: Context


class Surroundings(Protocol):
    """What the forecaster works by."""

    async def __call__(self) -> Installed:
        """Return what is installed now; TransientError where it can't be read."""
        ...
