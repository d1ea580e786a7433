"""The monthly check of ISO 13788: which temperature factor the walls would need, in the month that needs most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rules.core.iso13788.settings import DESIGN, Iso13788Settings
from rules.core.psychrometrics import (
    Floats,
    N,
    saturation_temperature_iso13788_c,
    vapour_pressure_iso13788_pa,
)
from rules.core.psychrometrics.shape import array, like
from rules.core.surface.band import FactorBand

Verdict = Literal["enough", "unsure", "too_cold"]


@dataclass(frozen=True, slots=True)
class MonthlyCheck:
    """What the check found.

    Attributes:
        months: as they were given.
        factor_min: fRsi that each month needs [-]; NaN where it is not known, or not colder outside than in.
        critical: index of the month that needs most; None where none is known.
        verdict: whether the wall's factor is enough, with its band; None where no month is known.
    """

    months: tuple[str, ...]
    factor_min: Floats
    critical: int | None
    verdict: Verdict | None


def factor_min(
    room_c: N, excess_pa: N, outdoor_c: N, outdoor_pct: N, settings: Iso13788Settings = DESIGN
) -> N:
    """Return the least temperature factor that keeps the surface at 80 % or below [-].

    Not limited to 0..1: below 0 any wall does, above 1 none. NaN where it is not colder outside than in.

    Args:
        room_c: monthly mean in the room [°C].
        excess_pa: monthly mean of vapour-pressure excess, without margin [Pa].
        outdoor_c: monthly mean outdoors [°C].
        outdoor_pct: monthly mean of relative humidity outdoors [%].
        settings: margin and limit.
    """
    outside = vapour_pressure_iso13788_pa(array(outdoor_c), array(outdoor_pct))
    return like(
        room_c, factor_min_of_pressure(array(room_c), array(excess_pa), array(outdoor_c), outside, settings)
    )


def factor_min_of_pressure(
    room_c: Floats, excess_pa: Floats, outdoor_c: Floats, outdoor_pa: Floats, settings: Iso13788Settings
) -> Floats:
    """Return :func:`factor_min` where the vapour pressure outdoors [Pa] is known, as of what was measured."""
    room_pa = outdoor_pa + settings.excess_margin * excess_pa
    surface_c = saturation_temperature_iso13788_c(array(room_pa / (settings.surface_limit_pct / 100.0)))
    difference = room_c - outdoor_c
    return array((surface_c - outdoor_c) / np.where(difference > 0.0, difference, np.nan))


def monthly_check(
    months: Sequence[str],
    room_c: Floats,
    excess_pa: Floats,
    outdoor_c: Floats,
    outdoor_pct: Floats,
    wall: FactorBand,
    settings: Iso13788Settings = DESIGN,
) -> MonthlyCheck:
    """Return which month is critical, and whether the wall is warm enough in it.

    Args:
        months: names, in order.
        room_c: monthly means in the room [°C]; NaN unknown, as in the others.
        excess_pa: monthly means of vapour-pressure excess, without margin [Pa].
        outdoor_c: monthly means outdoors [°C].
        outdoor_pct: monthly means of relative humidity outdoors [%].
        wall: its temperature factor with band.
        settings: margin and limit.
    """
    return check(months, factor_min(room_c, excess_pa, outdoor_c, outdoor_pct, settings), wall)


def check(months: Sequence[str], needed: Floats, wall: FactorBand) -> MonthlyCheck:
    """Return which month is critical, and whether the wall is warm enough in it.

    Args:
        months: names, in order.
        needed: the factor that each needs [-]; NaN unknown.
        wall: its temperature factor with band.
    """
    if bool(np.all(np.isnan(needed))):
        return MonthlyCheck(tuple(months), needed, None, None)
    critical = int(np.nanargmax(needed))
    return MonthlyCheck(tuple(months), needed, critical, _verdict(float(needed[critical]), wall))


def _verdict(needed: float, wall: FactorBand) -> Verdict:
    if needed <= wall.low:
        return "enough"
    return "too_cold" if needed > wall.high else "unsure"
