"""How far a weather forecast, and the road's model, may be wrong: the widths of an ensemble."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Standard deviations of the forecast's errors, and shares of members; all chosen, none fitted to past forecasts.

    Attributes:
        air_c, humidity_pct, wind, cloud, precipitation: at ``full_h`` and later; the last four relative but humidity and cloud.
        timing_h: by which rain and snow come late or early [h].
        dry: share of members in which at ``full_h`` and later nothing falls of what is forecast.
        shower: share of members with a shower in a dry hour that nobody forecast, one in all their hours.
        shower_mm: its amount [mm].
        shower_cloud: none falls out of a sky that is covered less, 0..1; an unknown one may be.
        full_h: errors grow with the root of the lead until then.
        memory_h: errors of times so far apart are related by 1/e.
        flux_w_m2: steady, of each member.
        surface_c: of the model itself, with which each member is widened.
        age_h: how long ago the forecast was issued when the ensemble begins [h].
        moved_h: a forecast is moved to what is measured then; that is forgotten to 1/e in this time [h].
    """

    air_c: float = 1.5
    humidity_pct: float = 6.0
    wind: float = 0.3
    cloud: float = 0.25
    precipitation: float = 0.5
    timing_h: float = 1.0
    dry: float = 0.15
    shower: float = 0.1
    shower_mm: float = 0.5
    shower_cloud: float = 0.5
    full_h: float = 24.0
    memory_h: float = 8.0
    flux_w_m2: float = 6.0
    surface_c: float = 0.4
    age_h: float = 0.0
    moved_h: float = 4.0

    def grown(self, lead_h: Floats, silent_h: float = 0.0) -> Floats:
        """Return the share of the full error so many hours from now.

        An old forecast has erred for longer; the error of now is measured and taken out, and its age counts as that
        fades. What has not been measured for some hours has erred since then at least.
        """
        older_h = self.age_h * -np.expm1(-(lead_h + silent_h) / self.moved_h)
        erred_h = lead_h + np.maximum(older_h, silent_h)
        return np.asarray(np.sqrt(np.clip(erred_h / self.full_h, 0.0, 1.0)))
