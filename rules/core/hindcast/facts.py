"""What is known of a past night on one street: what was decided, what was done, what was measured. Times in s since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

STREET_CLASS = "A"
"""Class of the street whose nights are looked at: four lanes of a town."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the street in an hour: salt and sand [g/m²], and whether it was ploughed."""

    at_s: float
    salt_g_m2: float
    sand_g_m2: float = 0.0
    plough: bool = False

    @property
    def is_any(self) -> bool:
        """Whether anything was done."""
        return self.salt_g_m2 > 0.0 or self.sand_g_m2 > 0.0 or self.plough


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the rules.

    Attributes:
        action: one of the six (:data:`rules.core.gritting.Action`).
        rate_g_m2, passes: of the treatment, 0 where none is asked for.
        lowest_c: the lowest surface temperature that it expected [°C].
        weather: by which weather the road forecast was made; empty where there was none.
        salt_left_g_m2: of earlier treatments; None: none is known of.
        reason: its own, in words.
    """

    at_s: float
    action: str
    rate_g_m2: float
    passes: int
    lowest_c: float | None
    weather: str
    salt_left_g_m2: float | None
    reason: str

    @property
    def treats(self) -> bool:
        """Whether a lorry is sent."""
        return self.action in ("treat", "treat_twice", "plough")

    @property
    def total_g_m2(self) -> float:
        """Salt of all passes."""
        return self.rate_g_m2 * self.passes


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a street as they were measured; NaN = missing.

    Attributes:
        at_s: times.
        surface_c: of the road.
        wet: whether the road was not dry.
        rain_mm_h, snow_mm_h: of the hour [mm/h, water equivalent].
        damp: whether the road was damp rather than wet; None: not told, it is wet.
    """

    at_s: Floats
    surface_c: Floats
    wet: NDArray[np.bool_]
    rain_mm_h: Floats
    snow_mm_h: Floats
    damp: NDArray[np.bool_] | None = None

    def between(self, from_s: float, to_s: float) -> Hours:
        """Return those from a time up to another, with both."""
        mine = (self.at_s >= from_s) & (self.at_s <= to_s)
        damp = None if self.damp is None else self.damp[mine]
        return Hours(
            self.at_s[mine], self.surface_c[mine], self.wet[mine], self.rain_mm_h[mine], self.snow_mm_h[mine], damp
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issued:
    """The road forecast of an evening: hours ahead, middle of the surface [°C], and P(surface < 0 °C)."""

    issued_s: float
    at_s: Floats
    middle_c: Floats
    below_zero: Floats


@dataclass(frozen=True, slots=True)
class NightFacts:
    """A night.

    Attributes:
        night: the day on which it began.
        from_s, to_s: from noon to noon of the street's clock.
        evening_s, morning_s: from when to when the road is judged.
        standing: what stood in the evening; None: nothing had been decided yet.
        decided: decisions of the night, the earliest first.
        log: what was done in it.
        hours: as measured, from evening to morning.
        issued: the evening's road forecast; None: there was none.
        lying: salt that was driven on the road from the day before the night on.
        rain: hours of the same time: when they ended, and the rain of each [mm].
    """

    night: date
    from_s: float
    to_s: float
    evening_s: float
    morning_s: float
    standing: Proposed | None
    decided: tuple[Proposed, ...]
    log: tuple[Spread, ...]
    hours: Hours
    issued: Issued | None
    lying: tuple[Spread, ...] = ()
    rain: tuple[tuple[float, float], ...] = ()
