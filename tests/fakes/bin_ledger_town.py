"""A simulated quarter of bins with its truth: compound-Poisson deposits, noisy sensors, a threshold policy, fixed days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.bin_ledger.settings import shipped_tariffs
from rules.core.bin_ledger.calendar import calendar
from rules.core.bin_ledger.values import Bin, Driven, Emptied, Inputs, Method, Plan, Schedule, Trace

Floats = NDArray[np.float64]
STEP_S = 1800.0
ZONE = "Europe/London"
TARIFFS = shipped_tariffs()
FIXED = Schedule(
    plans=(Plan(name="all bins", every_days=2, first_day=date(2026, 1, 1), km=38.0, hours=5.5),),
    source="last year's rota",
)
HOUR = np.array(
    [0.02] * 6 + [0.4, 0.7, 0.9, 1.0, 1.2, 1.6, 2.0, 1.8, 1.5, 1.5, 1.6, 1.7, 1.5, 1.2, 0.9, 0.6, 0.3, 0.1]
)


@dataclass(frozen=True)
class Town:
    """A quarter: the ledger's inputs, and what was really so."""

    inputs: Inputs
    overflow_min: float
    overflow_fixed_min: float
    collections: int
    collections_fixed: int
    km: float
    km_fixed: float


def deposits(rng: np.random.Generator, starts_s: Floats, per_day_pct: float, size_pct: float) -> Floats:
    """Return what each step brings [% of the bin]: Poisson by hour of the day, lognormal in size."""
    local = ((starts_s / 3600.0) % 24).astype(int)
    busy = np.where(((starts_s // 86_400.0) + 3) % 7 >= 5, 1.4, 0.85)
    mean = per_day_pct / 86_400.0 * STEP_S * HOUR[local] / HOUR.mean() * busy
    n = rng.poisson(mean / size_pct)
    sizes = rng.lognormal(np.log(size_pct) - 0.125, 0.5, (len(n), int(n.max(initial=0)) or 1))
    return np.asarray(np.where(np.arange(sizes.shape[1]) < n[:, None], sizes, 0.0).sum(axis=1))


def levels(
    came: Floats, empty_at: NDArray[np.bool_] | float, morning: NDArray[np.bool_], after: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the level after each step [%], above 100 too, and the steps in which it was emptied.

    ``empty_at``: at which steps, or from which level on in a morning.
    """
    may = empty_at if isinstance(empty_at, np.ndarray) else morning
    least = -np.inf if isinstance(empty_at, np.ndarray) else empty_at
    level, at, emptied = list[float](), 10.0, list[int]()
    for k, (more, may_now, left) in enumerate(zip(came.tolist(), may.tolist(), after.tolist(), strict=True)):
        if may_now and at >= least:
            emptied.append(k)
            at = left
        at += more
        level.append(at)
    return np.array(level), np.array(emptied, dtype=np.int64)


def town(
    seed: int,
    *,
    bins: int = 60,
    days: int = 91,
    threshold: float = 70.0,
    schedule: Schedule = FIXED,
    loss: float = 0.1,
) -> Town:
    """Return a town that empties bins of a morning from a threshold on, and would otherwise by ``schedule``."""
    rng = np.random.default_rng(seed)
    first, lead = date(2026, 1, 8), 7
    cal = calendar(first, first + timedelta(days=days - 1), ZONE)
    steps = np.arange(cal.first_s - lead * 86_400.0, cal.last_s, STEP_S)
    judged = steps >= cal.first_s
    morning = np.abs((steps % 86_400.0) - 7 * 3600.0) < STEP_S / 2
    from rules.core.bin_ledger.days import fixed_visits

    traces, emptied, all_bins = list[Trace](), list[Emptied](), list[Bin]()
    came_by_bin, levels_by_bin = list[Floats](), list[tuple[Floats, NDArray[np.int64]]]()
    for b in range(bins):
        came = deposits(rng, steps, float(rng.lognormal(np.log(28.0), 0.5)), float(rng.uniform(2.0, 8.0)))
        level, at = levels(came, threshold, morning, rng.uniform(0.0, 6.0, len(steps)))
        came_by_bin.append(came)
        levels_by_bin.append((level, at))
        all_bins.append(Bin(bin_id=f"b{b:02d}", label=f"Bin {b}", device=f"d{b}"))
        traces.append(_measured(rng, f"b{b:02d}", steps, level, loss))
        emptied += _detected(rng, traces[-1], level, at, steps)
    stops = [steps[at[judged[at]]] for _, at in levels_by_bin]
    rounds = _rounds(cal.days, cal.edges_s, stops)
    inputs = Inputs(
        town="Simulated", zone=ZONE, first=first, last=cal.days[-1], bins=tuple(all_bins), traces=tuple(traces),
        emptyings=tuple(emptied), rounds=rounds, complaints=None, work=(), schedule=schedule, tariffs=TARIFFS,
        method=msgspec.structs.replace(Method(), draws=300, imputations=6),
    )  # fmt: skip
    fixed = fixed_visits(inputs, cal, schedule, [b.bin_id for b in all_bins])
    over_fixed, n_fixed = 0.0, 0
    for b, came in enumerate(came_by_bin):
        on = np.zeros(len(steps), dtype=np.bool_)
        when = fixed[f"b{b:02d}"]
        on[np.searchsorted(steps, when[when < steps[-1]])] = True
        level, _ = levels(came, on, morning, rng.uniform(0.0, 6.0, len(steps)))
        over_fixed += float((level[judged] >= 95.0).sum()) * STEP_S / 60.0
        n_fixed += int(((when >= cal.first_s) & (when < cal.last_s)).sum())
    over = sum(float((level[judged] >= 95.0).sum()) for level, _ in levels_by_bin) * STEP_S / 60.0
    plan = schedule.plans[0]
    return Town(
        inputs, over, over_fixed, sum(len(s) for s in stops), n_fixed, sum(r.km for r in rounds),
        (plan.km or 0.0) * n_fixed / bins,
    )  # fmt: skip


def _measured(rng: np.random.Generator, bin_id: str, steps: Floats, level: Floats, loss: float) -> Trace:
    """Return what a filtered sensor tells every half hour: 1.2 points of noise, the end of its scale, lost messages."""
    heard = rng.random(len(steps)) >= loss
    noisy = np.clip(level[heard] + rng.normal(0.0, 1.2, int(heard.sum())), 0.0, 100.0)
    return Trace(bin_id=bin_id, t_s=steps[heard] + STEP_S, fill_pct=np.round(noisy, 1), sd_pct=1.2)


def _detected(
    rng: np.random.Generator, trace: Trace, level: Floats, at: NDArray[np.int64], steps: Floats
) -> list[Emptied]:
    """Return the emptyings that are detected: 98 of 100, at the first reading after them."""
    seen_s = trace.t_s[np.minimum(np.searchsorted(trace.t_s, steps[at], side="right"), len(trace.t_s) - 1)]
    return [
        Emptied(
            bin_id=trace.bin_id, t_s=float(t), before_pct=float(np.clip(level[k - 1] + rng.normal(0.0, 0.8), 0.0, 100.0)),
            after_pct=float(max(0.0, level[k] + rng.normal(0.0, 0.8))), confidence=0.95,
        )
        for k, t in zip(at, seen_s, strict=True) if k > 0 and rng.random() < 0.985
    ]  # fmt: skip


def _rounds(days: tuple[date, ...], edges_s: Floats, stops: list[Floats]) -> tuple[Driven, ...]:
    """Return a round for each day with stops: its km by the root of its stops, as a lorry measures it."""
    made = []
    for k, day in enumerate(days):
        who = [b for b, s in enumerate(stops) if ((s >= edges_s[k]) & (s < edges_s[k + 1])).any()]
        if who:
            km = 6.0 + 4.1 * len(who) ** 0.5
            made.append(
                Driven(day=day, lorry="lorry-1", km=round(km, 1), hours=round(km / 22.0 + len(who) / 60.0, 2), source="track",
                    bins=tuple(f"b{b:02d}" for b in who), stops=len(who))
            )  # fmt: skip
    return tuple(made)
