"""Policies replayed on a town's levels: how often bins are collected and overflow, on service days that are regular and that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.demand import UNKNOWN, Demand, demand
from rules.core.bin_forecast.increments import WEEK
from rules.core.bin_forecast.next_day import Daily
from rules.core.bin_forecast.policies import Town, by_chance, by_cost, by_days, by_threshold, town
from rules.core.bin_forecast.replay import Table, replay
from rules.core.bin_forecast.step_chances import StepParameters
from rules.core.bin_forecast.tuning import bin_thresholds, greatest_chance, highest_threshold, least_price

DRAWS, SEED = 40, 1
WARM_DAYS = 240
"""Policies learn on the first eight months and are tuned after them: of days 137 to 239 of Wyndham's nearly all are without
readings, their demand is drawn, and what is left until the judged days has all seasons once."""
FULL_PCT = 80.0
BUDGET_PCT = 0.5
COLLECTIONS_MOST = 1.07
"""What is wanted of Wyndham's bins: no more collections of a bin in a week at no more overflow, to the two places of the figure."""
DEFINITION = (
    "demand of a day = rise of the level, or the level after an emptying; unknown days drawn from the bin's known ones; each"
    " service day's morning the policy sees the level, then the day's demand comes; overflow = a bin-day that ends above"
    " 100 %; judged on the days after 60 % of those with readings; tuned on the days before; policies learn from the record"
    " up to the day"
)
MORE_OVERFLOW_PCT = 0.02
"""Overflow is no more where it is so by less than this: draws of the unknown days differ by half as much [points]."""
ON = {"daily": range(WEEK), "monday, wednesday, friday": (0, 2, 4), "daily but long weekends": range(WEEK)}
REFERENCE_STEPS = {"daily": 3, "monday, wednesday, friday": 2, "daily but long weekends": 2}
"""The sheet's threshold of each: 60 %, and 40 % where service is not daily."""


def judged(daily: Daily, trained: float) -> dict[str, Any] | None:
    """Return the part of the report; None where a file is too short to tune on."""
    with_readings = np.flatnonzero(~np.isnan(daily.fill_pct).all(axis=1))
    first = int(with_readings[int(trained * len(with_readings))])
    if first <= WARM_DAYS + 100:
        return {"too_short": True, "met": None}
    d = demand(daily, DRAWS, SEED, first)
    services = {name: _service(name, daily, d, first) for name in ON}
    strict = demand(daily, DRAWS, SEED, first, FULL_PCT)
    return {
        "definition": DEFINITION,
        "first_day": first,
        "draws": DRAWS,
        "unknown": _unknown(d),
        "services": services,
        "stricter_trace": {
            "definition": f"days that begin at {FULL_PCT:g} % or above are unknown, too",
            "unknown": _unknown(strict),
            "services": {name: _stricter(name, daily, strict, first) for name in ON},
        },
        **_met(services),
    }


def _unknown(d: Demand) -> float:
    return round(float((d.known == UNKNOWN).mean()), 3)


def _stricter(name: str, daily: Daily, d: Demand, first: int) -> dict[str, Any]:
    """Return the threshold and what waiting costs, tuned to the threshold's overflow before, on another trace."""
    t, days = _town(name, daily, d), len(d.known)
    steps = _all(t, REFERENCE_STEPS[name])
    like = replay(by_threshold(t, steps, WARM_DAYS, first), d, WARM_DAYS, first).overflow_pct
    price = least_price(t, WARM_DAYS, first, like)
    return {
        _threshold(t, REFERENCE_STEPS[name]): _row(t, by_threshold(t, steps, first, days), first, days),
        "cost of waiting": _row(t, by_cost(t, price, first, days), first, days, price=price),
    }


def _met(services: dict[str, Any]) -> dict[str, Any]:
    told = services["daily"]["tuned"]["cost of waiting"]
    fewer = round(told["collections_bin_week"], 2) <= COLLECTIONS_MOST and told["overflow_pct"] <= BUDGET_PCT
    irregular = {n: _better(s) for n, s in services.items() if n != "daily"}
    return {
        "wanted": {
            "collections_bin_week": COLLECTIONS_MOST,
            "overflow_pct": BUDGET_PCT,
            "irregular": "fewer than the threshold",
        },
        "daily_met": fewer,
        "irregular_better": irregular,
        "met": fewer and all(irregular.values()),
    }


def _better(service: dict[str, Any]) -> bool:
    """Return whether waiting's cost, tuned to the threshold's overflow before, has fewer collections and no more overflow after."""
    ours, simple = service["tuned_like_threshold"]["cost of waiting"], service["as_is"][service["reference"]]
    return bool(
        ours["collections_bin_week"] < simple["collections_bin_week"]
        and ours["overflow_pct"] <= simple["overflow_pct"] + MORE_OVERFLOW_PCT
    )


def _service(name: str, daily: Daily, d: Demand, first: int) -> dict[str, Any]:
    days, reference = len(d.known), REFERENCE_STEPS[name]
    t = _town(name, daily, d)
    start = by_threshold(t, _all(t, reference), WARM_DAYS, first)
    like = replay(start, d, WARM_DAYS, first).overflow_pct
    return {
        "reference": _threshold(t, reference),
        "as_is": _as_is(t, name, first, days),
        "tuned": _tuned(t, first, days, BUDGET_PCT),
        "tuned_like_threshold": {"overflow_before_pct": round(like, 3), **_tuned(t, first, days, like)},
    }


def _town(name: str, daily: Daily, d: Demand) -> Town:
    served = _served(name, daily.first_weekday, len(d.known))
    return town(d, daily.first_weekday, served, np.isin(np.arange(WEEK), ON[name]), StepParameters())


def _served(name: str, first_weekday: int, days: int) -> NDArray[np.bool_]:
    """Return whether each day has service; a long weekend is Friday to Monday of every fourth week."""
    day = np.arange(days) + first_weekday
    served = np.isin(day % WEEK, ON[name])
    if name == "daily but long weekends":
        week, weekday = day // WEEK % 4, day % WEEK
        served &= ~(((week == 0) & (weekday >= 4)) | ((week == 1) & (weekday == 0)))
    return np.asarray(served, dtype=np.bool_)


def _as_is(t: Town, name: str, first: int, days: int) -> dict[str, Any]:
    tables = {_threshold(t, n): by_threshold(t, _all(t, n), first, days) for n in (2, 3, 4)}
    if name == "daily":
        tables |= {f"every {n} days": by_days(t, _all(t, n), first, days) for n in (2, 3, 4)}
        tables |= {f"chance to overflow > {p:.0%}": by_chance(t, p, first, days) for p in (0.05, 0.1, 0.2)}
    return {n: _row(t, table, first, days) for n, table in tables.items()}


def _tuned(t: Town, first: int, days: int, most_pct: float) -> dict[str, Any]:
    one = highest_threshold(t, WARM_DAYS, first, most_pct)
    by_bin = bin_thresholds(t, WARM_DAYS, first, most_pct)
    chance = greatest_chance(t, WARM_DAYS, first, most_pct)
    price = least_price(t, WARM_DAYS, first, most_pct)
    return {
        "one threshold": _row(
            t, by_threshold(t, _all(t, one), first, days), first, days, pct=100.0 * one / t.demand.full
        ),
        "threshold of each bin": _row(t, by_threshold(t, by_bin, first, days), first, days),
        "chance to overflow": _row(t, by_chance(t, chance, first, days), first, days, chance=chance),
        "cost of waiting": _row(t, by_cost(t, price, first, days), first, days, price=price),
    }


def _row(t: Town, table: Table, first: int, days: int, **setting: float) -> dict[str, float]:
    found = replay(table, t.demand, first, days)
    return {
        "collections_bin_week": round(found.collections_bin_week, 3), "overflow_pct": round(found.overflow_pct, 3),
        "overflow_days_per_1000": round(10.0 * found.overflow_pct, 1), "fill_pct": round(found.fill_pct, 1),
        "wasted_pct": round(found.wasted_pct, 1), **{n: round(v, 4) for n, v in setting.items()},
    }  # fmt: skip


def _threshold(t: Town, steps: int) -> str:
    return f"level >= {100 * steps // t.demand.full} %"


def _all(t: Town, steps: int) -> NDArray[np.int64]:
    return np.full(t.demand.known.shape[1], steps, dtype=np.int64)
