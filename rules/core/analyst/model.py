"""What the analyst is given and what it makes of it. Plain values; times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rules.core.moisture_events.diary import Entry
from rules.core.psychrometrics import Floats

Field = Literal["temperature_c", "humidity_pct", "wall_temperature_c"]
How = Literal["side_by_side", "salt", "reference", "self_heating", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An offset of a sensor's field for a time.

    Attributes:
        calibration_id: its number.
        field: which.
        offset: added to what was read, in the field's unit.
        keeps_vapour: the box warms itself: vapour pressure is as read, humidity follows the corrected temperature.
        from_s, to_s: when it holds [s since 1970]; None: until further notice.
        how: it was found.
    """

    calibration_id: int
    field: Field
    offset: float
    keeps_vapour: bool
    from_s: float
    to_s: float | None
    how: How


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one box in order of time; NaN where a field was not measured."""

    at_s: Floats
    temperature_c: Floats
    humidity_pct: Floats
    wall_c: Floats

    def __len__(self) -> int:
        return len(self.at_s)


@dataclass(frozen=True, slots=True)
class Stations:
    """Readings of the town's weather stations, in any order; NaN where a field was not measured.

    ``station``: a number for each, any.
    """

    station: NDArray[np.int64]
    at_s: Floats
    temperature_c: Floats
    humidity_pct: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day of a room, as it is kept. Fields as in table ``damp_day``; hours as float32 values."""

    day: date
    begins_s: float
    n: int
    expected: int
    hours: int
    temperature_c: float | None
    humidity_pct: float | None
    vapour_pa: float | None
    outdoor_c: float | None
    outdoor_pa: float | None
    excess_pa: float | None
    excess_hours: int
    surface_hours: int
    surface_min_c: float | None
    damp_hours_low: int
    damp_hours: int
    damp_hours_high: int
    mould: Mapping[str, Mapping[str, float]]
    mould_state: bytes
    factor: float
    factor_low: float
    factor_high: float
    factor_error: float | None
    factor_nights: int | None
    flags: tuple[str, ...]
    calibrations: tuple[int, ...]
    sister_k: float | None
    sister_dew_k: float | None
    rules: str
    hour_c: tuple[float | None, ...] | None
    hour_pa: tuple[float | None, ...] | None
    hour_wall_c: tuple[float | None, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A moisture event of a room, as it is kept. Fields as in table ``moisture_event``."""

    started_s: float
    peak_s: float
    ended_s: float
    activity: str
    confidence: float
    rise_g_m3: float
    grams_low: float
    grams: float
    grams_high: float
    full_air: bool
    half_min: float | None
    clear_min: float | None
    aired: bool
    of_household: bool
    outdoor_known: bool
    diary_entry_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Means of a room over the whole days of a month; ``days`` of them."""

    month: str
    days: int
    temperature_c: float
    excess_pa: float
    outdoor_c: float
    outdoor_pa: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """Why a home is damp, as of a week. Fields as in table ``damp_finding``."""

    week: date
    to_day: date
    device: str
    cause: str | None
    confidence: float | None
    risk: str
    mould_index: float | None
    evidence: Mapping[str, Any]
    advice: Mapping[str, Any]
    iso: Mapping[str, Any]
    standard: Mapping[str, Any]
    monthly: Mapping[str, Any]
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomInput:
    """A box in a home, and what is known of it.

    Attributes:
        device: its name.
        room: where it stands, as people call it; may be empty.
        cadence_s: interval of its readings [s].
        installed_s: when it was [s since 1970].
        series: readings from :func:`rules.core.analyst.days.read_from_s` on.
        before: its days before ``due``, at most :data:`rules.core.analyst.days.LOOK_BACK_DAYS`, in order.
        first_nights: ``sister_dew_k`` of its first nights, in order.
        first_warmth: ``sister_k`` of them.
        months: of the year before.
        calibrations: those that are applied.
        events: of the last weeks before ``due``, for the finding.
    """

    device: str
    room: str
    cadence_s: float
    installed_s: float
    series: Series
    before: tuple[Day, ...] = ()
    first_nights: tuple[float, ...] = ()
    first_warmth: tuple[float, ...] = ()
    months: tuple[Month, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    events: tuple[EventRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeInput:
    """A home of which days are to be worked out.

    Attributes:
        home_id, code: which.
        temperature_factor: fRsi assumed of its coldest wall [-].
        occupants: people who live there; None: not known.
        due: first local day to be worked out.
        last: last one.
        seen_s: event time up to which readings are there [s since 1970].
        rooms: its boxes.
        diary: its entries, with their numbers.
    """

    home_id: int
    code: str
    temperature_factor: float
    occupants: int | None
    due: date
    last: date
    seen_s: float
    rooms: tuple[RoomInput, ...] = ()
    diary: tuple[tuple[int, Entry], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomResult:
    """Days and events of a room from ``due`` to ``last``: all there are."""

    device: str
    days: tuple[Day, ...]
    events: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeResult:
    """All that is written of a home.

    Attributes:
        home: what it was made of.
        rooms: their days and events.
        findings: of the weeks that are new or other ones.
    """

    home: HomeInput
    rooms: tuple[RoomResult, ...]
    findings: tuple[FindingRow, ...] = field(default=())
