"""The stretches of a town as the forecast takes them: what each road is like, and whose sensors speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.registry import RoadNode, RoadSegment
from rules.core.parameters import TransferParameters
from rules.core.places import positions
from rules.core.psychrometrics import Floats
from rules.core.road_now.shade import skyline_of
from rules.core.road_state import build_transfer
from rules.core.road_surface.skyline import Skyline
from rules.core.road_surface.traffic import busy_of, traffic_of

Ints = NDArray[np.int64]

HEAT_W_M2, STIRRING_W_M2K = 6.0, 1.5
"""Heat and stirred air of the busiest road, mean of a day: RoadSurf and METRo have 5 to 10 W/m²."""
SHELTER = 0.5
"""Share of the wind that is left where no sky is seen."""
DECK_M, UNDERSIDE_W_M2K = 0.25, 12.0
"""A bridge's deck with its surfacing, and how its underside exchanges heat with the air: convection in a light wind and
radiation. Chosen; METRo gives the underside the air's temperature itself."""
LATITUDE_DEG, LONGITUDE_DEG = 55.0, -3.0
"""Of a town whose roads have no positions."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Segments, n of them, and road sensors, m of them.

    Attributes:
        ids: of the segments.
        sensors: names of the road devices that lie on one.
        sensor_at: per sensor its segment.
        own: what differs between the roads, as ``road_surface.roads`` takes it.
        skyline: what hides the sun from them.
        altitude_m: of the segments.
        weight: n × m, how much a sensor says of a segment, not normalised; the most alike say 400.
        latitude_deg, longitude_deg: of the town.
    """

    ids: tuple[str, ...]
    sensors: tuple[str, ...]
    sensor_at: Ints
    own: Mapping[str, Floats]
    skyline: Skyline
    altitude_m: Floats
    weight: Floats
    latitude_deg: float
    longitude_deg: float

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sensor_of(self) -> Ints:
        """Per segment its own sensor, -1 = none."""
        found = np.full(len(self), -1, dtype=np.int64)
        found[self.sensor_at] = np.arange(len(self.sensors))
        return found


def stretches(
    segments: Sequence[RoadSegment],
    nodes: Sequence[RoadNode],
    sensors: Sequence[str],
    p: TransferParameters,
) -> Stretches:
    """Return a town's stretches.

    Args:
        segments: in the order of the table to be made.
        nodes: where they begin and end.
        sensors: road devices, each on one of the segments.
        p: how alike roads must be to speak for each other.
    """
    of_device = {s.device: i for i, s in enumerate(segments) if s.device is not None}
    altitude = np.array([s.altitude_m for s in segments], dtype=np.float64)
    middle = positions(segments, nodes)
    known = middle[~np.isnan(middle).any(axis=1)]
    latitude, longitude = known.mean(axis=0).tolist() if len(known) else (LATITUDE_DEG, LONGITUDE_DEG)
    return Stretches(
        ids=tuple(s.segment_id for s in segments),
        sensors=tuple(sensors),
        sensor_at=np.array([of_device[d] for d in sensors], dtype=np.int64),
        own=_own(segments),
        skyline=skyline_of(segments, nodes),
        altitude_m=altitude,
        weight=build_transfer(segments, nodes, sensors, p).weight,
        latitude_deg=latitude,
        longitude_deg=longitude,
    )


def _own(segments: Sequence[RoadSegment]) -> dict[str, Floats]:
    sky = np.clip([s.sky_view_factor for s in segments], 0.0, 1.0)
    busy = np.array([busy_of(s.road_class) for s in segments], dtype=np.float64)
    bridge = np.array([s.bridge for s in segments], dtype=np.bool_)
    return {
        "sky_view": sky,
        "wind_factor": SHELTER + (1.0 - SHELTER) * sky,
        "traffic": np.array([traffic_of(s.road_class) for s in segments], dtype=np.float64),
        "traffic_w_m2": HEAT_W_M2 * busy,
        "traffic_w_m2k": STIRRING_W_M2K * busy,
        "deck_m": np.where(bridge, DECK_M, np.nan),
        "bottom_w_m2k": np.where(bridge, UNDERSIDE_W_M2K, 0.0),
    }


def shares(weight: Floats, there: NDArray[np.bool_]) -> Floats:
    """Return weights that add up to 1 over the sensors that are there: n × m; all 0 where none is.

    Args:
        weight: n × m.
        there: per sensor.
    """
    found = weight * there
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(found, total, out=np.zeros_like(found), where=total > 0.0), dtype=np.float64)
