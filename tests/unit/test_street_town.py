"""A street's hours as a town of one road: what engine and forecaster are given of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.engine import step
from rules.core.hindcast.facts import Spread
from rules.core.memory import EngineState
from rules.road_data import hornsgatan
from rules.winter.hindcast import winter
from rules.winter.hindcast.activity import read_log
from rules.winter.hindcast.street_town import (
    ROUTE,
    STREET,
    Street,
    clock_of,
    passes_of,
    readings_of,
    registry_of,
)
from rules.winter.hindcast.street_weather import every_six_hours
from tests.fakes.real_data import real_data
from tests.fakes.street_file import write_street

WIDE = Street(width_m=15.0)


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> hornsgatan.Hours:
    path = tmp_path_factory.mktemp("street") / "m.txt"
    return hornsgatan.read(write_street(path, datetime(2015, 1, 1, tzinfo=UTC), 5))


@pytest.mark.parametrize("g_m2", [8.0, 10.0, 20.0, 40.0])
def test_the_engine_finds_on_the_road_what_was_spread(hours: hornsgatan.Hours, g_m2: float) -> None:
    ctx = build_context(registry_of(hours, WIDE), load(), clock_of(hours))
    at_s = float(hours.at_s[30])
    lorry = passes_of([Spread(at_s=at_s, salt_g_m2=g_m2)], hours, WIDE)
    assert lorry is not None
    before = {k: r.where(r.ts_s <= at_s) for k, r in readings_of(hours, True).items()}
    state, _ = step(EngineState(), before, at_s, ctx)
    state, _ = step(state, {"gritter": lorry}, at_s + 600.0, ctx)
    found = state.treated[STREET].passes
    assert sum(p.g_m2 * (p.high - p.low) for p in found) == pytest.approx(g_m2, rel=0.05)
    assert ROUTE in state.route


def test_nothing_spread_is_no_lorry(hours: hornsgatan.Hours) -> None:
    assert passes_of([Spread(at_s=0.0, salt_g_m2=0.0, sand_g_m2=250.0)], hours, WIDE) is None


def test_what_is_missing_is_no_reading(hours: hornsgatan.Hours) -> None:
    surface = hours.values["surface_c"].copy()
    surface[3:6] = np.nan
    gappy = hornsgatan.Hours(
        hours.at_s, {**hours.values, "surface_c": surface}, hours.latitude_deg, hours.longitude_deg, 1.0
    )
    found = readings_of(gappy, False)
    assert (len(found["road"]), len(found["weather"])) == (len(hours.at_s) - 3, len(hours.at_s))
    assert np.isnan(found["road"].column("surface_state")).all()


def test_the_weather_that_came_is_given_out_every_six_hours(hours: hornsgatan.Hours) -> None:
    made = every_six_hours(hours)
    assert {f.issued_s % (6 * 3600.0) for f in made} == {0.0}
    assert {len(f.at_s) for f in made} == {36}
    place = hours.at_s.tolist().index(made[1].issued_s)
    np.testing.assert_allclose(made[1].air_c, hours.values["air_c"][place : place + 36])


def test_nights_are_those_with_two_days_before_and_a_morning_after(hours: hornsgatan.Hours) -> None:
    nights = winter.chosen(hours, None, None)
    assert [str(n) for n in nights] == ["2015-01-03", "2015-01-04"]


def test_the_real_log_has_38_treatments_by_the_streets_clock() -> None:
    log = read_log(real_data("road/hornsgatan/activity_2010H2.txt"), 1.0)
    assert len(log) == 38
    assert sum(s.salt_g_m2 for s in log) == 410.0
    assert sum(s.sand_g_m2 for s in log) == 13 * 250.0 + 400.0
    hours = hornsgatan.read(real_data("road/hornsgatan/meteorology_2010H2.txt"))
    assert str(winter.chosen(hours, None, None)[-1]) == "2010-12-30"
