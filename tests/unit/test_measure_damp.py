"""``cityops bench damp``: it measures, compares, and says what it could not compare."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench import damp
from ops_api.cli import app
from ops_api.measure import damp_agreement, damp_rates, damp_report
from ops_api.measure.damp_agreement import Agreement, agreements
from ops_api.measure.damp_report import as_text, report

SMALL = ("--values", "2000", "--homes", "3", "--hours", "200", "--repeats", "1", "--no-page")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two made comparisons, for the report; the true ones have a test of their own."""
    some = [Agreement("a", 0.5, 1.0, "°C"), Agreement("b", None, 1.0, "°C", "b is not there")]
    monkeypatch.setattr(damp_report, "agreements", lambda _: iter(some))
    monkeypatch.delenv("CITYOPS_REAL_DATA", raising=False)


def test_every_comparison_holds_and_absent_data_is_named() -> None:
    found = {a.name: a for a in agreements(None)}
    assert len(found) == 14
    absent = [a for a in found.values() if a.holds is None]
    assert [a.missing for a in absent] == [
        "damp/uci_occ_datatraining.txt in --real-data is not there",
        "damp/R1_US1 in --real-data is not there",
    ]
    assert all(a.holds for a in found.values() if a not in absent)
    assert all(a.error > 0.0 for a in found.values() if a.error is not None)


@pytest.mark.parametrize(
    "compare",
    [
        damp_agreement.psychrolib_dew_point,
        damp_agreement.psychrolib_wet_bulb,
        damp_agreement.coolprop_dew_point,
    ],
)
def test_without_the_libraries_it_says_so(compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damp_agreement, "library", lambda _: None)
    found = compare()
    assert (found.error, found.holds) == (None, None)
    assert found.missing.endswith("is not there")


@pytest.mark.usefixtures("few")
def test_where_only_the_package_is_installed_the_report_has_no_ratio_to_psychrolib(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(damp_rates, "library", lambda _: None)
    found = report(1000, 1, 24, 1, None)
    bulb = next(f for f in found["figures"] if f["name"] == "wet bulb")
    assert (bulb["baseline"], bulb["baseline_per_cpu_second"], bulb["ratio"]) == (None, None, None)
    line = next(line for line in as_text(found).splitlines() if "wet bulb" in line)
    assert line.endswith(" values")
    assert "× a plain loop" in as_text(found)


@pytest.mark.usefixtures("few")
def test_the_command_speaks_json() -> None:
    done = CliRunner().invoke(app, ["bench", "damp", "--json", *SMALL])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["correct"] is True
    assert [f["name"] for f in found["figures"]] == [
        "dew point (Magnus)",
        "dew point (Hyland-Wexler)",
        "wet bulb",
        "mould risk index, 3 homes × 200 h",
    ]
    assert all(f["per_cpu_second"] > 0 for f in found["figures"])
    assert found["figures"][0]["wanted_per_cpu_second"] == 20_000_000
    assert "wanted_per_cpu_second" not in found["figures"][3]  # three homes say nothing about ten thousand


def test_the_aim_is_for_ten_thousand_homes() -> None:
    rate = damp_rates.mould_rate(10_000, 2, 1)
    assert rate.wanted_per_s == 4_380_000
    assert damp_report._figure(rate)["year_of_10000_homes_cpu_s"] > 0


def test_a_folder_that_is_not_there_is_refused() -> None:
    done = CliRunner().invoke(app, ["bench", "damp", "--real-data", "/nonexistent"])
    assert done.exit_code == 2
    assert "'/nonexistent' does not exist" in done.output


@pytest.mark.usefixtures("few")
def test_the_command_speaks_english_and_fails_where_a_comparison_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ok = CliRunner().invoke(app, ["bench", "damp", *SMALL])
    assert ok.exit_code == 0, ok.output
    assert ok.stdout.startswith("all that was compared agrees; 1 not compared; ")
    assert "not measured: b is not there" in ok.stdout
    wrong = [Agreement("dew point with nobody", 2.0, 1.0, "°C")]
    monkeypatch.setattr(damp_report, "agreements", lambda _: iter(wrong))
    failed = CliRunner().invoke(app, ["bench", "damp", *SMALL])
    assert failed.exit_code == 1
    assert failed.stdout.startswith("does not agree: dew point with nobody")
    assert "2 °C (claimed 1)  TOO LARGE" in failed.stdout


@pytest.mark.usefixtures("few")
def test_a_slow_machine_is_told_and_fails_nothing() -> None:
    found = report(1000, 2, 24, 1, None)
    found["figures"][0]["reached"] = False
    assert found["correct"]
    assert "slower than wanted here: dew point (Magnus)" in as_text(found)


@pytest.mark.usefixtures("few")
def test_the_benchmark_is_the_command_with_its_machine() -> None:
    parser = argparse.ArgumentParser()
    damp.add_options(parser)
    options = parser.parse_args([*SMALL, "--real-data", str(Path("/nonexistent"))])
    found = damp.run(options)
    assert found["benchmark"] == "damp"
    assert found["correct"] is True
    assert found["conditions"]["real_data"] is False
    assert found["machine"]["cores"] == found["conditions"]["cores"]


def test_made_homes_are_such_as_there_are() -> None:
    t, rh = damp_rates.surfaces(300, 0, 8760)
    assert 3.0 < t.min() < t.max() < 25.0
    assert 50.0 < rh.min() < rh.max() < 110.0
    assert 0.1 < (rh >= 80.0).mean() < 0.6
    later = damp_rates.surfaces(300, 100, 110)
    assert (later[0] == t[100:110]).all()


@pytest.mark.real_data
def test_the_humidity_ratio_of_the_occupancy_data_within_1e_7() -> None:
    from tests.unit.test_rules_psychrometrics import real_data

    found = damp_agreement.occupancy_ratio(real_data())
    assert found.error is not None
    assert found.error <= 1e-7
