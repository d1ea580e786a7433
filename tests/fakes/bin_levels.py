"""Daily levels of bins that fill as they are told to, as values and as a file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from rules.core.bin_forecast.next_day import Daily

HEAD = "timestamp,latestFullness,reason,serialNumber\n"


def generated(days: int = 420, bins: int = 12) -> Daily:
    """Bins that fill by a gamma process, busier on Saturdays, and are emptied when they are full; read in steps of 20 %."""
    rng = np.random.default_rng(4)
    mean, fill, rows = rng.uniform(4.0, 30.0, bins), np.zeros(bins), []
    for day in range(days):
        fill = np.where(fill >= 80.0, 0.0, fill)
        fill = fill + rng.gamma(mean * (2.0 if day % 7 == 5 else 1.0) / 12.0, 12.0)
        rows.append(np.minimum(20.0 * (fill // 20.0), 100.0))
    return Daily(np.array(rows), 0, 20.0)


def written(path: Path, daily: Daily) -> Path:
    """The levels as a city publishes them, from a Monday on."""
    rows = [
        f"{date(2020, 1, 6) + timedelta(days=day)},{fill / 10.0:.0f},NOT_READY,{number}\n"
        for day, fills in enumerate(daily.fill_pct)
        for number, fill in enumerate(fills)
    ]
    path.write_text(HEAD + "".join(rows))
    return path
