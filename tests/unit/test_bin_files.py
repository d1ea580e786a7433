"""Published files of bins: the traps that are known of them, and files that are none."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.bin_files.daily_levels import read_daily_levels
from rules.bin_files.emptyings import is_emptyings, read_emptyings
from tests.fakes.bin_levels import HEAD

EMPTYINGS = "event_id,site_id,content_type,collected_at_local,fill_after_pct,fill_before_pct,weight_kg\n"


def test_a_block_that_repeats_under_another_date_is_missing(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    levels = 2 * rng.integers(0, 6, (6, 24))
    levels[4] = levels[1]
    rows = [
        f"2019-01-{11 + day},{level},X,{number}\n"
        for day, of in enumerate(levels)
        for number, level in enumerate(of)
    ]
    file = tmp_path / "levels.csv"
    file.write_text(HEAD + "".join(rows))
    found = read_daily_levels(file)
    assert found.repeated == 1
    assert np.isnan(found.daily.fill_pct[4]).all()
    assert not np.isnan(found.daily.fill_pct[[0, 1, 2, 3, 5]]).any()


def test_few_bins_may_read_the_same_and_empty_ones_always(tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    file.write_text(HEAD + "".join(f"2019-01-{11 + day},4,X,{n}\n" for day in range(5) for n in range(10)))
    assert read_daily_levels(file).repeated == 0
    file.write_text(HEAD + "".join(f"2019-01-{11 + day},0,X,{n}\n" for day in range(5) for n in range(30)))
    assert read_daily_levels(file).repeated == 0


def test_a_bin_that_asks_at_six_is_not_full_by_its_asking(tmp_path: Path) -> None:
    """Some thresholds are 6: the reason FULLNESS says that a bin asks, and the level how full it is."""
    file = tmp_path / "levels.csv"
    file.write_text("fullnessThreshold," + HEAD + "6,2020-01-01,6,FULLNESS,1\n8,2020-01-02,8,FULLNESS,1\n")
    assert read_daily_levels(file).daily.fill_pct[:, 0].tolist() == [60.0, 80.0]


def test_an_alert_with_a_level_keeps_it_and_the_last_of_two_rows_counts(tmp_path: Path) -> None:
    file = tmp_path / "levels.csv"
    file.write_text(HEAD + "2020-01-01,10,ALERT,1\n2020-01-02,2,X,1\n2020-01-02,4,X,1\n")
    found = read_daily_levels(file)
    assert found.daily.fill_pct[:, 0].tolist() == [100.0, 40.0]
    assert found.faults == 0


def test_many_bins_are_read_in_a_moment(tmp_path: Path) -> None:
    """Some 0.2 CPU s; where each bin is looked for in all rows it is more than ten."""
    file = tmp_path / "levels.csv"
    file.write_text(
        HEAD + "".join(f"2020-01-0{d},{2 * (n % 6)},X,{n}\n" for d in (1, 2) for n in range(15_000))
    )
    begun = time.process_time()
    assert len(read_daily_levels(file).bins) == 15_000
    assert time.process_time() - begun < 4.0


def emptyings(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "emptyings.csv"
    file.write_text(EMPTYINGS + "".join(f"{row}\n" for row in rows))
    return file


def test_intervals_are_of_one_bin_from_emptying_to_emptying(tmp_path: Path) -> None:
    file = emptyings(
        tmp_path,
        "1,7,Mixed,2016-06-11 06:00:00,0,60,1", "2,7,Mixed,2016-06-10 06:00:00,0,50,1",
        "3,7,Glass,2016-06-10 09:00:00,0,20,1", "4,7,Mixed,2016-06-13 18:30:00,0,110,1",
        "5,7,Mixed,2016-06-13 18:30:00,0,5,1",
    )  # fmt: skip
    assert is_emptyings(file)
    found = read_emptyings(file)
    assert (found.bins, found.emptyings) == (("7 Glass", "7 Mixed"), 5)
    assert found.intervals.bin.tolist() == [1, 1]
    assert found.intervals.hours.tolist() == pytest.approx([24.0, 60.5])
    assert found.intervals.fill_pct.tolist() == [60.0, 110.0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,7,Mixed,yesterday,0,60,1", "line 2: collected_at_local is 'yesterday'; allowed: a local time"),
        ("1,7,Mixed,2016-06-11 06:00:00,0,nan,1", "line 2: fill_before_pct is 'nan'; allowed: 0 to 1000"),
        ("1,7,Mixed,2016-06-11 06:00:00,0,-1,1", "line 2: fill_before_pct is '-1'"),
        ("1, ,Mixed,2016-06-11 06:00:00,0,60,1", "line 2: site_id is ''; allowed: a site's number"),
    ],
)
def test_a_row_that_is_none_is_said_to_be_none(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_emptyings(emptyings(tmp_path, row))


def test_a_file_of_emptyings_that_is_empty_or_absent_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no emptying in it"):
        read_emptyings(emptyings(tmp_path))
    with pytest.raises(ConfigurationError, match="can't be read"):
        is_emptyings(tmp_path / "none.csv")
    levels = tmp_path / "levels.csv"
    levels.write_text(HEAD)
    assert not is_emptyings(levels)
    with pytest.raises(ConfigurationError, match="there is no column site_id"):
        read_emptyings(levels)
