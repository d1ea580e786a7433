"""How simulated bins fill: by place, hour and weekday, on special days; settling, overflow and emptying."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import BinSite, Registry
from firmware_sim.world.bin_demand import LocalTime
from firmware_sim.world.bin_profiles import MARKET_FACTOR
from firmware_sim.world.bins import FULLEST, BinModel
from firmware_sim.world.script import Bins, Occasion
from firmware_sim.world.town import TownSizes, generate_town

SITES = [
    BinSite(bin_id=f"b{i}", label=f"{place}, x", street="x", device=f"b{i}", latitude_deg=52.0, longitude_deg=-1.0)
    for i, place in enumerate(("Market place", "Take-away", "Shops", "Bus stop", "Park gate", "School", "Street") * 6)
]  # fmt: skip
PLACES = np.array([s.label.split(",")[0] for s in SITES])


@pytest.fixture(scope="module")
def town() -> Registry:
    sizes = TownSizes(
        segments=200, homes=5, road_sensors=10, weather_stations=2, bins=80, gritters=2, routes=3
    )
    return generate_town(4, sizes, datetime(2026, 1, 1, tzinfo=UTC))


def bins_of(town: Registry, **script: object) -> BinModel:
    return BinModel(town.bins, 4, Bins(**script))  # type: ignore[arg-type]


def days(model: BinModel, n: int, weekday: int = 0) -> np.ndarray:
    """Return what is put into each bin on each of ``n`` days, by half-hours: (n, bins)."""
    found = []
    for day in range(n):
        before = model.put_l.copy()
        for half in range(48):
            model.step(48 * day + half, LocalTime(half / 2.0, (weekday + day) % 7, day), 1800.0)
        found.append(model.put_l - before)
    return np.array(found)


def test_bins_fill_by_day_and_rest_at_night(town: Registry) -> None:
    def litres(hour: float) -> float:
        model = bins_of(town)
        before = model.volume_l.sum()
        for i in range(24):
            model.step(i, LocalTime(hour, 2, 0), 300.0)
        return float(model.volume_l.sum() - before)

    assert litres(12.0) > 50.0
    assert litres(3.0) < 0.1 * litres(12.0)


def test_a_bin_takes_days_to_fill(town: Registry) -> None:
    rate = sum(bins_of(town).demand.rate_l_h(LocalTime(float(h), 2, 0)) for h in range(24))
    take = bins_of(town).capacity_l / rate
    assert 1.5 < np.median(take) < 30.0


@pytest.mark.parametrize("script", [{"market": True}, {"market_weekdays": (5,)}])
def test_the_market_brings_litter_to_the_market_place(town: Registry, script: dict[str, object]) -> None:
    noon = LocalTime(12.0, 5, 0)
    quiet, market = bins_of(town).demand, bins_of(town, **script).demand
    factor = market.rate_l_h(noon) / quiet.rate_l_h(noon)
    for place, f in zip(quiet.places, factor.tolist(), strict=True):
        assert f == pytest.approx(MARKET_FACTOR.get(place, 1.0))
    evening = LocalTime(19.0, 5, 0)
    assert np.array_equal(market.rate_l_h(evening), quiet.rate_l_h(evening))


def test_sun_fills_the_parks_and_an_occasion_its_place() -> None:
    noon = LocalTime(12.0, 6, 3)
    plain = BinModel(SITES, 1, Bins()).demand.rate_l_h(noon)
    sunny = BinModel(SITES, 1, Bins(sunny_share=1.0)).demand.rate_l_h(noon)
    assert (sunny / plain)[PLACES == "Park gate"] == pytest.approx(2.5)
    assert (sunny / plain)[PLACES == "Street"] == pytest.approx(1.0)
    fair = Bins(occasions=(Occasion(place="Park gate", days=(3,), from_hour=10, to_hour=18, factor=8.0),))
    demand = BinModel(SITES, 1, fair).demand
    assert (demand.rate_l_h(noon) / plain)[PLACES == "Park gate"] == pytest.approx(8.0)
    for other in (LocalTime(12.0, 6, 10), LocalTime(9.0, 6, 3)):
        assert np.array_equal(demand.rate_l_h(other), BinModel(SITES, 1, Bins()).demand.rate_l_h(other))


def test_the_sun_shines_on_its_share_of_days() -> None:
    demand = BinModel(SITES, 5, Bins(sunny_share=0.3)).demand
    assert 0.25 < np.mean([demand.is_sunny(day) for day in range(2000)]) < 0.35


def test_irregular_bins_have_crowds_and_the_same_mean() -> None:
    regular, irregular = (
        np.array([BinModel(SITES, 1, Bins(irregular_share=share)).demand.rate_l_h(LocalTime(12.0, 2, day)) for day in range(600)])
        for share in (0.0, 1.0)
    )  # fmt: skip
    assert irregular.mean() == pytest.approx(regular.mean(), rel=0.05)
    assert irregular.std(axis=0).min() > 0.9 * regular.mean(axis=0).min()
    assert np.ptp(regular, axis=0).max() == 0.0


def test_bins_drift_over_months_and_have_weeks_of_their_own() -> None:
    drifting = BinModel(SITES, 1, Bins(drift_spread=0.2)).demand
    by_day = np.array([drifting.rate_l_h(LocalTime(12.0, 2, day)) for day in range(400)])
    assert 1.2 < np.median(by_day.max(axis=0) / by_day.min(axis=0)) < 3.0
    assert np.abs(by_day[1:] / by_day[:-1] - 1.0).max() < 0.05, "slowly"
    own = BinModel(SITES, 1, Bins(weekday_spread=0.3)).demand
    week = np.array([own.rate_l_h(LocalTime(12.0, weekday, 0)) for weekday in range(7)])
    streets = week[:, PLACES == "Street"]
    assert np.ptp(streets[5] / streets[0]) > 0.1


def test_places_have_their_weekdays() -> None:
    by_day = days(BinModel(SITES, 3, Bins()), 28)
    weekday, weekend = by_day[np.arange(28) % 7 < 5].mean(axis=0), by_day[np.arange(28) % 7 >= 5].mean(axis=0)
    ratio = {place: float((weekend / weekday)[place == PLACES].mean()) for place in ("School", "Park gate")}
    assert ratio["School"] < 0.4
    assert ratio["Park gate"] > 1.5


def test_distances_stay_within_the_bin(town: Registry) -> None:
    model = bins_of(town, deposits_factor=20.0)
    for i in range(12 * 24 * 4):
        model.step(i, LocalTime(i / 12.0 % 24.0, 3, i // 288), 300.0)
        assert (model.fill <= FULLEST + 1e-9).all()
    distance = model.distance_mm()
    assert ((distance >= 60.0) & (distance <= model.empty_mm)).all()
    assert model.beside_l.sum() > 0.0
    assert (model.fill > 0.9).any()


def test_the_sensor_sees_the_top_of_the_heap(town: Registry) -> None:
    model = bins_of(town, start_fill_pct=(50.0, 50.0))
    seen = (model.empty_mm - model.distance_mm()) / (model.empty_mm - model.full_mm)
    assert ((seen >= 0.5 * 1.05 - 1e-9) & (seen <= 0.5 * 1.15 + 1e-9)).all()


def test_emptying_leaves_almost_nothing(town: Registry) -> None:
    model = bins_of(town, start_fill_pct=(60.0, 70.0))
    before = float(model.held_l[3])
    lift = model.empty(3, 1000.0)
    assert model.fill[3] <= 0.1
    assert model.last_emptied_s[3] == 1000.0
    assert 2800.0 <= model.lid_open_until_s[3] <= 6400.0
    assert 1120.0 <= model.handled_until_s[3] <= 1600.0
    assert model.distance_mm()[3] > 0.85 * model.empty_mm[3]
    assert model.fill[4] >= 0.6
    assert lift.litres == pytest.approx(before - model.held_l[3])
    assert lift.kg == pytest.approx(lift.litres * model.kg_per_l[3])


def test_nearly_full_bins_start_below_their_threshold(town: Registry) -> None:
    model = bins_of(town, nearly_full=6, nearly_full_pct=(70.0, 77.0), start_fill_pct=(5.0, 30.0))
    threshold = np.array([b.threshold_pct for b in town.bins]) / 100.0
    assert (model.fill > threshold - 0.11).sum() == 6
    assert (model.fill < threshold).all()


def test_litter_settles_and_its_mass_stays() -> None:
    model = BinModel(SITES, 1, Bins(deposits_factor=0.0, pressed_a_day=0.0))
    model.fresh_l[:] = 100.0
    before, held = model.volume_l, model.held_l.copy()
    for i in range(12 * 12):
        model.step(i, LocalTime(2.0, 1, 0), 300.0)
    assert ((model.volume_l < before - 3.0) & (model.volume_l > before - 22.0)).all()
    assert np.array_equal(model.held_l, held)


def test_litter_is_pressed_down_now_and_then_and_none_of_it_goes() -> None:
    script = Bins(deposits_factor=0.0, pressed_a_day=0.2, start_fill_pct=(50.0, 50.0))
    model = BinModel(SITES, 1, script)
    held, drops = model.held_l.copy(), []
    for i in range(48 * 20):
        before = model.volume_l
        model.step(i, LocalTime(2.0, 1, 0), 1800.0)
        drops.append(model.volume_l / before)
    found = np.array(drops)
    pressed = found < 1.0
    assert pressed.sum() / len(SITES) / 20 == pytest.approx(0.2, abs=0.05)
    assert ((found[pressed] >= 0.5) & (found[pressed] <= 0.85)).all()
    assert np.array_equal(model.held_l, held)


@given(
    st.integers(0, 2**40),
    st.floats(0.0, 20.0),
    st.lists(st.tuples(st.integers(0, 95), st.integers(0, len(SITES) - 1)), max_size=40),
)
@settings(max_examples=25, deadline=None)
def test_all_that_was_put_in_is_in_the_bin_beside_it_or_in_a_lorry(
    seed: int, factor: float, emptied: list[tuple[int, int]]
) -> None:
    model = BinModel(SITES, seed, Bins(deposits_factor=factor))
    lifted = np.zeros(len(SITES))
    for i in range(96):
        model.step(i, LocalTime(i / 2.0 % 24.0, 5, i // 48), 1800.0)
        for at, row in emptied:
            if at == i:
                lifted[row] += model.empty(row, 1800.0 * i).litres
    assert model.held_l + model.beside_l + lifted == pytest.approx(model.put_l)
    assert (model.fill >= 0.0).all()
    assert (model.volume_l <= model.held_l + 1e-6).all(), "litter settles and never swells"


@given(
    st.integers(0, 2**40),
    st.lists(st.tuples(st.integers(0, 47), st.integers(0, len(SITES) - 1)), max_size=20),
)
@settings(max_examples=25, deadline=None)
def test_whatever_is_emptied_the_deposits_are_the_same(seed: int, emptied: list[tuple[int, int]]) -> None:
    once, other = (BinModel(SITES, seed, Bins(irregular_share=0.3)) for _ in range(2))
    for i in range(48):
        for model in (once, other):
            model.step(i, LocalTime(i / 2.0, 5, 0), 1800.0)
        for at, row in emptied:
            if at == i:
                other.empty(row, 1800.0 * i)
    assert np.array_equal(once.put_l, other.put_l)
