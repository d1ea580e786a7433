"""What came of a way of choosing bins, week by week, and how far two of them are apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.special import stdtrit

from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_trial.playing import DayPlayed, Played
from rules.core.bin_trial.ports import Truth
from rules.core.psychrometrics import Floats

WEEK = 7
HOUR_S, OVERFLOW_DAY_S = 3600.0, 1800.0
"""So long at the rim makes a bin-day an overflow day [s], as the ledger has it."""
BOTH_SIDES = 0.95
"""Of Student's t: 90 % are between the two ends."""
SUMS = (
    "collections", "wasted", "fill", "km", "hours", "lorry_days", "overflow_h", "shown_h", "overflow_days", "spilt_l",
    "missed", "diesel_l", "co2_kg", "cost_gbp", "bin_days",
)  # fmt: skip
"""Of a week: stops at bins; of them at bins not half full; sum of the shares that were full; km; hours of lorries; days of
lorries; hours at the rim; hours in which an exact sensor would have read 95 %; bin-days with half an hour at the rim; litres that
came to lie beside; must-go bins not met; diesel; CO2 equivalent; driving and crews; bin-days."""


class Weeks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Sums of whole weeks, each an array of one value a week; see ``SUMS``. What is left of days at the end counts in no week."""

    sums: dict[str, Floats]

    def total(self, name: str) -> float:
        """Return a sum over all weeks."""
        return float(self.sums[name].sum())

    def share(self, name: str, of: str) -> float:
        """Return one sum over another; 0 where that is 0."""
        below = self.total(of)
        return self.total(name) / below if below > 0.0 else 0.0


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sum is from another's, over all weeks: the difference, and between which it is nine times in ten."""

    difference: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether it is not by chance."""
        return self.low > 0.0 or self.high < 0.0


def weeks_of(played: Played, tariffs: Tariffs, lead_days: int = 0) -> Weeks:
    """Return a played way's sums.

    Args:
        played: the days.
        tariffs: what a kilometre and an hour cost and emit.
        lead_days: of the beginning, that are not counted.

    Raises:
        ValueError: not a week is left.
    """
    before = played.days[lead_days - 1].truth if lead_days else played.before
    days = played.days[lead_days:]
    n = len(days) // WEEK
    if n == 0:
        raise ValueError(f"{len(days)} days after {lead_days} to learn: at least one week is needed")
    truths = [before, *(d.truth for d in days)]
    rows = [_day(a, d, tariffs) for a, d in zip(truths, days, strict=False)]
    values = np.array([[row[name] for name in SUMS] for row in rows[: n * WEEK]])
    weekly = values.reshape(n, WEEK, len(SUMS)).sum(axis=1)
    return Weeks(sums={name: weekly[:, k] for k, name in enumerate(SUMS)})


def together(parts: Sequence[Weeks]) -> Weeks:
    """Return the weeks of several towns one after the other."""
    return Weeks(sums={name: np.concatenate([p.sums[name] for p in parts]) for name in parts[0].sums})


def apart(one: Weeks, other: Weeks, name: str) -> Apart:
    """Return how far ``one`` is from ``other``, week by week of the same demand (a paired comparison, Student's t).

    Raises:
        ValueError: they are not as long.
    """
    return of_differences(one.sums[name] - other.sums[name])


def of_differences(each: Floats) -> Apart:
    """Return the sum of differences with its interval; without an end where there is only one."""
    n, total = len(each), float(each.sum())
    if n < 2:
        return Apart(difference=total, low=-np.inf, high=np.inf)
    sd = float(each.std(ddof=1)) * n**0.5
    reach = float(stdtrit(n - 1, BOTH_SIDES)) * sd
    return Apart(difference=total, low=total - reach, high=total + reach)


def _day(before: Truth, d: DayPlayed, t: Tariffs) -> dict[str, float]:
    km = sum(x.km for x in d.driven)
    hours = sum(x.hours or 0.0 for x in d.driven)
    diesel = km * t.diesel_l_km.value
    overflow_s = d.truth.overflow_s - before.overflow_s
    labour = hours * (t.crew_gbp_h.value + t.vehicle_gbp_h.value)
    return {
        "collections": _grown(d.truth.emptied, before.emptied), "wasted": _grown(d.truth.wasted, before.wasted),
        "fill": _grown(d.truth.fill, before.fill), "km": km, "hours": hours, "lorry_days": float(len(d.driven)),
        "overflow_h": float(overflow_s.sum()) / HOUR_S,
        "shown_h": _grown(d.truth.shown_s, before.shown_s) / HOUR_S,
        "overflow_days": float((overflow_s >= OVERFLOW_DAY_S).sum()),
        "spilt_l": _grown(d.truth.spilt_l, before.spilt_l), "missed": float(d.missed), "diesel_l": diesel,
        "co2_kg": diesel * t.co2_kg_l.value, "cost_gbp": labour + diesel * t.diesel_gbp_l.value,
        "bin_days": float(len(overflow_s)),
    }  # fmt: skip


def _grown(after: Floats, before: Floats) -> float:
    return float((after - before).sum())
