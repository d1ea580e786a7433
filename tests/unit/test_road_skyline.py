"""What hides the sun from roads: published views of streets, directions of roads, and what the forecast makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from devices.registry import RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.road_now.issue import issue
from rules.core.road_now.shade import axes_deg, skyline_of
from rules.core.road_now.speed import county
from rules.core.road_surface.skyline import SECTORS, Skyline, between_houses, sky_view_of, surveyed
from rules.core.road_surface.sun import Sun

NOON = Sun(np.array([14.5]), np.array([180.0]), np.array([340.0]))
"""The winter solstice at 52° north."""
NODES = [
    RoadNode(node_id=i, latitude_deg=52.0 + north, longitude_deg=east)
    for i, (north, east) in enumerate([(0.0, 0.0), (0.001, 0.0), (0.0, 0.001), (0.001, 0.001 / 0.61566)])
]


def road(to: int = 1, **changes: object) -> RoadSegment:
    made = RoadSegment(
        segment_id=f"s{to}", street="Road", road_class="C", from_node=0, to_node=to, length_m=100.0
    )
    return structs.replace(made, **changes)


def across_and_along(sky_view: float) -> list[float]:
    """How much of the solstice's noon sun reaches a street east and west, and one north and south."""
    made = between_houses(np.array([90.0, 0.0]), np.full(2, sky_view))
    return made.lit(NOON)[0].tolist()


def test_a_street_between_walls_has_the_published_view_of_the_sky() -> None:
    """Oke 1987: the middle of a street as wide as its walls are high sees 0.447 of the sky, cos(atan 2)."""
    made = between_houses(np.array([0.0]), np.array([0.4472]))
    assert np.tan(np.radians(made.horizon_deg[0, SECTORS // 4])) == pytest.approx(2.0, abs=1e-3)
    assert made.horizon_deg[0, [0, SECTORS // 2]] == pytest.approx(0.0, abs=1e-9)  # along the street


def test_an_open_road_has_no_shadow_and_a_tunnel_no_sun() -> None:
    assert across_and_along(1.0) == [1.0, 1.0]
    dark = between_houses(np.array([90.0]), np.array([0.0])).lit(NOON)
    assert dark[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_in_december_streets_east_and_west_lie_in_shadow_and_north_and_south_have_the_sun() -> None:
    across, along = across_and_along(0.6)
    assert (across, along) == (0.0, 1.0)
    across, along = across_and_along(0.9)
    assert across == pytest.approx(1.0 - 0.1 / (1.0 - np.cos(np.pi / 6.0)))  # through the gaps
    assert along == 1.0


@pytest.mark.parametrize("sky_view", [0.05, 0.5, 0.86, 0.87, 0.97])
def test_what_stands_there_leaves_the_sky_that_is_seen(sky_view: float) -> None:
    made = between_houses(np.array([0.0]), np.array([sky_view]))
    beta = np.radians(made.horizon_deg[0].max())
    assert 1.0 - made.closed[0] * (1.0 - np.cos(beta)) == pytest.approx(sky_view, abs=1e-9)
    assert np.degrees(beta) >= 30.0 - 1e-9, "lower houses are none: there are gaps"


def test_a_horizon_keeps_its_directions_and_gives_the_view_of_the_sky() -> None:
    """A level road above a horizon of 45° all round sees half of the sky (cos², Oke 1987)."""
    eight = surveyed((0.0, 10.0, 20.0, 30.0, 40.0, 30.0, 20.0, 10.0))
    assert eight.shape == (SECTORS,)
    assert (eight[0], eight[9], eight[18], eight[27]) == pytest.approx((0.0, 20.0, 40.0, 20.0))
    assert eight[34] == pytest.approx(10.0 * 20.0 / 45.0)  # 340°: between the last sector and the first
    assert sky_view_of((45.0,) * 12) == pytest.approx(0.5)
    assert sky_view_of((0.0,) * 8) == 1.0
    fine = surveyed((0.0, 60.0) * 36)
    assert fine == pytest.approx(30.0, abs=3.0), "a wall in each second 5° is no open country"
    assert surveyed(eight).tolist() == eight.tolist()


def test_directions_are_those_of_the_lines() -> None:
    bent = road(geometry=((0.0, 52.0), (0.002, 52.0), (0.0025, 52.0003)))
    found = axes_deg([road(1), road(2), road(3), bent, road(9)], NODES)
    assert found[:3] == pytest.approx([0.0, 90.0, 45.0], abs=0.2)
    assert 80.0 < found[3] < 90.0
    assert np.isnan(found[4])  # a node that has no position
    ring = road(
        geometry=tuple(
            (0.001 * np.sin(a), 52.0 + 0.00061566 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 13)
        )
    )
    assert np.isnan(axes_deg([ring], NODES)[0]), "a roundabout leads nowhere"
    assert axes_deg([road(2, geometry=((0.5, 52.0),))], NODES)[0] == pytest.approx(90.0)


def test_a_surveyed_horizon_stands_bridges_are_open_and_unknown_roads_have_no_shadow() -> None:
    wall = (0.0, 0.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0)
    roads = [
        road(2, sky_view_factor=0.6), road(2, sky_view_factor=0.6, bridge=True), road(9, sky_view_factor=0.6),
        road(1, sky_view_factor=0.6, horizon_deg=wall),
    ]  # fmt: skip
    made = skyline_of(roads, NODES)
    assert made.lit(NOON)[0].tolist() == pytest.approx([0.0, 1.0, 1.0, 0.0], abs=1e-9)
    assert made.closed.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert made.assumed.tolist() == [True, True, True, False]


def test_the_running_forecast_knows_which_streets_the_sun_does_not_reach() -> None:
    given = county(40, load().transfer.parameters)
    n = len(given.town)
    free = ~np.isin(np.arange(n), given.town.sensor_at)
    shut = free & (np.arange(n) % 2 == 1)
    walls = Skyline(
        np.where(shut[:, None], 89.0, 0.0) * np.ones((n, SECTORS)), np.ones(n), np.zeros(n, dtype=np.bool_)
    )
    lit, dark = (
        issue(replace(given, town=replace(given.town, skyline=s))).forecast
        for s in (Skyline(np.zeros((n, SECTORS)), np.zeros(n), np.zeros(n, dtype=np.bool_)), walls)
    )
    now_c = dark.now.surface_c - lit.now.surface_c
    morning_c = (dark.values() - lit.values())[:, 1, 18:22].min(axis=1)
    assert now_c[shut].max() < -0.3  # 16:00 in January: a sunny day is behind
    assert morning_c[shut].max() < -0.3
    assert abs(now_c[~shut]).max() == 0.0
