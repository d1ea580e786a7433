"""What the model knows at a time: of the ground, of what lies on the road, of the weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rules.core.road_surface.vapour import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Columns: members × segments. Temperatures in °C, stores in mm of water equivalent (kg/m²).

    Attributes:
        temperature_c: of the nodes: nodes × members × segments.
        water_mm, ice_mm, snow_mm, deposit_mm: on the road; deposit is hoar.
        salt_fast_g_m2, salt_slow_g_m2: NaCl that traffic takes within hours, and the rest.
        zeta: stability of the air, kept as the next step's start.
    """

    temperature_c: Array
    water_mm: Array
    ice_mm: Array
    snow_mm: Array
    deposit_mm: Array
    salt_fast_g_m2: Array
    salt_slow_g_m2: Array
    zeta: Array

    @property
    def surface_c(self) -> Array:
        """Return the temperature of the surface [°C]."""
        return cast("Array", self.temperature_c[0])

    @property
    def salt_g_m2(self) -> Array:
        """Return all salt on the road [g/m²]."""
        return self.salt_fast_g_m2 + self.salt_slow_g_m2

    def map(self, change: Callable[[Array], Array]) -> State:
        """Return the state with ``change`` made to every array."""
        return State(**{f.name: change(getattr(self, f.name)) for f in fields(self)})

    def spread(self, salt_g_m2: ArrayLike, kept_share: float, water_mm: ArrayLike = 0.0) -> State:
        """Return the state after gritters have passed.

        Args:
            salt_g_m2: what they leave, per segment or column [g/m²].
            kept_share: of it, what sits in the voids (``salt.KEPT_SHARE``).
            water_mm: of brine [mm].
        """
        more = self.zeta * 0.0 + np.asarray(salt_g_m2, dtype=self.zeta.dtype)
        return replace(
            self,
            salt_fast_g_m2=self.salt_fast_g_m2 + (1.0 - kept_share) * more,
            salt_slow_g_m2=self.salt_slow_g_m2 + kept_share * more,
            water_mm=self.water_mm + np.asarray(water_mm, dtype=self.zeta.dtype),
        )


def bare(temperature_c: Array) -> State:
    """Return a dry, unsalted road with the ground at ``temperature_c``: nodes × members × segments."""
    nothing = np.zeros_like(temperature_c[0])
    stores = {f.name: nothing.copy() for f in fields(State) if f.name != "temperature_c"}
    return State(temperature_c=temperature_c, **stores)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forcing:
    """The weather at the end of each step: steps × members × segments, where 1 stands for all.

    Attributes:
        air_c, vapour_pa, wind_m_s, pressure_pa: at their heights.
        direct_w_m2, diffuse_w_m2: sunshine on an open horizontal surface.
        lit: share of direct sunshine that reaches the road.
        longwave_w_m2: from the sky; NaN = from ``cloud``.
        cloud: covered share of the sky; NaN = unknown, the site's value.
        rain_mm_h, snow_mm_h: of water equivalent.
        local_c: air at the road beyond ``air_c`` that changes with time; None: nowhere.
        most_vapour_pa: what air at the road can hold at most; None: whatever ``vapour_pa`` says.
    """

    air_c: Array
    vapour_pa: Array
    wind_m_s: Array
    pressure_pa: Array
    direct_w_m2: Array
    diffuse_w_m2: Array
    lit: Array
    longwave_w_m2: Array
    cloud: Array
    rain_mm_h: Array
    snow_mm_h: Array
    local_c: Array | None = None
    most_vapour_pa: Array | None = None

    @property
    def steps(self) -> int:
        """Return the number of steps."""
        return len(self.air_c)

    def map(self, change: Callable[[Array], Array]) -> Forcing:
        """Return the forcing with ``change`` made to every array."""
        there = {f.name: a for f in fields(self) if (a := getattr(self, f.name)) is not None}
        return Forcing(**{name: change(a) for name, a in there.items()})

    def at(self, step: int) -> Forcing:
        """Return the weather at the end of a step: members × segments."""
        return self.map(lambda a: a[step])

    def of(self, segments: slice | NDArray[np.int64]) -> Forcing:
        """Return the weather of some segments."""
        return self.map(lambda a: a if a.shape[2] == 1 else a[..., segments])


def columns(values: ArrayLike, dtype: type[np.floating[Any]] = np.float64) -> Array:
    """Return values per segment as a row: 1 × segments; a single one for all."""
    return np.asarray(values, dtype=dtype).reshape(1, -1)
