"""``cityops bench road``: the command, and the figures on the real street and METRo's cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.core.road_surface import crossfit
from rules.core.road_surface.fit import BOUNDS, fit, with_values
from rules.core.road_surface.metro import rmse_12h_c
from rules.core.road_surface.nights import cut, run, some
from rules.core.road_surface.scores import judge
from rules.road_data import bench, hornsgatan, sets, street_bench
from rules.road_data.metro_xml import read_case
from tests.fakes.command_line import cityops
from tests.fakes.real_data import real_data
from tests.fakes.street_file import january

STREET = "road/hornsgatan/meteorology_2010H2.txt"


def test_the_table_has_all_three_on_the_same_hours(tmp_path: Path) -> None:
    (tmp_path / "street").mkdir()
    path = january(tmp_path / "street" / "m.txt")
    told = cityops("bench", "road", str(path), "--segments", "50", "--json")
    report = json.loads(told.stdout)
    assert told.returncode == (
        0 if all(good for name, good in report["met"].items() if name != "speed") else 1
    )
    judged = report["street"]["judged"][0]
    assert judged["what"] == "unseen nights"
    assert judged["nights"] == 27
    assert report["street"]["left_out"] == 3  # two without 48 h before them, one without 15 h after it
    leads = judged["scores"]["leads"]
    assert [one["lead_h"] for one in leads] == list(range(1, 16))
    assert {one["hours"] for one in leads} == {27}
    assert all({"model_c", "persistence_c", "air_offset_c"} <= set(one) for one in leads)
    assert "METRo" not in report["met"]
    assert "no METRo cases in" in report["metro"]["skipped"]
    assert report["speed"]["cpu_s"] > 0.0


def test_in_words_what_is_missed_is_said(tmp_path: Path) -> None:
    told = cityops("bench", "road", str(january(tmp_path / "m.txt", 12)), "--segments", "0")
    assert "persistence  air + offset" in told.stdout
    assert "METRo: skipped" in told.stdout
    assert ("MISSED" in told.stdout) is (told.returncode == 1)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_fit_is_written_and_the_same_again(tmp_path: Path) -> None:
    path = january(tmp_path / "m.txt", 26)
    texts = []
    for name in ("one", "two"):
        out = tmp_path / name / "mine.toml"
        out.parent.mkdir()
        told = cityops("bench", "road", str(path), "--fit", str(out))
        assert told.returncode == 0, told.stderr
        texts.append(out.read_text())
    assert texts[0] == texts[1]
    mine = sets.load(str(tmp_path / "one" / "mine.toml"))
    assert (mine.id, mine.fitted_from, mine.fitted_to) == ("mine", "2015-01-03", "2015-01-25")
    assert mine.site != sets.load("hornsgatan_start").site


def test_a_fit_finds_the_parameters_that_made_the_nights(tmp_path: Path) -> None:
    """The nights' truth is a run with other parameters: without noise they must be found, within bounds."""
    start = sets.load("hornsgatan_start")
    hours = hornsgatan.read(january(tmp_path / "m.txt", 8))
    nights = cut(hornsgatan.series(hours), start, (59.3, 18.0), 16.0, step_s=3600.0)
    bounds = {name: BOUNDS[name] for name in ("sky_view", "air_heat")}
    made = run(nights, with_values(start, bounds, np.array([0.45, 0.06])), coupled=False).surface_c[:, 0]
    twin = replace(nights, truth_c=np.concatenate((nights.truth_c[:1], made)))
    free = msgspec.structs.replace(
        start, coupling=msgspec.structs.replace(start.coupling, most_w_m2=0.0, sun_most=0.0)
    )
    found = fit(twin, free, bounds)
    assert found.site.sky_view == pytest.approx(0.45, abs=0.04)
    assert found.site.air_heat == pytest.approx(0.06, abs=0.01)
    assert found.outside_bounds() == []


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    told = cityops("bench", "road", str(tmp_path / "none.txt"))
    assert told.returncode == 2
    assert "no such file" in told.stderr
    with pytest.raises(ConfigurationError, match="20"):
        street_bench.fit_file(january(tmp_path / "m.txt", 9), sets.load("hornsgatan_start"), "x")


@pytest.mark.real_data
def test_the_shipped_set_on_its_own_nights_of_the_real_street() -> None:
    """Cheap: a lower bound of what the long test measures on nights that the parameters have not seen."""
    p = sets.load("hornsgatan")
    nights, _ = street_bench.cut(real_data(STREET), p)
    winter = some(nights, np.isin(crossfit.months(nights), street_bench.WINTER))
    assert len(winter.start_s) >= 85
    coupled, free = (judge(winter, run(winter, p, coupled=c).surface_c[:, 0]) for c in (True, False))
    assert coupled.worst_c <= 0.8
    assert coupled.minimum.model_c <= 0.8
    assert coupled.beats_all
    assert coupled.minimum.misses <= 2
    assert coupled.leads[2].model_c < free.leads[2].model_c


@pytest.mark.real_data
@pytest.mark.parametrize("case", ["case002", "case018"])
def test_metro_is_met_on_a_frosty_and_on_a_rainy_road(case: str) -> None:
    assert rmse_12h_c(read_case(real_data(f"road/metro/{case}"))) <= bench.WANTED_METRO_C


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.real_data
def test_metro_s_sane_cases_are_met() -> None:
    found = bench.judge_metro(real_data("road/metro"))
    assert len(found.cases) == len(bench.SANE)
    assert found.median_c is not None
    assert found.median_c <= bench.WANTED_METRO_C
    assert max(found.cases.values()) <= 2.0


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.real_data
def test_unseen_months_of_the_real_street() -> None:
    street = street_bench.judge_street(
        real_data(STREET), sets.load("hornsgatan"), sets.load("hornsgatan_start"), True
    )
    unseen = street.unseen
    assert unseen is not None
    assert set(street.fits) == {"10", "11", "12"}
    assert unseen.nights >= 85
    assert unseen.scores.worst_c <= bench.WANTED_LEADS_C
    assert unseen.scores.minimum.model_c <= bench.WANTED_MINIMUM_C
    assert unseen.scores.beats_all
