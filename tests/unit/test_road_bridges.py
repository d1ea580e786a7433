"""A bridge has air underneath: it is colder than the road before dawn of a clear night, and takes mild air sooner."""

from __future__ import annotations

import numpy as np
import pytest

from devices.registry import RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.parameters import TransferParameters
from rules.core.psychrometrics import Floats
from rules.core.road_now.stretches import DECK_M, stretches
from rules.core.road_surface.forcing import Weather, forcing, steps
from rules.core.road_surface.model import forecast, no_correction
from rules.core.road_surface.parameters import DEFAULT
from rules.core.road_surface.roads import depths_m, profile, roads, start

FROM_S, STEP_S = 1_768_089_600.0, 1200.0  # 11 January 2026, midnight UTC
HOURS = 60


def town_own() -> dict[str, Floats]:
    """Return what differs between a road and a bridge of the same kind: they lie on one street."""
    nodes = [RoadNode(node_id=i, latitude_deg=55.0 + 0.001 * i, longitude_deg=-3.0) for i in range(3)]
    made = [
        RoadSegment(
            segment_id=f"s{i}", street="Street", road_class="A", from_node=i, to_node=i + 1, length_m=100.0,
            sky_view_factor=0.95, bridge=i == 1,
        )
        for i in range(2)
    ]  # fmt: skip
    p: TransferParameters = load().transfer.parameters
    return dict(stretches(made, nodes, [], p).own)


def surfaces(air_c: Floats, cloud: Floats, wind_m_s: Floats) -> Floats:
    """Return the surfaces of road and bridge by hour [°C]."""
    at_s = FROM_S + 3600.0 * np.arange(HOURS + 1.0)
    hour = np.arange(HOURS + 1.0) % 24.0
    sun = 250.0 * np.clip(np.sin(np.pi * (hour - 8.5) / 7.5), 0.0, 1.0) * (1.0 - 0.8 * cloud)
    plain = np.zeros(HOURS + 1)
    columns = {
        "air_c": air_c, "humidity_pct": plain + 80.0, "wind_m_s": wind_m_s, "shortwave_w_m2": sun, "rain_mm_h": plain,
        "snow_mm_h": plain, "pressure_pa": plain + 1e5, "longwave_w_m2": plain * np.nan, "cloud": cloud,
    }  # fmt: skip
    weather = Weather(at_s=at_s, **{n: v[:, None, None] for n, v in columns.items()})
    state = start(DEFAULT, [5.0, 5.0], [6.0, 6.0])
    out = forecast(
        state, forcing(weather, steps(FROM_S, HOURS, STEP_S), 55.0, -3.0), no_correction(state.zeta),
        roads(DEFAULT, 2, STEP_S, town_own()), profile(DEFAULT), DEFAULT.stores, DEFAULT.coupling, STEP_S, 3,
    )  # fmt: skip
    return np.asarray(out.surface_c[:, 0, :])


def a_clear_night_then_mild_air() -> Floats:
    hour = np.arange(HOURS + 1.0)
    mild = hour >= 32.0  # from eight in the second morning on
    air = np.where(mild, 8.0, 3.0 + 3.0 * np.cos(2.0 * np.pi * (hour - 14.0) / 24.0))
    return surfaces(air, np.where(mild, 1.0, 0.05), np.where(mild, 6.0, 1.0))


def test_before_dawn_of_a_clear_night_a_bridge_is_colder_than_the_road() -> None:
    road, bridge = a_clear_night_then_mild_air()[28:31].mean(axis=0)  # five to seven
    assert 0.5 < road - bridge < 4.0
    assert bridge < 0.0


def test_a_bridge_takes_mild_air_sooner_than_the_road() -> None:
    found = a_clear_night_then_mild_air()
    warmed = found[36] - found[30]
    assert warmed[1] > warmed[0] + 0.3
    assert found[44, 1] > found[44, 0] + 0.1


def test_a_bridge_takes_less_of_the_day_s_heat_into_the_night() -> None:
    found = a_clear_night_then_mild_air()
    fell = found[16:19].mean(axis=0) - found[26:29].mean(axis=0)  # from dusk into the small hours
    assert fell[1] > fell[0] + 0.3


def test_under_a_deck_there_is_air_and_a_road_s_ground_is_as_it_was() -> None:
    made, plain = (
        roads(DEFAULT, 2, STEP_S, {"deck_m": deck, "bottom_w_m2k": bottom})
        for deck, bottom in (([np.nan, DECK_M], [0.0, 12.0]), ([np.nan, np.nan], 0.0))
    )
    np.testing.assert_array_equal(made.ground.own[..., 0], plain.ground.own[..., 0])
    below = depths_m(DEFAULT.ground)[1:] > DECK_M + 0.1
    assert made.ground.own[1:, 0, 1][below].max() < 0.01 < plain.ground.own[1:, 0, 1][below].min()


def test_a_deck_at_rest_has_the_air_s_temperature() -> None:
    """Neither sun nor sky: what flows through a bridge stops where both sides are as warm."""
    found = surfaces(np.full(HOURS + 1, 4.0), np.ones(HOURS + 1), np.full(HOURS + 1, 8.0))
    assert found[-1, 1] == pytest.approx(4.0, abs=1.5)
