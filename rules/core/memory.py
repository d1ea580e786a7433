"""What the engine remembers between steps, per subject, as JSON-serialisable values.

Sections of the memory are versioned: a row of another version is dropped at loading and
built again from the readings that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from rules.core.alarms import INACTIVE, Lifecycle
from rules.core.bin_fill import Fills
from rules.core.gritting import Precipitation
from rules.core.quality_memory import BatteryMemory, DriftMemory, HeardMemory, QualityMemory
from rules.core.route_plan import RoutePlan
from rules.core.treatment import Fix, Pass


class RoomPoint(msgspec.Struct, frozen=True):
    """A frog's last reading with what follows from it."""

    at_s: float
    temperature_c: float
    humidity_pct: float
    dew_point_c: float | None
    absolute_humidity_g_m3: float | None
    surface_temperature_c: float | None
    surface_humidity_pct: float | None
    outdoor_temperature_c: float | None


class HomeMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A home: the last point of each of its frogs, and its damp alarm."""

    points: dict[str, RoomPoint] = {}
    damp: Lifecycle = INACTIVE


class RoadMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A road sensor's last reading and the last hours of its surface temperature."""

    at_s: float
    surface_c: float
    air_c: float
    humidity_pct: float
    film_mm: float | None = None
    code: int | None = None
    freezing_point_c: float | None = None
    slope_c_h: float = 0.0
    history: tuple[tuple[float, float], ...] = ()


class WeatherMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A weather station's last reading and the last rain and snow [s since 1970]."""

    at_s: float
    air_c: float
    humidity_pct: float
    precipitation: Precipitation = "none"
    precipitation_mm_h: float = 0.0
    water_s: float | None = None
    snow_s: float | None = None
    snow_mm: float = 0.0
    cloud_oktas: float | None = None
    shortwave_w_m2: float | None = None


class BinMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bin: fills, alarms, temperatures of the last minutes, and what was last reported."""

    at_s: float
    first_s: float
    fills: Fills = Fills()
    full: Lifecycle = INACTIVE
    fire: Lifecycle = INACTIVE
    heat: tuple[tuple[float, float], ...] = ()
    distance_mm: float | None = None
    temperature_c: float | None = None
    tilt_deg: float | None = None
    battery_pct: float | None = None


class SeenMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a device's newest reading was measured, and whether its silence is an alarm."""

    at_s: float
    silent: bool = False


class SegmentMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A segment's state and alarms."""

    state: str = "unknown"
    hoar: Lifecycle = INACTIVE
    ice: Lifecycle = INACTIVE


class Order(msgspec.Struct, frozen=True, array_like=True):
    """A treatment that was asked for.

    Attributes:
        at_s: when [s since 1970].
        period: service period.
        g_m2: rate of a pass [g/m²].
        segments: where.
        most_g_m2: the most that any of them needed in all [g/m²].
        by_s: when the first must be done [s since 1970].
    """

    at_s: float
    period: int
    g_m2: float
    segments: tuple[str, ...]
    most_g_m2: float
    by_s: float


class RouteMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route: the plan that stands, and what was decided.

    Attributes:
        plan: as of the last tick.
        decided, decided_s: the last decision written.
        orders: the last treatments asked for, oldest first.
    """

    plan: RoutePlan
    decided: RoutePlan
    decided_s: float
    orders: tuple[Order, ...] = ()


class GritterMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a gritter was in the last hours, in order of time."""

    track: tuple[Fix, ...] = ()


class TreatedMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The passes with salt over a segment."""

    passes: tuple[Pass, ...] = ()


class RoundMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The collection round last decided."""

    bins: tuple[str, ...]
    service_date: str
    decided_s: float


class Outdoor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The weather of the town at the last tick. None = unknown.

    ``wet_until_s``: roads count as wet from rain until then. ``rain_mm``: rain since the
    engine first ran, where it rained most.
    """

    at_s: float = 0.0
    air_c: float | None = None
    precipitation: Precipitation = "none"
    wet_until_s: float | None = None
    snow_mm: float = 0.0
    snowing: bool = False
    cloud_oktas: float | None = None
    shortwave_w_m2: float | None = None
    stations: int = 0
    rain_mm: float = 0.0


SECTIONS: Mapping[str, tuple[int, Any]] = {
    "home": (1, HomeMemory),
    "road": (1, RoadMemory),
    "weather": (1, WeatherMemory),
    "bin": (1, BinMemory),
    "seen": (1, SeenMemory),
    "segment": (1, SegmentMemory),
    "route": (2, RouteMemory),
    "gritter": (1, GritterMemory),
    "treated": (1, TreatedMemory),
    "round": (1, RoundMemory),
    "outdoor": (1, Outdoor),
    "quality": (1, QualityMemory),
    "battery": (1, BatteryMemory),
    "drift": (1, DriftMemory),
    "heard": (1, HeardMemory),
}
"""Section: version and type of its rows."""


class EngineState(msgspec.Struct, frozen=True):
    """Everything the engine remembers. The dictionaries are never changed in place.

    ``watermark_s`` is event time: the latest reading seen; None before the first.
    """

    watermark_s: float | None = None
    home: dict[str, HomeMemory] = {}
    road: dict[str, RoadMemory] = {}
    weather: dict[str, WeatherMemory] = {}
    bin: dict[str, BinMemory] = {}
    seen: dict[str, SeenMemory] = {}
    segment: dict[str, SegmentMemory] = {}
    route: dict[str, RouteMemory] = {}
    gritter: dict[str, GritterMemory] = {}
    treated: dict[str, TreatedMemory] = {}
    round: dict[str, RoundMemory] = {}
    outdoor: dict[str, Outdoor] = {}
    quality: dict[str, QualityMemory] = {}
    battery: dict[str, BatteryMemory] = {}
    drift: dict[str, DriftMemory] = {}
    heard: dict[str, HeardMemory] = {}


class Row(msgspec.Struct, frozen=True):
    """A row of memory: section, subject, version and JSON."""

    section: str
    subject: str
    version: int
    state: bytes


def changed_rows(before: EngineState, after: EngineState) -> list[Row]:
    """Return what must be written so that ``after`` can be loaded where ``before`` was."""
    rows: list[Row] = []
    for section, (version, _) in SECTIONS.items():
        old, new = getattr(before, section), getattr(after, section)
        if old is new:
            continue
        rows += [
            Row(section, subject, version, msgspec.json.encode(value))
            for subject, value in new.items()
            if old.get(subject) is not value
        ]
    return rows


def from_rows(watermark_s: float | None, rows: Iterable[Row]) -> EngineState:
    """Return the state in ``rows``; rows of unknown sections or other versions are left out."""
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for row in rows:
        version, kind = SECTIONS.get(row.section, (None, None))
        if version == row.version:
            sections[row.section][row.subject] = msgspec.json.decode(row.state, type=kind)
    return EngineState(watermark_s=watermark_s, **sections)
