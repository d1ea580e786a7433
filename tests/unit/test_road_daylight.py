"""Houses that are assumed and not there: what sensors tell of them by day, and what that is worth for other roads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from devices.registry import RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.psychrometrics import Floats
from rules.core.road_now import past
from rules.core.road_now.issue import issue
from rules.core.road_now.looked import Given, look
from rules.core.road_now.model import Observed, Passes, SensorReadings, Spreads, StationReadings
from rules.core.road_now.stretches import Stretches, stretches
from rules.core.road_now.thermal_map import unknown
from rules.core.road_surface.skyline import SECTORS, Skyline
from rules.core.road_surface.sun import position

LATITUDE_DEG, LONGITUDE_DEG = 52.0, -1.0
NOW_S = datetime(2026, 1, 10, 16, 0, tzinfo=UTC).timestamp()
COUNT, SENSORS = 12, 4
EAST_WEST = np.arange(COUNT) % 2 == 0
NONE = np.empty(0)
NOWHERE = np.empty(0, dtype=np.int64)


def town(sky_view: float = 0.85) -> Stretches:
    """Roads east and west, some with a sensor, by turns with roads north and south, none with one."""
    nodes, roads = [], []
    for i in range(COUNT):
        south, west = LATITUDE_DEG + 0.002 * i, LONGITUDE_DEG
        north, east = (0.0, 0.003) if EAST_WEST[i] else (0.0018, 0.0)
        nodes += [
            RoadNode(node_id=2 * i, latitude_deg=south, longitude_deg=west),
            RoadNode(node_id=2 * i + 1, latitude_deg=south + north, longitude_deg=west + east),
        ]
        roads.append(
            RoadSegment(
                segment_id=f"s{i}", street="Road", road_class="B", from_node=2 * i, to_node=2 * i + 1,
                length_m=200.0, sky_view_factor=sky_view, device=f"r{i}" if EAST_WEST[i] and i < 2 * SENSORS else None,
            )
        )  # fmt: skip
    return stretches(roads, nodes, [r.device for r in roads if r.device], load().transfer.parameters)


def stations() -> StationReadings:
    at_s = np.arange(NOW_S - 48.0 * 3600.0, NOW_S + 1.0, 600.0)
    same = np.zeros_like(at_s)
    hour = (at_s / 3600.0) % 24.0
    return StationReadings(
        at_s=at_s, air_c=2.0 + 4.0 * np.cos(2.0 * np.pi * (hour - 14.0) / 24.0), humidity_pct=same + 85.0,
        wind_m_s=same + 2.0, shortwave_w_m2=0.75 * position(at_s, LATITUDE_DEG, LONGITUDE_DEG).horizontal_w_m2,
        longwave_w_m2=same * np.nan, cloud=same + 0.1, rain_mm_h=same, snow_mm_h=same, pressure_hpa=same + 1000.0,
    )  # fmt: skip


def given(of: Stretches, sensors: SensorReadings) -> Given:
    seen = Observed(
        stations(), sensors, Passes(segment=NOWHERE, at_s=NONE, surface_c=NONE),
        Spreads(segment=NOWHERE, at_s=NONE, salt_g_m2=NONE),
    )  # fmt: skip
    return Given(at_s=NOW_S, town=of, observed=seen, mapped=unknown(COUNT), learnt_s=NOW_S - 1800.0)


def truth(of: Stretches) -> tuple[Floats, Floats]:
    """The roads as the model has them under ``of``'s skyline: times, and times × segments [°C]."""
    silent = SensorReadings(
        sensor=NOWHERE, at_s=NONE, surface_c=NONE, air_c=NONE, humidity_pct=NONE, film_mm=NONE
    )
    g = given(of, silent)
    looked = look(g)
    nothing = np.full((len(looked.ends_s), len(of.sensors)), np.nan)
    ran = past.ran(of, looked.made, nothing, nothing, past.in_steps(g.observed.spreads, looked.ends_s), g.p)
    return looked.ends_s, ran.surface_c.astype(np.float64)


def heard(of: Stretches, ends_s: Floats, surface_c: Floats) -> SensorReadings:
    m, n = len(of.sensors), len(ends_s)
    at_s, own = np.tile(ends_s, m), stations()
    return SensorReadings(
        sensor=np.repeat(np.arange(m), n), at_s=at_s, surface_c=surface_c[:, of.sensor_at].T.ravel(),
        air_c=np.interp(at_s, own.at_s, own.air_c), humidity_pct=np.full(len(at_s), 85.0), film_mm=np.zeros(len(at_s)),
    )  # fmt: skip


def flat(closed: float, horizon_deg: float = 0.0) -> Skyline:
    every = np.full((COUNT, SECTORS), horizon_deg)
    return Skyline(every, np.full(COUNT, closed), np.zeros(COUNT, dtype=np.bool_))


def test_open_country_is_learnt_and_spoils_no_road_that_runs_the_other_way() -> None:
    """Sunshine that roads east and west have beyond the model must not be lent to roads north and south: they had it."""
    assumed = town()
    ends_s, surface_c = truth(replace(assumed, skyline=flat(0.0)))
    g = given(assumed, heard(assumed, ends_s, surface_c))
    assert assumed.skyline.closed.min() > 0.4
    assert look(g).gaps[EAST_WEST] == pytest.approx(1.0, abs=0.15)
    made = issue(g).forecast
    assert made.now.surface_c == pytest.approx(surface_c[-1], abs=0.2)
    open_town = replace(assumed, skyline=flat(0.0))
    wanted = issue(replace(g, town=open_town)).forecast.values()[:, 1]
    np.testing.assert_allclose(made.values()[:, 1][:, :18], wanted[:, :18], atol=0.3)


def test_more_shadow_than_assumed_is_learnt_too() -> None:
    assumed = town(0.93)
    ends_s, surface_c = truth(replace(assumed, skyline=flat(1.0, 80.0)))
    gaps = look(given(assumed, heard(assumed, ends_s, surface_c))).gaps
    assert gaps[EAST_WEST].max() < -0.3
    assert (assumed.skyline.closed * (1.0 - gaps)).max() <= 1.0 + 1e-9


def test_a_survey_is_believed_and_a_town_without_sensors_has_what_is_assumed() -> None:
    surveyed = replace(town(), skyline=flat(1.0, 80.0))
    ends_s, surface_c = truth(replace(surveyed, skyline=flat(0.0)))
    assert look(given(surveyed, heard(surveyed, ends_s, surface_c))).gaps.tolist() == [0.0] * COUNT
    silent = SensorReadings(
        sensor=NOWHERE, at_s=NONE, surface_c=NONE, air_c=NONE, humidity_pct=NONE, film_mm=NONE
    )
    assert look(given(town(), silent)).gaps.tolist() == [0.0] * COUNT
