"""The report of ``cityops bench bins``: as data, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from rules.bin_files.daily_levels import read_daily_levels
from rules.core.bin_forecast.baselines import by_bin_and_level, by_level, how_often
from rules.core.bin_forecast.next_day import NextDayParameters, Told, walk
from rules.core.bin_forecast.scores import brier, calibration_error, reliability
from rules.core.psychrometrics import Floats

TRAINED = 0.6
"""Judged are the days after this share of the file's."""
BRIER_MOST, ERROR_MOST = 0.085, 0.02
"""What is wanted of Wyndham's bins."""


def report(file: Path, p: NextDayParameters | None = None) -> dict[str, Any]:
    """Return how good the chance of being full tomorrow is on a file of daily levels, beside simpler ones.

    Raises:
        ConfigurationError: the file is none, in words; or there is nothing to judge.
    """
    settings = NextDayParameters() if p is None else p
    levels = read_daily_levels(file)
    told, first = walk(levels.daily, settings), int(TRAINED * len(levels.daily.fill_pct))
    judged = told.day >= first
    if not judged.any() or judged.all():
        raise ConfigurationError(
            f"{file.name}: {len(levels.daily.fill_pct)} days with {len(told.day)} of them to judge by and to be judged;"
            " allowed: bins that are not full on days in both parts"
        )
    chances: dict[str, Floats] = {
        "how often": how_often(told, first),
        "by level": by_level(levels.daily, told, first),
        "by bin and level": by_bin_and_level(levels.daily, told, first),
        "gamma process": told.raw,
        "put right": told.p,
    }
    rows = {name: _scored(chance[judged], told, judged) for name, chance in chances.items()}
    return {
        "benchmark": "bins",
        "file": file.name,
        "bins": len(levels.bins),
        "days": len(levels.daily.fill_pct),
        "faults": levels.faults,
        "left_out": list(levels.left_out),
        "judged": int(judged.sum()),
        "came": round(float(told.happened[judged].mean()), 4),
        "next_day": rows,
        "reliability": [b._asdict() for b in reliability(told.p[judged], told.happened[judged])],
        "wanted": {"brier": BRIER_MOST, "calibration_error": ERROR_MOST},
        "met": rows["put right"]["brier"] <= BRIER_MOST
        and rows["put right"]["calibration_error"] <= ERROR_MOST,
    }


def _scored(p: Floats, told: Told, judged: Any) -> dict[str, float]:
    happened = told.happened[judged]
    return {
        "brier": round(brier(p, happened), 4),
        "calibration_error": round(calibration_error(p, happened), 4),
    }


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report in words."""
    yield (
        f"{found['file']}: {found['bins']} bins, {found['days']} days, {found['faults']} faults;"
        f" judged {found['judged']}, of which {found['came']:.1%} were full the next day"
    )
    yield f"{'full tomorrow':<18}{'Brier':>8}{'off by':>8}"
    for name, row in found["next_day"].items():
        yield f"{name:<18}{row['brier']:>8.4f}{row['calibration_error']:>8.4f}"
    yield "said      came    times"
    for band in found["reliability"]:
        yield f"{band['said']:>5.1%}  {band['came']:>7.1%}  {band['times']:>7}"
    wanted = found["wanted"]
    yield (
        f"{'met' if found['met'] else 'MISSED'}: Brier at most {wanted['brier']:g},"
        f" off by at most {wanted['calibration_error']:g}"
    )
