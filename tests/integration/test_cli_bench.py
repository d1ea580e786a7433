"""``cityops bench carp`` as people run it, on made-up towns in files and on real instances."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from ops_api import carp_bench
from ops_api.carp_bench import measure, read_cases
from ops_api.routing_bench import Run
from tests.fakes.carp_towns import town, written
from tests.fakes.command_line import cityops


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three towns: known to the table, to its file alone, and to nobody."""
    inner = tmp_path / "towns"
    inner.mkdir()
    for name, bounds in (("town-2", None), ("town-10", (100, 300)), ("town-11", None)):
        made = dataclasses.replace(town(1, nodes=8), depots=(0,), bounds=bounds)
        (inner / f"{name}.dat").write_text(written(made))
    (tmp_path / "best_known.csv").write_text("instance,lower_bound,best_known_cost\ntown-2,100,200\n")
    return inner


def test_it_prints_each_instance_and_the_mean_gap_last(folder: Path) -> None:
    done = cityops("bench", "carp", str(folder), "--iterations", "200", "--interpreted")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == ["town-2", "town-10", "town-11"]
    assert [line.split()[1:3] for line in lines[1:-1]] == [["100", "200"], ["100", "300"], ["-", "-"]]
    costs = [int(line.split()[3]) for line in lines[1:-1]]
    gaps = [100 * (costs[0] / 200 - 1), 100 * (costs[1] / 300 - 1)]
    assert lines[-1] == f"mean gap {sum(gaps) / 2:.3f} % over 2 instances"
    assert "not compiled" in done.stderr


def test_json_tells_the_conditions_and_the_same_again(folder: Path) -> None:
    words = ("bench", "carp", str(folder), "--iterations", "150", "--interpreted", "--seed", "3", "--json")
    first, again = (json.loads(cityops(*words).stdout) for _ in range(2))
    assert first["conditions"] == {"seconds": None, "iterations": 150, "seed": 3, "compiled": False}
    assert all(row["verified"] and row["iterations"] == 150 for row in first["instances"])
    for row in (*first["instances"], *again["instances"]):
        del row["cpu_s"]
    assert first == again


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("town-2.dat", "1 2 x", "town-2, line 1: 'x' is no whole number"),
        ("best_known.csv", "name\n1\n", "needs the columns instance, lower_bound, best_known_cost"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    done = cityops("bench", "carp", str(folder), "--iterations", "10", "--interpreted")
    assert done.returncode == ConfigurationError.exit_code
    assert message in done.stderr


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    done = cityops("bench", "carp", str(tmp_path))
    assert done.returncode == ConfigurationError.exit_code
    assert "no instance; expected files *.dat" in done.stderr


def test_a_wrong_plan_fails_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carp_bench, "problems_of", lambda *_: ["link 3 is treated 0 times, not 1"])
    row = measure(read_cases(folder)[0], Run(1.0, 1, iterations=10))
    assert row.line.endswith("\n  WRONG: link 3 is treated 0 times, not 1")
