"""``cityops bench bins`` as its user starts it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.bin_levels import generated, written
from tests.fakes.command_line import cityops


def test_bins_of_a_file_are_judged_beside_simpler_ways(tmp_path: Path) -> None:
    file = written(tmp_path / "levels.csv", generated())
    done = cityops("bench", "bins", str(file), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["met"] else 1)
    assert (found["bins"], found["days"], found["faults"]) == (12, 420, 0)
    next_day = found["next_day"]
    assert next_day["ways"]["put right"]["brier"] < next_day["ways"]["how often"]["brier"]
    assert sum(band["times"] for band in next_day["reliability"]) == found["judged"]
    said = cityops("bench", "bins", str(file))
    assert said.stdout.startswith("levels.csv: 12 bins, 420 days, 0 faults, 0 repeated days; judged ")
    assert ("met: Brier" if found["met"] else "MISSED: Brier") in said.stdout


def test_another_file_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("when,level\n2020-01-01,4\n")
    done = cityops("bench", "bins", str(file))
    assert done.returncode == 2
    assert "there is no column timestamp, latestFullness, serialNumber, reason" in done.stderr
    assert cityops("bench", "bins", str(tmp_path / "none.csv")).returncode == 2
