"""What the rules of data quality can be told: when a device needs a look.

They open work items for maintenance, never alarms. Every name carries its unit.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_Positive = Annotated[float, Meta(gt=0)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Share = Annotated[float, Meta(gt=0, lt=1)]
_Hour = Annotated[float, Meta(ge=0, le=24)]
_Count = Annotated[int, Meta(ge=1, le=10_000)]


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A field that is stuck when it says the same for ``after_s`` [s] in ``readings`` in a row.

    ``others_emptied``: of a bin; and another bin has been emptied in that time.
    """

    kind: str
    field: str
    after_s: _Positive
    readings: _Count
    others_emptied: bool = False


class StuckParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values that no longer change."""

    watch: Annotated[tuple[Watch, ...], Meta(min_length=1)]


class RateParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Changes beyond physics: ``times`` of them in ``within_s``; none is told over a gap of ``gap_s``."""

    most_c_per_min: dict[str, _Positive]
    times: _Count
    within_s: _Positive
    gap_s: _Positive


class DriftParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sensor that moves away from its neighbours, judged by nights, local time.

    Attributes:
        from_h, to_h: the hours of a night that count; over midnight.
        learn_nights: so many nights say how a place differs from its neighbours by nature.
        recent_nights: the median of so many is compared with that.
        limit_c: how far it may have moved [°C].
        neighbours: least number of other fresh sensors.
        hours: least number of hours in a night that counts.
        age_s: a reading older than this [s] says nothing.
    """

    from_h: _Hour
    to_h: _Hour
    learn_nights: _Count
    recent_nights: _Count
    limit_c: _Positive
    neighbours: _Count
    hours: _Count
    age_s: _Positive


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind's battery: its field, and below which level it is to be changed; ``well`` = again in order.

    Some devices of a kind have another battery: a level below ``small_below`` is one of these, with limits of its own.
    """

    field: str
    low: float
    well: float
    unit: str
    small_below: float | None = None
    small_low: float = 0.0
    small_well: float = 0.0

    def __post_init__(self) -> None:
        if not self.low < self.well:
            raise ValueError(f"well {self.well} must be above low {self.low}")
        if (
            self.small_below is not None
            and not self.small_low < self.small_well < self.small_below < self.low
        ):
            raise ValueError(
                f"small_low {self.small_low}, small_well {self.small_well}, small_below {self.small_below} and low {self.low}"
                " must rise"
            )

    def of_level(self, level: float) -> Cell:
        """Return the limits of a battery at this level."""
        if self.small_below is None or level >= self.small_below:
            return self
        return Cell(field=self.field, low=self.small_low, well=self.small_well, unit=self.unit)


class BatteryParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Batteries that run out: low already, or, by their trend over ``least_days`` or more, within ``warn_days``."""

    of: dict[str, Cell]
    least_days: Annotated[int, Meta(ge=3, le=60)]
    warn_days: _Positive


class CompletenessParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Devices that report less than ``least_share`` of a day's readings while most of their kind do more."""

    kinds: tuple[str, ...]
    least_share: _Share


class ClockParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Clocks that were repaired or not trusted in more than ``most_share`` of a day's readings."""

    most_share: _Share
    least_readings: _Count
