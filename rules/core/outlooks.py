"""What is known of a route's segments for the coming hours: computed in columns, made one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.gritting import Outlook
from rules.core.memory import Outdoor
from rules.core.nowcast import hours_until, minimum_c
from rules.core.parameters import GrittingParameters
from rules.core.psychrometrics import Floats
from rules.core.road_state import DAMP, WET
from rules.core.segment_views import Views

NEARLY_C = 0.5
"""A surface this close to its lowest temperature is as good as there."""


@dataclass(frozen=True, slots=True)
class Outlooks:
    """Of each of ``members``, indices of segments: the lowest temperature [°C] and hours until limits; NaN = none."""

    found: Views
    members: Sequence[int]
    town: Outdoor
    minimum_c: Floats
    zero_in_h: Floats
    hoar_in_h: Floats
    low_in_h: Floats

    def __getitem__(self, k: int) -> Outlook:
        """Return one segment's."""
        i, s, town = self.members[k], self.found.surfaces, self.town
        segment, state = self.found.ctx.graph.segments[i], self.found.states[i]
        wetness = _known(s.wetness, i) or 0.0
        return Outlook(
            segment_id=segment.segment_id,
            street=segment.street,
            surface_c=_known(s.surface_c, i),
            minimum_c=_known(self.minimum_c, k),
            zero_in_h=_known(self.zero_in_h, k),
            hoar_in_h=_known(self.hoar_in_h, k),
            low_in_h=_known(self.low_in_h, k),
            dew_point_c=_known(s.dew_point_c, i),
            frost_point_c=_known(s.frost_point_c, i),
            air_c=town.air_c,
            state=state,
            wet=wetness > (DAMP + WET) / 2 or town.precipitation == "rain",
            damp=wetness >= DAMP / 2 or state == "hoar",
            precipitation=town.precipitation,
            snow_mm=town.snow_mm,
        )

    def __iter__(self) -> Iterator[Outlook]:
        return (self[k] for k in range(len(self)))

    def __len__(self) -> int:
        return len(self.members)

    def coldest(self) -> int | None:
        """Return the place of the segment that becomes coldest; None where there is none, or one is not known."""
        if len(self) == 0 or np.isnan(self.minimum_c).any():
            return None
        segments = self.found.ctx.graph.segments
        lowest = np.flatnonzero(self.minimum_c == self.minimum_c.min()).tolist()
        return min(lowest, key=lambda k: segments[self.members[k]].segment_id)


def outlooks(found: Views, members: Sequence[int], town: Outdoor, p: GrittingParameters) -> Outlooks:
    """Return what is known of ``members`` (indices of segments) for the coming hours."""
    at = np.array(members, dtype=np.int64)
    now_c, slope = found.surfaces.surface_c[at], np.nan_to_num(found.guessed.slope_c_h[at])
    frost, dew = found.surfaces.frost_point_c[at], found.surfaces.dew_point_c[at]
    point = np.where(np.isnan(frost), dew, frost)
    lowest = minimum_c(now_c, slope, p.trend_damping_h, p.horizon_h)

    def reached(limit_c: Floats) -> Floats:
        hours = hours_until(limit_c, now_c, slope, p.trend_damping_h)
        return np.where(hours > p.horizon_h, np.nan, hours)

    return Outlooks(
        found, members, town, lowest,
        zero_in_h=reached(np.zeros(len(at))),
        hoar_in_h=reached(np.minimum(0.0, point + p.hoar_margin_c)),
        low_in_h=reached(lowest + NEARLY_C),
    )  # fmt: skip


def _known(column: Floats, i: int) -> float | None:
    value = float(column[i])
    return None if value != value else value  # NaN is not equal to itself
