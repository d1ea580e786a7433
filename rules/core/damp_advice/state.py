"""What advice is computed from: the air now, the wall, and what the last weeks have shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rules.core.damp import surface_temperature_c
from rules.core.moisture_events.clearing import ClearTimes
from rules.core.moisture_events.model import Band
from rules.core.psychrometrics import absolute_humidity_g_m3, relative_humidity_pct, vapour_pressure_pa

Kind = Literal["heat", "stay_below", "airing", "no_airing", "clearing", "less_water", "building", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One room now.

    Attributes:
        room: as in "the bathroom"; begins a sentence.
        room_c, humidity_pct: its air [°C, %].
        outdoor_c, outdoor_vapour_pa: outdoors [°C, Pa]; the latter None where not known.
        wind_m_s: outdoors [m/s]; None where not known.
        factor, factor_band: fRsi of its coldest wall, and how far it may be off to each side [-].

    Raises:
        ValueError: a temperature factor, with its band, outside (0, 1].
    """

    room: str
    room_c: float
    humidity_pct: float
    outdoor_c: float
    outdoor_vapour_pa: float | None
    wind_m_s: float | None
    factor: float
    factor_band: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 < self.factor - self.factor_band <= self.factor <= 1.0:
            raise ValueError(f"factor {self.factor} with its band {self.factor_band} must lie within (0, 1]")

    @property
    def factors(self) -> tuple[float, float, float]:
        """The worst, the likely and the best temperature factor [-]."""
        return self.factor - self.factor_band, self.factor, min(self.factor + self.factor_band, 1.0)

    @property
    def vapour_pa(self) -> float:
        """Vapour pressure in the room [Pa]."""
        return float(vapour_pressure_pa(self.room_c, self.humidity_pct))

    @property
    def drier_outside_g_m3(self) -> float | None:
        """How much less water the room would hold, filled with outdoor air [g/m³]; negative where more."""
        if self.outdoor_vapour_pa is None:
            return None
        return float(absolute_humidity_g_m3(self.room_c, self.vapour_pa - self.outdoor_vapour_pa))

    def wall_pct(
        self, *, vapour_pa: float | None = None, room_c: float | None = None, factor: float | None = None
    ) -> float:
        """Return the humidity at the coldest wall, with one thing or more not as it is [%]."""
        warm = self.room_c if room_c is None else room_c
        surface = surface_temperature_c(warm, self.outdoor_c, self.factor if factor is None else factor)
        return float(relative_humidity_pct(surface, self.vapour_pa if vapour_pa is None else vapour_pa))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What the last weeks have shown; None where they have not.

    Attributes:
        clear_times: of this room's showers or cooking.
        usual_rise_g_m3, events_per_day: of those.
        drying_g_day: water of clothes dried indoors [g/day].
        water_g_day: all water let in, by people too [g/day].
    """

    clear_times: ClearTimes | None = None
    usual_rise_g_m3: float | None = None
    events_per_day: float | None = None
    drying_g_day: float | None = None
    water_g_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do or to know.

    Attributes:
        kind: what it is about.
        effect_pct: by how much it lowers the humidity at the coldest wall, and lasts [percentage points]; the order.
        band: the main number, and how far it may be off because the wall is not known better.
        numbers: all numbers in the sentence, by name with unit.
        sentence: for a reading age of nine.
        why: the reason, in one sentence.
    """

    kind: Kind
    effect_pct: float
    band: Band
    numbers: Mapping[str, float]
    sentence: str
    why: str
