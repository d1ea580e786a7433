"""What is said of a bin's outlook and of how good the chances are. Pure."""

from __future__ import annotations

from typing import Any

from rules.core.bin_outlook import chances
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.pooling import FROM
from rules.core.bin_outlook_parameters import WatchParameters
from rules.core.context import Context
from rules.core.effects import Json, iso, num
from rules.core.memory import BinMemory
from rules.core.psychrometrics import Floats
from rules.core.work import Work

SMALLEST = 4
"""Decimals of a chance that is told."""


def outlook_of(work: Work, ctx: Context, bin_id: str, now: BinMemory) -> Json | None:
    """Return what is said of a bin's outlook; None before its first full hour, and after an emptying until the next one."""
    row = work.table("bin_outlook", ctx, OutlookColumns).one(bin_id)
    if (
        row is None
        or row["rate_pct_h"] != row["rate_pct_h"]
        or row["cycle_s"] != (now.fills.emptied_s or 0.0)
    ):
        return None
    return {
        "p_overflow": num(row["p"], SMALLEST),
        "service_at": _iso(row["service_s"]),
        "next_service_at": _iso(row["next_s"]),
        "service_fill_pct": num(row["service_pct"], 1),
        "full_at": _iso(row["full_s"]),
        "full_from": _iso(row["full_from_s"]),
        "full_to": _iso(row["full_to_s"]),
        "rate_pct_day": num(24.0 * row["rate_pct_h"], 1),
        "learnt_from": FROM[row["source"]],
        "collect": row["due"] > 0.0,
    }


def tell_fleet(
    work: Work, subject: str, at_s: float, sums: Floats, by: chances.Righting, p: WatchParameters
) -> None:
    """Say how good the chances are."""
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
    work.tell("bins", subject, at_s, told)


def _iso(at_s: float) -> str | None:
    return None if at_s != at_s else iso(at_s)
