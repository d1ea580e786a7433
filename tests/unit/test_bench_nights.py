"""The road forecast's benchmark: its nights and its scores."""

from __future__ import annotations

import numpy as np
import pytest

from bench.forecaster import _keeps
from bench.nights.judged import Judged
from bench.nights.scores import LEADS_H, chances, errors, reliability
from bench.nights.script import HOURS, KINDS, kinds, season
from firmware_sim.world.weather import WeatherModel

SHAPE = (24, 4)


def judged(error_c: float, below: float = 0.9) -> Judged:
    truth = np.full(SHAPE, -1.0)
    truth[:, 3] = 1.0
    plain = np.zeros(SHAPE)
    return Judged(
        kind="clear_calm", weather="perfect", truth=truth, low=truth + error_c - 0.5, middle=truth + error_c,
        high=truth + error_c + 0.5, below=plain + below, persistence=plain + 2.0, offset=plain * np.nan,
        now_error=np.zeros(4),
    )  # fmt: skip


def test_each_kind_of_night_comes_as_often_and_the_same_seed_gives_the_same() -> None:
    found = kinds(8, 3)
    assert sorted(found) == sorted([*KINDS, *KINDS])
    assert kinds(8, 3) == found
    assert {tuple(kinds(8, seed)) for seed in range(5)} != {tuple(found)}
    assert season(found, 3, 12) == season(found, 3, 12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_nights_are_what_their_names_say(seed: int) -> None:
    script = season(list(KINDS), seed, 12)
    assert len(script.weather.points) == len(KINDS) * len(HOURS)
    sky = WeatherModel(script, seed, 0.0)
    late = {kind: sky.at(3600.0 * (24.0 * k + 29.0)) for k, kind in enumerate(KINDS)}
    early = {kind: sky.at(3600.0 * (24.0 * k + 18.0)) for k, kind in enumerate(KINDS)}
    assert late["clear_calm"].cloud_oktas < 3.0 > late["clear_calm"].wind_speed_m_s
    assert late["cloudy_windy"].cloud_oktas > 5.5
    assert late["cloudy_windy"].wind_speed_m_s > 3.5
    assert early["wet_then_clear"].precipitation_mm_h > 0.0
    assert late["wet_then_clear"].cloud_oktas < 3.5
    assert late["warm_front"].air_temperature_c > early["warm_front"].air_temperature_c


def test_scores_by_lead_and_group() -> None:
    group = {"sensors": np.array([True, False, False, False])}
    found = [(judged(0.3), group), (judged(-0.1), group)]
    of = errors(found, "sensors")
    assert of["forecast"] == {f"{h}h": {"bias_c": 0.1, "rmse_c": 0.22} for h in LEADS_H}
    assert of["persistence"]["1h"] == {"bias_c": 3.0, "rmse_c": 3.0}
    assert of["air_and_offset"] is None, "nobody forecast the air"


def test_chances_are_compared_with_how_often_it_froze() -> None:
    said = chances([judged(0.3), judged(1.0)])["6h"]
    assert said["coverage_10_90"] == 0.5
    assert said["brier"] == pytest.approx((3 * 0.01 + 0.81) / 4, abs=1e-3)
    assert said["brier_of_frequency"] == pytest.approx(0.188, abs=1e-3)
    [row] = reliability([judged(0.0, below=0.8)])
    assert (row["said"], row["mean_said"], row["froze"], row["n"]) == ([0.7, 0.9], 0.8, 0.75, 16)


def test_worse_than_nothing_is_not_correct() -> None:
    def figures(right: float, none: float) -> dict[str, object]:
        def lead(rmse_c: float) -> dict[str, object]:
            return {f"{h}h": {"rmse_c": rmse_c} for h in LEADS_H}

        baselines = {"persistence": lead(2.0), "air_and_offset": lead(1.0)}
        return {"perfect": {"all": {"forecast": lead(right)} | baselines}, "stations": {"all": {"forecast": lead(none)}}}  # fmt: skip

    assert _keeps(figures(0.5, 0.5))
    assert not _keeps(figures(0.6, 0.5))
    assert not _keeps(figures(1.1, 1.5))
