"""The treatment matrix: how much salt for which road and temperature, as data.

Edges of bands matter: -5.0 °C belongs to the colder row of the Scottish matrix. A gap is
a question for the duty officer, never a zero.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Condition = Literal[
    "frost",
    "ice",
    "light_snow",
    "heavy_snow",
    "snow_cover",
    "packed_snow",
    "freezing_rain",
    "after_freezing_rain",
]
Wetness = Literal["any", "dry_or_damp", "wet"]


class MatrixRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row. Bounds in °C of road surface temperature; absent = unbounded.

    A rate is above 0: a row without one is the duty officer's. ``passes``: number of treatments; ``successive``: repeated as long as it lasts; ``plough``: before the salt.
    """

    condition: Condition
    surface: Wetness = "any"
    above_c: float | None = None
    above_inclusive: bool = False
    below_c: float | None = None
    below_inclusive: bool = False
    dry_salt_g_m2: Annotated[float, Meta(gt=0, le=60)] | None = None
    prewet_g_m2: Annotated[float, Meta(gt=0, le=60)] | None = None
    passes: Annotated[int, Meta(ge=1, le=4)] = 1
    successive: bool = False
    plough: bool = False
    note: str = ""

    def covers(self, condition: Condition, wet: bool, surface_c: float) -> bool:
        """Whether the row is meant for a road."""
        return (
            self.is_for(condition, wet)
            and _over(surface_c, self.above_c, self.above_inclusive)
            and _over(-surface_c, None if self.below_c is None else -self.below_c, self.below_inclusive)
        )

    def is_for(self, condition: Condition, wet: bool) -> bool:
        """Whether the row is meant for a road at some temperature."""
        return self.condition == condition and self.surface in ("any", "wet" if wet else "dry_or_damp")

    def rate_g_m2(self, material: str) -> float | None:
        """Return the rate of one pass [g/m²]; dry salt where the material has none."""
        if material == "prewet" and self.prewet_g_m2 is not None:
            return self.prewet_g_m2
        return self.dry_salt_g_m2


def _over(value: float, bound: float | None, inclusive: bool) -> bool:
    if bound is None:
        return True
    return value >= bound if inclusive else value > bound


class TreatmentMatrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A matrix with its source."""

    id: str
    version: int
    source: str
    rows: tuple[MatrixRow, ...]

    def find(self, condition: Condition, wet: bool, surface_c: float) -> MatrixRow | None:
        """Return the row for a road; None where the matrix has a gap.

        Args:
            condition: what is expected.
            wet: whether the road is or will be wet; else it is dry or damp.
            surface_c: lowest expected road surface temperature [°C].
        """
        return next((r for r in self.rows if r.covers(condition, wet, surface_c)), None)

    def total_g_m2(self, condition: Condition, wet: bool, surface_c: float, material: str) -> float:
        """Return all passes of the row for a road together [g/m²]; 0 where it has none, or no rate."""
        row = self.find(condition, wet, surface_c)
        return 0.0 if row is None else (row.rate_g_m2(material) or 0.0) * row.passes

    def is_more_after_rain(self, wet: bool, surface_c: float, material: str) -> bool:
        """Whether the row for the hours after freezing rain has more salt than that for frost; False where either has none."""
        frost = self.total_g_m2("frost", wet, surface_c, material)
        return 0.0 < frost < self.total_g_m2("after_freezing_rain", True, surface_c, material)

    def is_as_much_on_wet(self, surface_c: float, material: str) -> bool:
        """Whether the row for frost on a wet road has as much salt as that on a dry or damp one, or more."""
        wet, damp = (self.total_g_m2("frost", of, surface_c, material) for of in (True, False))
        return wet >= damp

    def knows(self, condition: Condition) -> bool:
        """Whether any row is meant for a condition."""
        return any(r.condition == condition for r in self.rows)
