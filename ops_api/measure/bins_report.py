"""The report of ``cityops bench bins`` as data: on a file of daily levels or of emptyings, whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from ops_api.measure import bins_emptyings, bins_next_day, bins_policy, bins_time
from rules.bin_files.daily_levels import read_daily_levels
from rules.bin_files.emptyings import is_emptyings, read_emptyings

TRAINED = 0.6
"""Judged are the days after this share of the file's."""


def report(file: Path, policies: bool = True) -> dict[str, Any]:
    """Return how good forecasts of bins are on a file, beside simpler ones.

    Args:
        file: daily levels or emptyings.
        policies: replay policies, too, where levels are daily.

    Raises:
        ConfigurationError: the file is none, in words; or there is nothing to judge.
    """
    return _emptyings(file) if is_emptyings(file) else _daily(file, policies)


def _daily(file: Path, policies: bool) -> dict[str, Any]:
    levels = read_daily_levels(file)
    days, first = len(levels.daily.fill_pct), int(TRAINED * len(levels.daily.fill_pct))
    found: dict[str, Any] = {
        "benchmark": "bins", "file": file.name, "kind": "daily levels", "bins": len(levels.bins), "days": days,
        "faults": levels.faults, "repeated_days": levels.repeated, "left_out": list(levels.left_out),
    }  # fmt: skip
    found |= bins_next_day.judged(levels.daily, first, file.name)
    found["time_to_full"] = bins_time.judged(levels.daily, first)
    never_emptied = found["time_to_full"]["ways"]["as if never emptied"]["mae_h"]
    found["new_bin"] = bins_time.new_bins(levels.daily, first, never_emptied)
    if policies:
        found["policies"] = bins_policy.judged(levels.daily, TRAINED)
    parts = [found["next_day"], found["time_to_full"], *([found["policies"]] if policies else [])]
    return found | {"met": all(part["met"] is not False for part in parts)}


def _emptyings(file: Path) -> dict[str, Any]:
    read = read_emptyings(file)
    if len(read.intervals.bin) == 0:
        raise ConfigurationError(
            f"{file.name}: no bin was emptied twice; allowed: bins with two emptyings or more"
        )
    found: dict[str, Any] = {
        "benchmark": "bins", "file": file.name, "kind": "emptyings", "bins": len(read.bins),
        "emptyings": read.emptyings, "intervals": len(read.intervals.bin),
    }  # fmt: skip
    found |= bins_emptyings.judged(read.intervals, file.name)
    return found | {"met": found["time_to_fill"]["met"]}
