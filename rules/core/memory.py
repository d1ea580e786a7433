"""What the engine remembers between steps, per subject, as JSON-serialisable values.

Sections of the memory are versioned. A row of an older version is migrated where the section says how; any other
is dropped at loading and built again from the readings that follow. Either way :mod:`rules.core.reconcile` then makes the alarms fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from rules.core.bin_memory import BinActs, BinPasses, SaidMemory, TroubleMemory
from rules.core.bin_memory import BinMemory as BinMemory
from rules.core.bin_memory import FireTold as FireTold
from rules.core.bin_memory import Heat as Heat
from rules.core.bin_outlook_memory import ChancesMemory, OutlookMemory, ShapeMemory
from rules.core.conditions.condition import DOWN, Condition
from rules.core.gritting import Precipitation
from rules.core.memory_versions import silent_with_levels, with_levels, with_track
from rules.core.order_memory import NO_ORDERS as NO_ORDERS
from rules.core.order_memory import OrderAct as OrderAct
from rules.core.order_memory import OrderMemory as OrderMemory
from rules.core.patience import NOTHING, Waiting
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
    damp: Condition = DOWN


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
    """A weather station's last reading and the last rain, snow and freezing rain (``glaze_s``) [s since 1970]."""

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
    glaze_s: float | None = None


class SeenMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a device's newest reading was measured, and whether its silence is an alarm."""

    at_s: float
    silent: Condition = DOWN


class SegmentMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A segment's state and alarms; ``snow_s``: since when snow lies on it [s since 1970], None where none does or nobody noted it."""

    state: str = "unknown"
    hoar: Condition = DOWN
    ice: Condition = DOWN
    snow_s: float | None = None


class ForecastMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest road forecast of a segment.

    Attributes:
        issued_s: when it was issued [s since 1970].
        table: quantities × hours of ``rules.core.road_now.table`` as whole numbers, the lower byte first.
        by_forecast: whether somebody had forecast the weather of it lately (:data:`rules.core.road_now.table.FRESH_S`).
        off_c, salt_g_m2: error of the segment's own sensor [°C], None: it is not wrong, or there is none; salt then, None: not noted.
    """

    issued_s: float
    table: bytes
    by_forecast: bool = True
    off_c: float | None = None
    salt_g_m2: float | None = None


class ForecastAge(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the newest road forecast was issued [s since 1970] (``awaited``: since when none has come), and whether that is too long ago."""

    issued_s: float
    stale: Condition = DOWN
    awaited: bool = False


class MemberNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject in a group alarm.

    Attributes:
        severity: of its own condition.
        at_s, since_s: when it joined, and since when its condition holds [s since 1970].
        worse: the greater, the worse, within the rule.
        says: it in words and numbers.
        flapping: whether it comes and goes.
    """

    severity: str
    at_s: float
    since_s: float
    worse: float
    says: str
    flapping: bool = False


class GroupMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group alarm: whose, and who is in it; it is up while somebody is."""

    rule_id: str
    kind: str
    subject: str
    members: dict[str, MemberNow] = {}


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
    """The collection round last decided; ``due``: bins beside it that are to be collected by their chance of an overflow; ``separate``: separate jobs."""

    bins: tuple[str, ...]
    service_date: str
    decided_s: float
    due: tuple[str, ...] = ()
    separate: tuple[str, ...] = ()


class Outdoor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The weather of the town at the last tick. None = unknown.

    ``wet_until_s``: roads count as wet from rain until then. ``rain_mm``: rain since the
    engine first ran, where it rained most; ``gauge``: what it showed before (:mod:`rules.core.rain_gauge`).
    ``glazed``: freezing rain has fallen lately, and falls no more. ``snowed_mm``, ``snow_gauge``: the same of snow.
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
    gauge: tuple[tuple[float, float], ...] = ()
    glazed: bool = False
    snowed_mm: float = 0.0
    snow_gauge: tuple[tuple[float, float], ...] = ()


Migration = Callable[[dict[str, Any]], dict[str, Any]]


class Section(NamedTuple):
    """A part of the memory: the version and type of its rows, and how rows of older versions become such."""

    version: int
    kind: Any
    migrate: Mapping[int, Migration] = {}


SECTIONS: Mapping[str, Section] = {
    "home": Section(2, HomeMemory, {1: with_levels("damp")}),
    "road": Section(1, RoadMemory),
    "weather": Section(1, WeatherMemory),
    "bin": Section(3, BinMemory, {1: with_levels("full", "fire"), 2: with_track}),
    "bin_pass": Section(1, BinPasses),
    "collection": Section(1, BinActs),
    "fire_told": Section(1, FireTold),
    "bin_trouble": Section(1, TroubleMemory),
    "bin_said": Section(1, SaidMemory),
    "seen": Section(2, SeenMemory, {1: silent_with_levels}),
    "segment": Section(2, SegmentMemory, {1: with_levels("hoar", "ice")}),
    "group": Section(1, GroupMemory),
    "route": Section(2, RouteMemory),
    "order": Section(1, OrderMemory),
    "gritter": Section(1, GritterMemory),
    "treated": Section(1, TreatedMemory),
    "round": Section(1, RoundMemory),
    "outdoor": Section(1, Outdoor),
    "quality": Section(1, QualityMemory),
    "battery": Section(1, BatteryMemory),
    "drift": Section(1, DriftMemory),
    "heard": Section(1, HeardMemory),
    "forecast": Section(1, ForecastMemory),
    "forecast_age": Section(1, ForecastAge),
    "bin_outlook": Section(1, OutlookMemory),
    "bin_shape": Section(1, ShapeMemory),
    "bin_chances": Section(1, ChancesMemory),
}


class EngineState(msgspec.Struct, frozen=True):
    """Everything the engine remembers. The dictionaries are never changed in place.

    Attributes:
        seen_s: event time: the latest reading seen [s since 1970]; None before the first.
        settled_s: time of the latest reading that counts [s since 1970].
        waiting: newer readings, which wait for those that may still come before them. They
            are stored as readings already: whoever loads the rest fetches them again.
    """

    seen_s: float | None = None
    settled_s: float | None = None
    waiting: Waiting = NOTHING
    home: dict[str, HomeMemory] = {}
    road: dict[str, RoadMemory] = {}
    weather: dict[str, WeatherMemory] = {}
    bin: dict[str, BinMemory] = {}
    bin_pass: dict[str, BinPasses] = {}
    collection: dict[str, BinActs] = {}
    fire_told: dict[str, FireTold] = {}
    bin_trouble: dict[str, TroubleMemory] = {}
    bin_said: dict[str, SaidMemory] = {}
    seen: dict[str, SeenMemory] = {}
    segment: dict[str, SegmentMemory] = {}
    group: dict[str, GroupMemory] = {}
    route: dict[str, RouteMemory] = {}
    order: dict[str, OrderMemory] = {}
    gritter: dict[str, GritterMemory] = {}
    treated: dict[str, TreatedMemory] = {}
    round: dict[str, RoundMemory] = {}
    outdoor: dict[str, Outdoor] = {}
    quality: dict[str, QualityMemory] = {}
    battery: dict[str, BatteryMemory] = {}
    drift: dict[str, DriftMemory] = {}
    heard: dict[str, HeardMemory] = {}
    forecast: dict[str, ForecastMemory] = {}
    forecast_age: dict[str, ForecastAge] = {}
    bin_outlook: dict[str, OutlookMemory] = {}
    bin_shape: dict[str, ShapeMemory] = {}
    bin_chances: dict[str, ChancesMemory] = {}


class Row(msgspec.Struct, frozen=True):
    """A row of memory: section, subject, version and JSON."""

    section: str
    subject: str
    version: int
    state: bytes


def changed_rows(before: EngineState, after: EngineState) -> list[Row]:
    """Return what must be written so that ``after`` can be loaded where ``before`` was."""
    rows: list[Row] = []
    for section, (version, _, _) in SECTIONS.items():
        old, new = getattr(before, section), getattr(after, section)
        if old is new:
            continue
        rows += [
            Row(section, subject, version, msgspec.json.encode(value))
            for subject, value in new.items()
            if old.get(subject) is not value
        ]
    return rows


def from_rows(rows: Iterable[Row], seen_s: float | None, settled_s: float | None) -> EngineState:
    """Return the state in ``rows``; rows of unknown sections or versions are left out."""
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for row in rows:
        section = SECTIONS.get(row.section)
        if section is None:
            continue
        if row.version == section.version:
            sections[row.section][row.subject] = msgspec.json.decode(row.state, type=section.kind)
        elif row.version in section.migrate:
            sections[row.section][row.subject] = _migrated(row, section)
    remembered: Any = sections
    return EngineState(seen_s=seen_s, settled_s=settled_s, **remembered)


def _migrated(row: Row, section: Section) -> Any:
    """Return a row of an older version as one of today's: one version after the other."""
    raw, version = msgspec.json.decode(row.state), row.version
    while version in section.migrate:
        raw, version = section.migrate[version](raw), version + 1
    return msgspec.convert(raw, type=section.kind)


def outdated(rows: Iterable[Row]) -> bool:
    """Whether any row was migrated: all must then be written anew."""
    return any(row.section in SECTIONS and row.version in SECTIONS[row.section].migrate for row in rows)
