"""What if: the same weeks with the room heated, with ordinary moisture, or with a sound wall.

Each remedy mends one thing and leaves the rest: heating leaves the water in the air as it is, and so on. What furnishings would give or take is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rules.core.damp import surface_temperature_c
from rules.core.damp_cause.hours import Known
from rules.core.psychrometrics import Floats, relative_humidity_pct

FULL_AT_C = 20.0
"""ISO 13788: the limits of the moisture classes fall to 0 at this outdoor temperature [°C]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dampness:
    """How damp a wall is over some weeks.

    Attributes:
        hours: with the surface at or above the limit.
        dose_pct_h: by how much and how long it is above it [% h].
    """

    hours: int
    dose_pct_h: float


def dampness(
    room_c: Floats, behind_c: Floats, vapour_pa: Floats, factor: float, limit_pct: float
) -> Dampness:
    """Return how damp a wall is whose temperature factor is ``factor``.

    Args:
        room_c: air of the room [°C].
        behind_c: outdoor temperature as the wall has taken it in [°C].
        vapour_pa: vapour pressure in the room [Pa].
        factor: fRsi [-].
        limit_pct: surface humidity that counts [%].
    """
    surface_c = surface_temperature_c(room_c, behind_c, np.full(len(room_c), factor))
    above = relative_humidity_pct(surface_c, vapour_pa) - limit_pct
    return Dampness(hours=int((above >= 0.0).sum()), dose_pct_h=float(np.maximum(above, 0.0).sum()))


def normal_excess_pa(outdoor_c: Floats, at_zero_pa: float) -> Floats:
    """Return an excess that is ``at_zero_pa`` up to 0 °C outdoors and falls to 0 at 20 °C [Pa] (ISO 13788)."""
    return np.asarray(at_zero_pa * np.clip((FULL_AT_C - outdoor_c) / FULL_AT_C, 0.0, 1.0))


def excess_ratio(k: Known, at_zero_pa: float) -> float:
    """Return how many times the ordinary excess the home has on average; inf where that is 0."""
    normal = float(normal_excess_pa(k.outdoor_c, at_zero_pa).mean())
    return float(k.excess_pa.mean()) / normal if normal > 0.0 else np.inf


def as_is(k: Known, factor: float, limit_pct: float) -> Dampness:
    """Return how damp the wall was."""
    return dampness(k.room_c, k.behind_c, k.vapour_pa, factor, limit_pct)


def heated(k: Known, factor: float, limit_pct: float, heated_c: float) -> Dampness:
    """Return how damp it would have been with the room never below ``heated_c`` [°C]."""
    return dampness(np.maximum(k.room_c, heated_c), k.behind_c, k.vapour_pa, factor, limit_pct)


def drier(k: Known, factor: float, limit_pct: float, left: float) -> Dampness:
    """Return how damp it would have been with this part ``left`` of the moisture excess [-]."""
    return dampness(k.room_c, k.behind_c, k.outdoor_pa + left * k.excess_pa, factor, limit_pct)


def sounder(k: Known, factor: float, limit_pct: float, sound_factor: float) -> Dampness:
    """Return how damp it would have been with a wall of ``sound_factor``; never a worse one than it had."""
    return dampness(k.room_c, k.behind_c, k.vapour_pa, max(factor, sound_factor), limit_pct)


def outdoor_only(k: Known, factor: float, limit_pct: float) -> Dampness:
    """Return how damp it would have been with outdoor air and nobody adding water."""
    return dampness(k.room_c, k.behind_c, np.minimum(k.outdoor_pa, k.vapour_pa), factor, limit_pct)


Remedy = Callable[[Known, float, float, float], Dampness]
REMEDIES: dict[str, Remedy] = {"heat": heated, "fabric": sounder}
