"""What a scenario may say: the script that the world plays.

Plain data, read from TOML by ``firmware_sim.scenario``. Hours count from the
scenario's start; negative hours are the day before, which the world plays in coarse
steps to bring roads and homes into a realistic state.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Hour = Annotated[float, msgspec.Meta(ge=-48, le=1000)]
Celsius = Annotated[float, msgspec.Meta(ge=-40, le=45)]
Kelvin = Annotated[float, msgspec.Meta(ge=-30, le=30)]
Speed = Annotated[float, msgspec.Meta(ge=0, le=40)]
Oktas = Annotated[float, msgspec.Meta(ge=0, le=8)]
MmPerHour = Annotated[float, msgspec.Meta(ge=0, le=60)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]
Millimetres = Annotated[int, msgspec.Meta(ge=1, le=50)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

FaultKind = Literal[
    "stuck", "spike", "swing", "sentinel", "dropout", "drift", "clock", "uplink", "fire", "tilt",
    "blocked", "contaminated", "not_out", "brown_out", "card_full",
]  # fmt: skip


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: a key that is not known is an error, not silence."""


class Climate(Strict, frozen=True):
    """What the weather tends to where the script says nothing."""

    air_temperature_c: Celsius = 5.0
    diurnal_range_c: Annotated[float, msgspec.Meta(ge=0, le=25)] = 5.0
    dew_point_c: Celsius = 2.0
    wind_speed_m_s: Speed = 3.0
    wind_direction_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] = 230.0
    cloud_oktas: Oktas = 5.0
    pressure_hpa: Annotated[float, msgspec.Meta(ge=930, le=1060)] = 1012.0
    ground_c: Celsius = 7.0


class Point(Strict, frozen=True):
    """Weather at one hour; a quantity left out is not fixed there."""

    hour: Hour
    air_temperature_c: Celsius | None = None
    dew_point_c: Celsius | None = None
    wind_speed_m_s: Speed | None = None
    wind_direction_deg: Annotated[float, msgspec.Meta(ge=0, le=360)] | None = None
    cloud_oktas: Oktas | None = None
    pressure_hpa: Annotated[float, msgspec.Meta(ge=930, le=1060)] | None = None
    precipitation_mm_h: MmPerHour | None = None


class Front(Strict, frozen=True):
    """A passing front: a spell of precipitation, and air that is different behind it.

    ``warm_aloft`` lets rain fall into frozen air (freezing rain).
    """

    hour: Hour
    duration_h: Annotated[float, msgspec.Meta(gt=0, le=72)] = 3.0
    precipitation_mm_h: MmPerHour = 0.0
    air_change_c: Kelvin = 0.0
    warm_aloft: bool = False


class Weather(Strict, frozen=True):
    """The weather of a scenario."""

    climate: Climate = Climate()
    points: tuple[Point, ...] = ()
    fronts: tuple[Front, ...] = ()
    noise: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.0


class Fault(Strict, frozen=True):
    """Something wrong with devices for a while.

    Which devices: ``devices`` by name, or ``kind`` with ``share`` (a part of them, chosen
    by the seed) or ``count``; with ``together`` the ``count`` nearest to one place, the same for all
    faults that say so: the road sensor that has bins closest around it. ``field`` names one value where only one is affected.
    ``value`` means: stuck/sentinel/tilt: the value sent (stuck without value: the last one);
    spike: height; swing: how far above and then, in turn, below the true value for ``spell_s`` each;
    drift: change per day; clock: offset in s; fire: peak temperature in °C (the sensor reads 125 at most);
    blocked: the distance in mm of what is jammed under a bin's sensor. ``blocked``, ``contaminated`` and ``not_out``
    bins are not emptied by a crew, which says so.
    ``probability`` is per reading (spike, sentinel, dropout), or the part of the time that the
    link is down (uplink) or the supply is gone (brown_out: the device starts anew when it is back), in spells of
    about ``spell_s``. card_full: the device can keep nothing new.
    """

    fault: FaultKind
    devices: tuple[str, ...] = ()
    kind: Literal["", "frog", "road", "weather", "gritter", "lorry", "bin"] = ""
    share: Share = 0.0
    count: Count = 0
    together: bool = False
    field: str = ""
    from_hour: Hour = -48.0
    to_hour: Hour = 1000.0
    value: float | None = None
    probability: Share = 1.0
    spell_s: Annotated[float, msgspec.Meta(ge=10, le=86400)] = 600.0


class Occasion(Strict, frozen=True):
    """A special time at which bins of a place (without one: all) fill faster or slower.

    On ``days`` (numbers since the start, 0 the first) and ``weekdays`` (0 Monday); without either every day.
    """

    factor: Annotated[float, msgspec.Meta(ge=0, le=50)]
    place: str = ""
    days: tuple[Annotated[int, msgspec.Meta(ge=0, le=1000)], ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    from_hour: Annotated[float, msgspec.Meta(ge=0, le=24)] = 0.0
    to_hour: Annotated[float, msgspec.Meta(ge=0, le=24)] = 24.0


class Round(Strict, frozen=True):
    """A crew empties, at an hour, the bins that are at least so full (fullest first)."""

    hour: Hour
    fill_above_pct: Percent = 70.0
    at_most: Count = 1000


class Bins(Strict, frozen=True):
    """How the bins start and fill, what their sensors do wrong, and who empties them.

    ``market``: every day that is played, ``market_weekdays``: on those (0 Monday). ``sunny_share``: of the days,
    on which parks fill. ``irregular_share``: of the bins, which have crowds on some days and little on others.
    ``weekday_spread`` and ``drift_spread``: how much a bin's own week, and its level over months, differ from its
    place's (standard deviation of the logarithm, about). ``pressed_a_day``: how often the litter in a bin is pressed
    down by somebody. ``…_share`` of echoes: per reading. ``quantum_mm``: the
    range of the sensors' steps. ``uncompensated_share``: of the sensors, which take the speed of sound at 20 °C.
    """

    start_fill_pct: tuple[Percent, Percent] = (5.0, 65.0)
    nearly_full: Count = 0
    nearly_full_pct: tuple[Percent, Percent] = (70.0, 77.0)
    deposits_factor: Annotated[float, msgspec.Meta(ge=0, le=20)] = 1.0
    market: bool = False
    market_weekdays: tuple[Weekday, ...] = ()
    sunny_share: Share = 0.0
    irregular_share: Share = 0.0
    weekday_spread: Share = 0.0
    drift_spread: Share = 0.0
    pressed_a_day: Share = 0.01
    occasions: tuple[Occasion, ...] = ()
    noise_mm: Annotated[float, msgspec.Meta(ge=0, le=200)] = 10.0
    quantum_mm: tuple[Millimetres, Millimetres] = (6, 12)
    uncompensated_share: Share = 0.0
    no_echo_share: Share = 0.003
    lid_echo_share: Share = 0.01
    false_echo_share: Share = 0.015
    rounds: tuple[Round, ...] = ()


class Report(Strict, frozen=True):
    """Residents report bins at an hour: the ``count`` that are nearest to where faults are ``together``."""

    hour: Hour
    what: Literal["full", "overflowing", "damaged"] = "damaged"
    count: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Expectation(Strict, frozen=True):
    """What a run of the scenario must bring about; numbers are minimum counts.

    ``alarms``: rule id to number of subjects alarmed. ``alarms_of_one_subject``: rule id to the
    most alarms there may be of one subject (a route, a home, a bin). ``gritting``: outcome (treat, no_action,
    monitor, refer) to number of decisions. ``gritting_any_of``: at least one decision has one
    of these outcomes. ``bins_to_collect``: bins that must go. ``bins_on_plan``: bins on the lorries' plan of a
    morning; with it all of its day is looked at. ``events``: kind to
    number. ``dead_letters``: number. ``incident``: services of which one incident alone holds the alarms and reports
    that are together.
    """

    alarms: dict[str, Count] = {}
    alarms_of_one_subject: dict[str, Count] = {}
    gritting: dict[Literal["treat", "no_action", "monitor", "refer"], Count] = {}
    gritting_any_of: tuple[Literal["treat", "no_action", "monitor", "refer"], ...] = ()
    bins_to_collect: Count = 0
    bins_on_plan: Count = 0
    events: dict[str, Count] = {}
    dead_letters: Count = 0
    incident: tuple[Literal["bins", "devices", "reports", "roads"], ...] = ()


class Scenario(Strict, frozen=True):
    """One scenario.

    Attributes:
        start_local: wall-clock time of the start in the town, ``"15:00"``.
        duration_h: how long it plays [h]; the world goes on after it if asked.
        day_of_year: for the sun: a January night stays one when it is played in July.
        weekday: 0 Monday .. 6 Sunday for deposits and habits; None takes the date's own.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    title: Annotated[str, msgspec.Meta(min_length=3, max_length=80)]
    description: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]
    start_local: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    duration_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 31)]
    day_of_year: Annotated[int, msgspec.Meta(ge=1, le=365)] = 15
    weekday: Weekday | None = None
    damp_homes_share: Share = 0.05
    weather: Weather = Weather()
    bins: Bins = Bins()
    faults: tuple[Fault, ...] = ()
    reports: tuple[Report, ...] = ()
    expect: Expectation = Expectation()

    @property
    def start_hour_local(self) -> float:
        """Local time of day at the start [h]."""
        hours, minutes = self.start_local.split(":")
        return int(hours) + int(minutes) / 60.0
