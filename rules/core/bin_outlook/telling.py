"""What is said of the bins' outlook, and of how good the chances are. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from rules.core.bin_outlook import chances
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.pooling import FROM
from rules.core.bin_outlook.strip import STEP_H
from rules.core.bin_outlook_parameters import WatchParameters
from rules.core.context import Context
from rules.core.effects import Json, num, rounded
from rules.core.memory import BinMemory
from rules.core.psychrometrics import Floats
from rules.core.work import Work

SMALLEST = 4
"""Decimals of a chance that is told."""
TIMES = {
    "service_at": "service_s", "next_service_at": "next_s", "full_at": "full_s", "full_from": "full_from_s",
    "full_to": "full_to_s",
}  # fmt: skip
MINUTE_S = 60.0


def outlook_of(work: Work, ctx: Context, bin_id: str, now: BinMemory) -> Json | None:
    """Return what is said of a bin's outlook; None before its first full hour, and after an emptying until the next one."""
    c = work.table("bin_outlook", ctx, OutlookColumns)
    i = c.index.get(bin_id)
    if i is None:
        return None
    if c.said is None:
        c.said = said(c)
    cycle_s, found = c.said[i]
    return found if cycle_s == (now.fills.emptied_s or 0.0) else None


def said(c: OutlookColumns) -> list[tuple[float, Json | None]]:
    """Return what is said of all bins, and since when each has been filling: worked out once an hour, not with each reading."""
    values = {
        "p_overflow": rounded(c["p"], SMALLEST),
        **{name: times(c[column]) for name, column in TIMES.items()},
        "service_fill_pct": rounded(c["service_pct"], 1),
        "rate_pct_day": rounded(24.0 * c["rate_pct_h"], 1),
        "learnt_from": [FROM.get(s) for s in c["source"].tolist()],
        "collect": (c["due"] > 0.0).tolist(),
        "strip": strips(c),
    }
    names, known = tuple(values), (~np.isnan(c["rate_pct_h"])).tolist()
    rows = zip(*values.values(), strict=True)
    found = [
        dict(zip(names, row, strict=True)) if is_known else None
        for is_known, row in zip(known, rows, strict=True)
    ]
    return list(zip(c["cycle_s"].tolist(), found, strict=True))


def strips(c: OutlookColumns) -> list[Json | None]:
    """Return the forecast strips: levels [% of fill] and chances [%] by step, from a time on; None where there is none."""
    return [
        None
        if from_at is None
        else {"from": from_at, "step_h": STEP_H, "median_pct": middle, "low_pct": low, "high_pct": high, "p_over_pct": p}
        for from_at, (middle, low, high, p) in zip(times(c.strip_s), c.strips.tolist(), strict=True)
    ]  # fmt: skip


def times(at_s: Floats) -> list[str | None]:
    """Return times as ISO 8601 in UTC, to the minute; None where they are not known."""
    known = ~np.isnan(at_s)
    minutes = np.where(known, np.rint(at_s / MINUTE_S), 0.0).astype(np.int64).astype("datetime64[m]")
    texts = np.datetime_as_string(minutes, unit="s").tolist()
    return [f"{text}Z" if is_known else None for text, is_known in zip(texts, known.tolist(), strict=True)]


def tell_fleet(work: Work, at_s: float, sums: Floats, by: chances.Righting, p: WatchParameters) -> None:
    """Say how good the chances are: of bins as a kind."""
    found = chances.watched(sums, p)
    told: dict[str, Any] = {"chances": 0, "put_right": by.is_used, "drifts": False}
    if found is not None:
        told |= {
            "chances": num(found.n, 0),
            "overflows": num(found.came, 1),
            "overflows_told": num(found.told, 1),
            "brier": num(found.brier, 5),
            "brier_usual": num(found.brier_usual, 5),
            "calibration_error": num(found.ece, 5),
            "drifts": found.drifts,
        }
    work.tell("kind", "bin", at_s, {"forecast": told})
