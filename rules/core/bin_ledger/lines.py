"""The statement's lines as formulas: each returns what was and what would have been, for values and for draws alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rules.core.bin_ledger.confidence import Known
from rules.core.bin_ledger.days import SIDES, BinDays
from rules.core.bin_ledger.one_bin import NINE_OF_TEN, ROWS
from rules.core.bin_ledger.rounds import ESTIMATE_SD, OWN_SD, PLAN_SD, TRACK_SD, Way
from rules.core.bin_ledger.values import Floats, Inputs

Pair = tuple[Floats, Floats] | None
"""What was, and what would have been; None = one of them is not known."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A period's bin-days and ways: what the lines are made from.

    Attributes:
        i: the inputs.
        days: the bin-days.
        was, fixed: km and hours.
        work_gbp: of sensors' work orders that say their cost; visits: those that go by the tariff.
    """

    i: Inputs
    days: BinDays
    was: Way
    fixed: Way
    work_gbp: float
    visits: int

    def of(self, side: str, name: str) -> Floats:
        """Return bin-days of one side, 0 where a bin-day is not known."""
        values: Floats = getattr(self.days.sides[side], name)
        return np.asarray(values * self.days.known)

    def unseen_sd(self, name: str) -> float:
        """Return the standard deviation of a sum on fixed days, because what was not seen may have been otherwise."""
        return float(np.sqrt(sum(b.variance[ROWS.index(name)] for b in self.days.made)))

    @property
    def known(self) -> Floats:
        """1 where a bin-day is known."""
        return self.days.known.astype(np.float64)

    @property
    def years(self) -> float:
        """Length of the period."""
        return len(self.days.cal.days) / 365.25

    @property
    def reading_s(self) -> float:
        """The usual time between two readings [s]; 0 without any."""
        gaps = [float(np.median(np.diff(t.t_s))) for t in self.i.traces if len(t.t_s) > 1]
        return float(np.median(gaps)) if gaps else 0.0

    @property
    def sensors(self) -> int:
        """Bins with a sensor, whether it measured or not: it is paid for."""
        return sum(bool(b.device) for b in self.i.bins)


ENDS_SD = (2.0 / 12.0) ** 0.5
"""Standard deviation of a span whose two ends are each somewhere between two readings, in times between readings."""

Line = Callable[[Facts, Known], Pair]


def _detected(f: Facts, k: Known) -> Floats:
    """Return by how much too many or too few emptyings may have been detected; 1 with the figures as they are."""
    t = f.i.tariffs
    usual = t.detection_precision.value / t.detection_recall.value
    return k.figure("detection_precision") / k.figure("detection_recall") / usual


def collections(f: Facts, k: Known) -> Pair:
    """Stops at bins."""
    was = k.of_bins(f.of("actual", "visits")) * _detected(f, k) + k.of_days(f.days.loose)
    return was, k.of_bins(f.of("fixed", "visits"))


def per_bin_week(f: Facts, k: Known) -> Pair:
    """Stops for each bin and week."""
    weeks = k.of_bins(f.known) / 7.0
    found = collections(f, k)
    assert found is not None
    return _over(found[0], weeks), _over(found[1], weeks)


def wasted(f: Facts, k: Known) -> Pair:
    """Stops at bins that were not half full."""
    return k.of_bins(f.of("actual", "wasted")) * _detected(f, k), k.of_bins(f.of("fixed", "wasted"))


def _over(a: Floats, b: Floats) -> Floats:
    return np.asarray(a / np.maximum(b, 1e-9))


def km(f: Facts, k: Known) -> Pair:
    """Length driven [km]."""
    if f.was.km is None or f.fixed.km is None:
        return None
    return k.of_days(f.was.km) * _length(f.was, k, "was"), k.of_days(f.fixed.km) * _length(
        f.fixed, k, "fixed"
    )


def hours(f: Facts, k: Known) -> Pair:
    """Time of lorries and crews [h]."""
    if f.was.hours is None or f.fixed.hours is None:
        return None
    return k.of_days(f.was.hours) * _length(f.was, k, "was"), k.of_days(f.fixed.hours) * _length(
        f.fixed, k, "fixed"
    )


def _length(way: Way, k: Known, name: str) -> Floats:
    """Return by how much a way may be longer: a planner's error is that of all its plans, the rest is each way's own."""
    plan = (1.0 - way.tracked) * PLAN_SD * k.normal("plan")
    own = (way.tracked * TRACK_SD + (1.0 - way.tracked) * OWN_SD) * k.normal(f"way {name}")
    guess = ESTIMATE_SD * k.normal(f"estimate {name}") if way.estimated else 0.0
    return np.maximum(1.0 + plan + own + guess, 0.1)


def fuel(f: Facts, k: Known) -> Pair:
    """Diesel [l]."""
    way = km(f, k)
    return None if way is None else (way[0] * k.figure("diesel_l_km"), way[1] * k.figure("diesel_l_km"))


def co2(f: Facts, k: Known) -> Pair:
    """CO2 equivalent at the exhaust [kg]."""
    litres = fuel(f, k)
    return None if litres is None else (litres[0] * k.figure("co2_kg_l"), litres[1] * k.figure("co2_kg_l"))


def overflow_min(f: Facts, k: Known) -> Pair:
    """Minutes in which bins overflowed."""
    return _unseen(f, k, "over_s", 60.0)


def full_min(f: Facts, k: Known) -> Pair:
    """Minutes in which bins were at the end of their scale."""
    return _unseen(f, k, "full_s", 60.0)


def overflow_days(f: Facts, k: Known) -> Pair:
    """Overflow days for each 1,000 bin-days."""
    found = _unseen(f, k, "over_days")
    days = k.of_bins(f.known) / 1000.0
    return _over(found[0], days), _over(found[1], days)


def service_level(f: Facts, k: Known) -> Pair:
    """Share of bin-days without overflow [%]."""
    found = overflow_days(f, k)
    assert found is not None
    return 100.0 - found[0] / 10.0, 100.0 - found[1] / 10.0


def _unseen(f: Facts, k: Known, name: str, unit: float = 1.0) -> tuple[Floats, Floats]:
    """Return something with what is thrown in unseen, and with what the method itself gets wrong."""
    sides = {side: f.of(side, name) / unit for side in SIDES}
    was, fixed, less, more = (k.of_bins(sides[side]) for side in ("actual", "fixed", "less", "more"))
    z = k.normal("unseen")
    usual = fixed + np.where(z < 0.0, fixed - less, more - fixed) * z / NINE_OF_TEN
    totals = {side: float(values.sum()) for side, values in sides.items()}
    # Errors of single overflows add up like a walk: with four times as many twice as far. None is known better than its
    # begin and end are, each somewhere between two readings.
    walk = (
        abs(totals["checked"] - totals["actual"])
        * max(1.0, totals["fixed"] / max(totals["actual"], 1.0)) ** 0.5
    )
    episodes = max(float(f.of("actual", "over_days").sum() + f.of("fixed", "over_days").sum()), 1.0)
    ends = episodes**0.5 * ENDS_SD * f.reading_s / (86_400.0 if name == "over_days" else unit)
    off = float(np.hypot(walk, ends))
    chance = f.unseen_sd(name) / unit * k.normal(f"chance {name}")
    return was, np.maximum(usual + off * k.normal(f"check {name}") + chance, 0.0)


def complaints(f: Facts, k: Known) -> Pair:
    """Complaints; what would have been is that of a time before, by the day."""
    b = f.i.baseline
    if f.i.complaints is None or b is None:
        return None
    cal = f.days.cal
    n = sum(cal.first_s <= c.t_s < cal.last_s for c in f.i.complaints)
    days = len(cal.days) / b.days
    # Of counts: so far off as chance alone makes them.
    return (
        np.maximum(n + (n + 0.5) ** 0.5 * k.normal("complaints"), 0.0),
        np.maximum(b.complaints + (b.complaints + 0.5) ** 0.5 * k.normal("baseline"), 0.0) * days,
    )


def running(f: Facts, k: Known) -> Pair:
    """What driving costs [£]; hours not driven count as far as they are money not spent."""
    litres, h = fuel(f, k), hours(f, k)
    if litres is None or h is None:
        return None
    hour = k.figure("crew_gbp_h") + k.figure("vehicle_gbp_h")
    was, price = h[0] * hour, k.figure("diesel_gbp_l")
    labour = was + (h[1] - h[0]) * hour * k.figure("saved_hours_share")
    return was + litres[0] * price, labour + litres[1] * price


def sensors(f: Facts, k: Known) -> Pair:
    """What the sensors cost [£]: capital by life, connectivity, platform, visits."""
    each = k.figure("sensor_gbp") / k.figure("sensor_life_y") + k.figure("connectivity_gbp_y")
    visits = f.work_gbp + f.visits * k.figure("work_order_gbp")
    return f.years * (f.sensors * each + k.figure("platform_gbp_y")) + visits, np.asarray(0.0)


def in_all(f: Facts, k: Known) -> Pair:
    """Driving and sensors together [£]."""
    drive, sense = running(f, k), sensors(f, k)
    return None if drive is None or sense is None else (drive[0] + sense[0], drive[1])


LINES: tuple[tuple[str, str, str, str, Line], ...] = (
    ("collections", "Collections (stops at bins)", "", "less", collections),
    ("per_bin_week", "Collections per bin-week", "", "less", per_bin_week),
    ("wasted", "Collections of bins not half full", "", "less", wasted),
    ("km", "Distance driven", "km", "less", km),
    ("hours", "Hours of lorries and crews", "h", "less", hours),
    ("fuel", "Diesel", "l", "less", fuel),
    ("co2", "CO2 equivalent", "kg", "less", co2),
    ("overflow_min", "Overflow minutes", "min", "less", overflow_min),
    ("full_min", "Minutes at the end of the scale", "min", "less", full_min),
    ("overflow_days", "Overflow days per 1,000 bin-days", "", "less", overflow_days),
    ("service_level", "Bin-days without overflow", "%", "more", service_level),
    ("complaints", "Complaints", "", "less", complaints),
    ("running", "Cost of driving", "£", "less", running),
    ("sensors", "Cost of sensors", "£", "less", sensors),
    ("in_all", "Cost in all", "£", "less", in_all),
)
"""Key, name, unit, what is better, and formula."""
