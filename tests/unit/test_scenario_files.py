from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from firmware_sim.scenario import TOWN_ZONE, latest_start, load_scenario, parse_scenario, scenario_names

HEAD = 'name = "x"\ntitle = "A test"\ndescription = "something to test with"\nstart_local = "15:00"\nduration_h = 10.0\n'


def test_the_scenarios_are_there() -> None:
    assert set(scenario_names()) == {
        "burst_main", "damp_winter_week", "flaky_uplink", "frost_night", "hard_night", "market_day", "snow", "wet_then_freezing",
    }  # fmt: skip


@pytest.mark.parametrize("name", scenario_names())
def test_each_loads_and_says_what_it_expects(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.expect.alarms
    assert len(scenario.description) > 40


def test_frost_night_is_a_night() -> None:
    scenario = load_scenario("frost_night")
    assert (scenario.start_local, scenario.duration_h) == ("15:00", 17.0)
    assert scenario.expect.alarms["damp.surface_humidity"] >= 2
    assert scenario.expect.alarms["bins.full"] >= 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("15:00", "25:00"), "start_local is '25:00'"),
        (HEAD + "[weather]\n[[weather.points]]\nhour = 1\ncloud_oktas = 9\n", r"weather.points\[0\].cloud_oktas is 9"),
        (HEAD + "[weather]\nwnd = 3\n", "wnd"),
        (HEAD + '[[faults]]\nfault = "melted"\nkind = "bin"\ncount = 1\n', r"faults\[0\].fault is 'melted'"),
        (HEAD + '[[faults]]\nfault = "stuck"\n', "concerns nobody"),
        (HEAD + '[[faults]]\nfault = "stuck"\nkind = "bin"\n', "count is 0"),
        (HEAD + '[[faults]]\nfault = "stuck"\nkind = "bin"\ncount = 1\nfield = "speed_m_s"\n', "field is 'speed_m_s'; allowed are battery"),
        (HEAD + '[[faults]]\nfault = "stuck"\nkind = "bin"\ncount = 1\nfrom_hour = 5\nto_hour = 4\n', "to_hour is 4"),
        (HEAD + '[[faults]]\nfault = "sentinel"\nkind = "bin"\ncount = 1\nfield = "tilt_deg"\n', "value is missing"),
        (HEAD + "[bins]\nstart_fill_pct = [50.0, 20.0]\n", "start_fill_pct is"),
        (HEAD + "[bins]\nquantum_mm = [12, 6]\n", r"quantum_mm is \[12, 6\]"),
        (HEAD + '[[bins.occasions]]\nplace = "Zoo"\nfactor = 2\n', r"occasions\[0\].place is 'Zoo'; allowed are Market place"),
        (HEAD + "[[bins.occasions]]\nfactor = 2\nfrom_hour = 9\nto_hour = 8\n", r"occasions\[0\].to_hour is 8"),
        (HEAD + '[[faults]]\nfault = "blocked"\nkind = "frog"\ncount = 1\n', "kind is 'frog'; only bins are blocked"),
        ("name = ", "not TOML"),
        (HEAD.replace('title = "A test"\n', ""), "title"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_value(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_scenario(text)


def test_an_unknown_scenario_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="frost_night"):
        load_scenario("heat_wave")
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_scenario(tmp_path / "none.toml")


def test_a_scenario_comes_from_any_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD, encoding="utf-8")
    assert load_scenario(path).name == "x"


@pytest.mark.parametrize(
    "now",
    [datetime(2026, 1, 9, h, 30, tzinfo=UTC) for h in (0, 7, 8, 14, 16, 23)]
    + [datetime(2026, 7, 9, 12, tzinfo=UTC)],
)
def test_the_latest_start_is_at_the_local_time_and_over_by_now(now: datetime) -> None:
    scenario = load_scenario("frost_night")
    start = latest_start(scenario, now)
    local = start.astimezone(TOWN_ZONE)
    assert (local.hour, local.minute) == (15, 0)
    end = start.astimezone(UTC) + timedelta(hours=17)
    assert now - timedelta(hours=24) < end <= now


def test_latest_start_needs_a_time_zone() -> None:
    with pytest.raises(ConfigurationError, match="aware"):
        latest_start(load_scenario("snow"), datetime(2026, 1, 9))  # noqa: DTZ001
