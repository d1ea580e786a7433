"""What the rules can be told: the parameters of each rule, with their limits.

The values come from ``rules/catalogue/*.toml`` (:mod:`rules.catalogue.loader`); the types here
say what is allowed. Every name carries its unit.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from rules.core.alarm_spec import AlarmSpec
from rules.core.bin_emptying.parameters import EmptyingParameters as EmptyingParameters
from rules.core.bin_level.parameters import FilterParameters as FilterParameters
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.bin_trouble_parameters import (
    BlockedParameters,
    ContaminatedParameters,
    NotEmptiedParameters,
    OverflowParameters,
    TiltedParameters,
)
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_parameters import BandParameters, MouldParameters, SensorParameters
from rules.core.damp_parameters import DampParameters as DampParameters
from rules.core.figures import Celsius, NotNegative, Percent, WholeMinutes
from rules.core.figures import Dwell as Dwell
from rules.core.figures import Positive as Positive
from rules.core.figures import Severity as Severity
from rules.core.gritting_parameters import GrittingParameters as GrittingParameters
from rules.core.gritting_parameters import SpreadParameters as SpreadParameters
from rules.core.gritting_parameters import TreatmentParameters as TreatmentParameters
from rules.core.matrix import TreatmentMatrix
from rules.core.moisture_events.parameters import MoistureParameters
from rules.core.quality_parameters import (
    BatteryParameters,
    ClockParameters,
    CompletenessParameters,
    DriftParameters,
    RateParameters,
    StuckParameters,
)


class TransferParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a road without a sensor is estimated from roads that have one."""

    lapse_c_per_m: Annotated[float, Meta(ge=-0.02, le=0.02)]
    sky_view_c: Annotated[float, Meta(ge=-10, le=10)]
    bridge_c: Annotated[float, Meta(ge=-5, le=5)]
    distance_scale_m: Positive
    altitude_scale_m: Positive
    sky_view_scale: Positive
    bridge_penalty: NotNegative


class SurfaceParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a road is damp, wet, white or icy."""

    damp_film_mm: NotNegative
    wet_film_mm: NotNegative
    hysteresis_c: NotNegative
    wet_after_rain_s: NotNegative
    wet_after_rain_humid_s: NotNegative
    humid_pct: Percent
    rain_mm_h: NotNegative
    sensor_age_s: Positive


class RoadAlarmParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Alarm on a road surface state: winter.surface says which state it is, there is nothing to set here."""


class ForecastParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a road forecast counts, and how far ahead decisions look where there is one."""

    fresh_h: Annotated[float, Meta(gt=0, le=24)]
    horizon_h: Annotated[float, Meta(ge=1, le=24)]


class BinParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Full bins. ``threshold_pct``: instead of each bin's own; absent in the catalogue, for overrides."""

    hysteresis_pct: Positive
    overflow_pct: Percent
    filter: FilterParameters
    emptying: EmptyingParameters
    threshold_pct: Percent | None = None


class FireParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Burning bins."""

    hot_c: Celsius
    rising_c: Celsius
    rising_c_per_10_min: Positive
    clear_c: Celsius


class RoundParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The list of bins to collect. ``time_zone``: of the service date."""

    evaluate_every_s: WholeMinutes
    redecide_s: NotNegative
    time_zone: str


class SilenceParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Devices that stop reporting. ``at_least_s`` by kind; other kinds are not watched."""

    intervals: Positive
    at_least_s: dict[str, Positive]


P = TypeVar("P")


class Rule(msgspec.Struct, Generic[P], frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule of the catalogue: who says what, since when and why.

    Attributes:
        id: what alarms and decisions name.
        version: goes up with every change of a parameter.
        owner: who may change it.
        reason: what the rule is for, in words.
        source: where its figures come from.
        parameters: the figures.
        alarm: how its alarm behaves; None for a rule that raises none.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z_]+\.[a-z_]+$")]
    version: Annotated[int, Meta(ge=1)]
    owner: Annotated[str, Meta(min_length=1)]
    reason: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    parameters: P
    alarm: AlarmSpec | None = None


class AlarmRule(Rule[P], Generic[P], frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule that raises alarms: ``[alarm]`` must say how."""

    alarm: AlarmSpec


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule that runs, by what it is about."""

    damp: AlarmRule[DampParameters]
    transfer: Rule[TransferParameters]
    surface: Rule[SurfaceParameters]
    hoar_frost: AlarmRule[RoadAlarmParameters]
    ice: AlarmRule[RoadAlarmParameters]
    gritting: Rule[GrittingParameters]
    forecast: AlarmRule[ForecastParameters]
    matrix: TreatmentMatrix
    full: AlarmRule[BinParameters]
    fire: AlarmRule[FireParameters]
    tilted: AlarmRule[TiltedParameters]
    blocked: AlarmRule[BlockedParameters]
    not_emptied: AlarmRule[NotEmptiedParameters]
    contaminated: AlarmRule[ContaminatedParameters]
    overflow: Rule[OverflowParameters]
    round: Rule[RoundParameters]
    outlook: Rule[OutlookParameters]
    silent: AlarmRule[SilenceParameters]
    stuck: Rule[StuckParameters]
    rate: Rule[RateParameters]
    drift: Rule[DriftParameters]
    battery: Rule[BatteryParameters]
    completeness: Rule[CompletenessParameters]
    clock: Rule[ClockParameters]
    damp_band: Rule[BandParameters]
    damp_mould: Rule[MouldParameters]
    damp_events: Rule[MoistureParameters]
    damp_cause: Rule[CauseParameters]
    damp_advice: Rule[AdviceParameters]
    damp_sensor: Rule[SensorParameters]

    @property
    def quality(self) -> tuple[Rule[Any], ...]:
        """The rules of data quality: they open work items."""
        return self.stuck, self.rate, self.drift, self.battery, self.completeness, self.clock

    @property
    def alarm_rules(self) -> tuple[AlarmRule[Any], ...]:
        """The rules that raise alarms."""
        bins = (self.full, self.fire, self.tilted, self.blocked, self.not_emptied, self.contaminated)
        return (self.damp, self.hoar_frost, self.ice, self.forecast, *bins, self.silent)
