"""What ISO 13788 fixes, and what its readers understand differently, each with a name."""

from __future__ import annotations

from dataclasses import dataclass

CLASS_LIMITS_PA = (270.0, 540.0, 810.0, 1080.0)
"""Upper limits of vapour-pressure excess of classes 1 to 4 at 0 °C outdoors and below [Pa]."""

NO_EXCESS_FROM_C = 20.0
"""Outdoor temperature at which the limits have fallen to 0 [°C]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iso13788Settings:
    """How the check is done.

    Attributes:
        excess_margin: by which a vapour-pressure excess is multiplied before it is judged [-]. Designers use 1.1
            (unconfirmed at the source); 1 for what was measured and not designed.
        surface_limit_pct: highest monthly mean of surface humidity [%]: 80 for mould.
        warmest_c: above this mean outdoors, no humidity class is told: the limits run into each other [°C] (proposed).
        share: of probability that a told range of classes holds [-].
    """

    excess_margin: float = 1.1
    surface_limit_pct: float = 80.0
    warmest_c: float = 15.0
    share: float = 0.9


DESIGN = Iso13788Settings()
MEASURED = Iso13788Settings(excess_margin=1.0)
