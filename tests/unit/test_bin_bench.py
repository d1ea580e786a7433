"""``cityops bench bins`` on made-up files and, where they are, on two cities' own: the figures of docs/bin-forecast.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cityops.errors import ConfigurationError
from ops_api.cli import app
from ops_api.measure.bins_policy import judged
from ops_api.measure.bins_report import TRAINED, report
from ops_api.measure.bins_words import lines
from rules.bin_files.daily_levels import read_daily_levels
from tests.fakes.bin_levels import generated, written
from tests.fakes.real_data import real_data


def test_a_short_file_is_judged_without_policies_and_said_in_words(tmp_path: Path) -> None:
    found = report(written(tmp_path / "levels.csv", generated(300)))
    assert found["policies"] == {"too_short": True, "met": None}
    assert found["time_to_full"]["judged"] > 200
    said = "\n".join(lines(found))
    for part in (
        "put right",
        "time until full",
        "days of its own",
        "too short to tune on",
        "calibration drifted",
    ):
        assert part in said


def test_the_command_prints_json_and_its_exit_says_whether_the_figures_are_met(tmp_path: Path) -> None:
    file = written(tmp_path / "levels.csv", generated(300))
    done = CliRunner().invoke(app, ["bench", "bins", str(file), "--json", "--no-policies"])
    found = json.loads(done.stdout)
    assert done.exit_code == (0 if found["met"] else 1)
    assert found["kind"] == "daily levels"
    assert "policies" not in found


def test_a_file_of_emptyings_is_known_by_its_head(tmp_path: Path) -> None:
    file = tmp_path / "emptyings.csv"
    rows = [
        f"{b},Mixed,2016-06-{d:02d} 0{(b + d) % 9}:00:00,{20 + 9 * (b % 7)}\n"
        for b in range(20)
        for d in range(1, 30)
    ]
    file.write_text("site_id,content_type,collected_at_local,fill_before_pct\n" + "".join(rows))
    found = report(file)
    assert (found["kind"], found["bins"], found["emptyings"]) == ("emptyings", 20, 580)
    assert found["met"] is True  # every bin has its own steady pace
    assert "met: MAE at most 14.5 h" in "\n".join(lines(found))
    file.write_text(
        "site_id,content_type,collected_at_local,fill_before_pct\n1,Mixed,2016-06-01 00:00:00,50\n"
    )
    with pytest.raises(ConfigurationError, match="no bin was emptied twice"):
        report(file)


WYNDHAM = "bins/wyndham_smartbin_daily_2018_2021.csv"


@pytest.fixture(scope="module")
def wyndham() -> dict[str, Any]:
    return report(real_data(WYNDHAM), policies=False)


@pytest.mark.real_data
def test_wyndhams_bins_tomorrow(wyndham: dict[str, Any]) -> None:
    """The simple ways as they were measured elsewhere."""
    assert (wyndham["judged"], wyndham["next_day"]["met"]) == (10_136, True)
    scores = {name: row["brier"] for name, row in wyndham["next_day"]["ways"].items()}
    assert scores["how often"] == pytest.approx(0.1174, abs=2e-4)
    assert scores["by level"] == pytest.approx(0.0906, abs=2e-4)
    assert scores["by bin and level"] == pytest.approx(0.0876, abs=2e-4)
    assert scores["put right"] < 0.0835 < min(s for name, s in scores.items() if name != "put right")
    drift = wyndham["next_day"]["drift"]
    assert drift["put right"] < drift["gamma process"]


@pytest.mark.real_data
def test_wyndhams_time_until_full(wyndham: dict[str, Any]) -> None:
    """The simple ways within an hour of what was measured elsewhere on as many origins (63.4, 70.4, 62.3, 57.8, 53.6 h)."""
    part = wyndham["time_to_full"]
    assert (part["judged"], part["met"]) == (5_703, True)
    errors = {name: row["mae_h"] for name, row in part["ways"].items()}
    assert errors["the bin's usual interval less its age"] == pytest.approx(63.4, abs=1.0)
    assert errors["usual interval of all bins less the age"] == pytest.approx(70.4, abs=1.0)
    assert errors["usual days of all bins"] == pytest.approx(62.3, abs=1.0)
    assert errors["by the bin's mean pace"] == pytest.approx(57.8, abs=1.0)
    assert errors["by the bin's mean pace, from the middle of the cell"] == pytest.approx(53.6, abs=1.0)
    assert errors["put right"] <= 48.0
    assert all(near["mae_h"]["put right"] <= 50.0 for near in part["near_definitions"].values())


@pytest.mark.real_data
def test_wyndhams_new_bins_borrow(wyndham: dict[str, Any]) -> None:
    rows = wyndham["new_bin"]["own_days"]
    briers = [rows[own]["brier"] for own in ("0", "7", "14", "28")]
    assert briers == sorted(briers, reverse=True)
    assert briers[0] < 0.1
    assert briers[-1] == pytest.approx(rows["all"]["brier"], abs=5e-4)


def is_better_over_long_weekends(part: dict[str, Any]) -> bool:
    weekends = part["services"]["daily but long weekends"]
    ours, simple = weekends["tuned_like_threshold"]["cost of waiting"], weekends["as_is"]["level >= 40 %"]
    fewer = ours["collections_bin_week"] < 0.9 * simple["collections_bin_week"]
    return bool(fewer and ours["overflow_pct"] < simple["overflow_pct"])


def test_the_forecast_is_better_than_thresholds_for_bins_of_a_known_law() -> None:
    """What ``make test-long`` shows on the city's own: here of 12 bins, judged on less than eight months."""
    part = judged(generated(580), TRAINED)
    assert part is not None
    rows = part["services"]["daily"]["as_is"]
    lifts, over = (
        [rows[f"level >= {n} %"][name] for n in (40, 60, 80)]
        for name in ("collections_bin_week", "overflow_pct")
    )
    assert lifts == sorted(lifts, reverse=True)
    assert over == sorted(over)
    tuned = part["services"]["daily"]["tuned"]
    assert tuned["cost of waiting"]["overflow_pct"] <= 0.5
    assert (
        tuned["cost of waiting"]["collections_bin_week"]
        < 0.95 * tuned["one threshold"]["collections_bin_week"]
    )
    assert part["daily_met"] is False, "these bins fill faster than the city's"
    assert set(part["irregular_better"].values()) == {True}, json.dumps(part["services"])
    assert is_better_over_long_weekends(part)


@pytest.mark.soak
@pytest.mark.real_data
def test_wyndhams_policies() -> None:
    """Thresholds and fixed days as they were measured elsewhere, and the forecast against them."""
    part = judged(read_daily_levels(real_data(WYNDHAM)).daily, TRAINED)
    assert part is not None
    daily = part["services"]["daily"]["as_is"]
    for name, lifts, over in (
        ("level >= 40 %", 1.49, 0.08), ("level >= 60 %", 1.07, 0.52), ("level >= 80 %", 0.87, 1.17), ("every 3 days", 2.33, 0.49),
    ):  # fmt: skip
        assert daily[name]["collections_bin_week"] == pytest.approx(lifts, abs=0.01), name
        assert daily[name]["overflow_pct"] == pytest.approx(over, abs=0.08), name
    regular = part["services"]["monday, wednesday, friday"]["as_is"]["level >= 40 %"]
    assert regular["collections_bin_week"] == pytest.approx(1.29, abs=0.01)
    assert (part["daily_met"], part["met"]) == (True, True), json.dumps(part["services"])
    assert is_better_over_long_weekends(part)


@pytest.mark.real_data
def test_edinburghs_bins() -> None:
    found = report(real_data("bins/edinburgh_enevo_collections_2016.csv"))
    assert (found["bins"], found["emptyings"], found["met"]) == (334, 10_000, True)
    errors = {name: row["mae_h"] for name, row in found["time_to_fill"]["ways"].items()}
    assert errors["the bin's usual interval in the first half"] == pytest.approx(20.1, abs=0.8)
    assert (
        errors["of the logarithm of the pace, half-life 3"]
        < errors["moving average of the pace, half-life 5"]
        < 14.9
    )
    scores = {name: row["brier"] for name, row in found["overfull"]["ways"].items()}
    assert scores["how often"] == pytest.approx(0.1165, abs=1e-3)
    assert scores["put right"] < 0.106 < scores["how often"] < scores["normal tail about the pace"]
