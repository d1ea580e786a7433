"""The simulated town's houses: shadow by the road's direction, no two streets alike, the same in every run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from devices.registry import RoadSegment
from firmware_sim.world.houses import FRONTAGE, Houses
from firmware_sim.world.sky import diffuse_share, sun_azimuth_deg, sun_height_sine

EAST, NORTH = ((0.0, 52.0), (0.002, 52.0)), ((0.0, 52.0), (0.0, 52.001))


def roads(line: tuple[tuple[float, float], ...], sky_view: float, n: int = 50, **more: object) -> Houses:
    return Houses(
        [
            RoadSegment(
                segment_id=f"s{i}", street="Road", road_class="C", from_node=0, to_node=1, length_m=100.0,
                sky_view_factor=sky_view, geometry=line, **more,  # type: ignore[arg-type]
            )
            for i in range(n)
        ]
    )  # fmt: skip


def test_the_noon_sun_of_december_reaches_streets_north_and_south_only() -> None:
    assert roads(EAST, 0.6).lit(14.5, 180.0).max() <= 1.0 - FRONTAGE[0]
    assert roads(NORTH, 0.6).lit(14.5, 180.0).min() == pytest.approx(1.0)
    assert roads(EAST, 0.95).lit(60.0, 180.0).min() == pytest.approx(1.0)


def test_the_sides_of_a_street_differ_and_streets_do() -> None:
    houses = roads(NORTH, 0.75)
    east, west = houses.lit(30.0, 90.0), houses.lit(30.0, 270.0)
    assert (east != west).any()
    assert len(set(houses.frontage.tolist())) > 40
    np.testing.assert_array_equal(houses.lit(20.0, 90.0), roads(NORTH, 0.75).lit(20.0, 90.0))


def test_bridges_and_roads_without_a_line_are_open() -> None:
    assert roads(EAST, 0.6, bridge=True).lit(5.0, 180.0).tolist() == [1.0] * 50
    assert roads((), 0.6).lit(5.0, 180.0).tolist() == [1.0] * 50


def test_the_sun_goes_from_east_over_south_to_west() -> None:
    """52° north: at the solstice it rises in the south-east (some 128°), at noon it stands at 14.5°."""
    assert sun_azimuth_deg(355, 12.0, 52.0) == pytest.approx(180.0)
    assert sun_azimuth_deg(80, 6.0, 52.0) == pytest.approx(90.0, abs=1.0)
    assert sun_azimuth_deg(355, 8.2, 52.0) == pytest.approx(128.0, abs=3.0)
    assert math.degrees(math.asin(sun_height_sine(355, 12.0, 52.0))) == pytest.approx(14.5, abs=0.1)


def test_an_overcast_sky_has_no_direct_sun() -> None:
    """Kasten & Czeplak 1980: 0.3 of a clear sky's light is diffuse, all of an overcast one's."""
    assert (diffuse_share(0.0), diffuse_share(8.0)) == (0.3, 1.0)
