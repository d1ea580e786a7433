"""``bench commit`` measures every part on a database of its own, each sequence once."""

from __future__ import annotations

import pytest

from bench.__main__ import parser
from bench.commit import run


def test_it_measures_each_part_and_counts_what_the_ledger_holds() -> None:
    options = parser().parse_args(
        "commit --devices 40 --per-device 1 3 --batches 30 --repeats 2".split()  # noqa: SIM905
    )
    options.dsn = None
    report = run(options)
    assert report["correct"] is True
    assert [f["rows"] for f in report["figures"]] == [40, 120]
    for figure in report["figures"]:
        costs = figure["cpu_us_per_reading"]
        assert costs["copy_and_ledger"] == pytest.approx(costs["copy"] + costs["ledger"], abs=0.02)


def test_a_database_elsewhere_is_refused_in_words() -> None:
    options = parser().parse_args(["commit"])
    options.dsn = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(SystemExit, match="leave CITYOPS_BENCH_DSN unset"):
        run(options)
