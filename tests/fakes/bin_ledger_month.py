"""Two bins in January 2026 whose every figure can be worked out by hand.

A (100 L) gains 1 point an hour and is emptied every 96 h at 96 %; B (200 L) gains 2.5 and is emptied every 36 h at 90 %. Both are
read on the hour and emptied a second after it, down to nothing. The fixed days would be every second day at seven, from the 1st.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from rules.bin_ledger.settings import shipped_tariffs
from rules.core.bin_ledger.values import (
    Baseline,
    Bin,
    Complaint,
    Driven,
    Emptied,
    Inputs,
    Plan,
    Schedule,
    SensorWork,
    Trace,
)

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
BEGIN_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
HOUR_S = 3600.0
HOURS = 744
SCHEDULE = Schedule(
    plans=(Plan(name="all", every_days=2, first_day=FIRST, from_h=7.0, until_h=7.0, km=15.0, hours=3.0),),
    source="the rota of 2025",
)


def trace(bin_id: str, rate: float, every_h: int) -> Trace:
    """Return a bin's fills on the hour."""
    h = np.arange(HOURS)
    since = np.where(h % every_h == 0, np.where(h == 0, 0, every_h), h % every_h)
    return Trace(bin_id=bin_id, t_s=BEGIN_S + h * HOUR_S, fill_pct=rate * since, sd_pct=0.0)


def emptyings(bin_id: str, rate: float, every_h: int) -> list[Emptied]:
    """Return a bin's emptyings, a second after the hour."""
    return [
        Emptied(bin_id=bin_id, t_s=BEGIN_S + h * HOUR_S + 1.0, before_pct=rate * every_h, after_pct=0.0)
        for h in range(every_h, HOURS, every_h)
    ]


def rounds() -> tuple[Driven, ...]:
    """Return a round of 10 km and 2 h for each day on which a bin is emptied."""
    found = []
    for day in range(31):
        hours = range(day * 24, day * 24 + 24)
        bins = tuple(b for b, every in (("a", 96), ("b", 36)) if any(h > 0 and h % every == 0 for h in hours))
        if bins:
            found.append(
                Driven(
                    day=date(2026, 1, day + 1), lorry="lorry-1", km=10.0, hours=2.0, source="track", bins=bins
                )
            )
    return tuple(found)


def month(**changed: object) -> Inputs:
    """Return the month's inputs; ``changed``: fields that are otherwise."""
    work = (
        SensorWork(
            ref="1", bin_id="a", opened_s=BEGIN_S, closed_s=BEGIN_S + 86_400.0, done=True, cost_gbp=80.0
        ),
        SensorWork(ref="2", bin_id="b", opened_s=BEGIN_S, closed_s=BEGIN_S + 86_400.0, done=True),
        SensorWork(ref="3", bin_id="b", opened_s=BEGIN_S, closed_s=BEGIN_S + 86_400.0),  # went away by itself
        SensorWork(ref="4", bin_id="b", opened_s=BEGIN_S),
    )
    told: dict[str, object] = {
        "town": "Two Bins", "zone": "Europe/London", "first": FIRST, "last": LAST,
        "bins": (Bin(bin_id="a", label="A", capacity_l=100.0, device="d-a"), Bin(bin_id="b", label="B", capacity_l=200.0, device="d-b")),
        "traces": (trace("a", 1.0, 96), trace("b", 2.5, 36)),
        "emptyings": tuple(emptyings("a", 1.0, 96) + emptyings("b", 2.5, 36)),
        "rounds": rounds(), "complaints": tuple(Complaint(t_s=BEGIN_S + d * 86_400.0, what="overflowing") for d in (3, 9, 40, 20)),
        "work": work, "schedule": SCHEDULE, "tariffs": shipped_tariffs(),
        "baseline": Baseline(complaints=24, days=90, source="call centre, autumn 2025"),
    }  # fmt: skip
    return Inputs(**{**told, **changed})  # type: ignore[arg-type]
