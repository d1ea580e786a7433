"""How fast damp's figures are worked out on one core, beside what one would take instead, in the same run.

CPU time and not wall time: on a shared machine the wall clock measures the neighbours. Inputs are made
outside the clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from ops_api.measure.damp_reference import stepped
from ops_api.measure.libraries import library
from rules.core import mould
from rules.core import psychrometrics as psy
from rules.core.mould import SURFACES, MouldSettings, MouldState
from rules.core.psychrometrics import Floats

DEW_WANTED_PER_S = 20e6
MOULD_WANTED_S, MOULD_HOMES, MOULD_HOURS = 20.0, 10_000, 8760
LOOP = "a plain loop"
LOOP_VALUES, LOOP_HOMES, PSYCHROLIB_VALUES = 50_000, 2, 1000
WEEK_H = 168

Formula = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Rate:
    """One thing measured.

    Attributes:
        name: what is worked out.
        per_s: values, or hours of homes, per second of CPU time; median of the repeats.
        lowest: of the repeats.
        highest: of them.
        baseline: what does the same otherwise: a plain Python loop, or psychrolib; None where it is not installed.
        baseline_per_s: its rate.
        wanted_per_s: the project's aim; None where there is none.
        of: what a value is.
    """

    name: str
    per_s: float
    lowest: float
    highest: float
    baseline: str | None
    baseline_per_s: float | None
    wanted_per_s: float | None
    of: str

    @property
    def ratio(self) -> float | None:
        """Return how many times the baseline's rate."""
        return None if self.baseline_per_s is None else self.per_s / self.baseline_per_s

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None without one."""
        return None if self.wanted_per_s is None else self.per_s >= self.wanted_per_s


def rates(values: int, homes: int, hours: int, repeats: int) -> Iterator[Rate]:
    """Yield what is measured: dew points of ``values``, risk indices of ``homes`` over ``hours``."""
    rng = np.random.default_rng(1)
    t, rh = rng.uniform(-10.0, 30.0, values), rng.uniform(20.0, 100.0, values)
    yield _rate(
        "dew point (Magnus)", psy.dew_point_c, t, rh, repeats, LOOP, _loop_per_s(t, rh), DEW_WANTED_PER_S
    )
    few = max(1, values // 10)
    for name, formula, theirs in (
        ("dew point (Hyland-Wexler)", psy.dew_point_hyland_wexler_c, "GetTDewPointFromRelHum"),
        ("wet bulb", psy.wet_bulb_c, "GetTWetBulbFromRelHum"),
    ):
        per_s = _psychrolib_per_s(theirs, t, rh)
        yield _rate(
            name, formula, t[:few], rh[:few], repeats, None if per_s is None else "psychrolib", per_s, None
        )
    yield mould_rate(homes, hours, repeats)


def mould_rate(homes: int, hours: int, repeats: int) -> Rate:
    """Return the rate of the mould risk index, week after week from the state before, in hours of homes."""
    found = [homes * hours / mould_s(homes, hours) for _ in range(repeats)]
    # Fewer homes cost more each: of them the aim says nothing.
    wanted = MOULD_HOMES * MOULD_HOURS / MOULD_WANTED_S if homes >= MOULD_HOMES else None
    name = f"mould risk index, {homes:,} homes × {hours:,} h"
    loop = _loop_mould_per_s(hours)
    return Rate(name, median(found), min(found), max(found), LOOP, loop, wanted, "hours of homes")


def mould_s(homes: int, hours: int) -> float:
    """Return the CPU time of the index [s]; mould can grow in some 45 % of the hours."""
    state, used_s = mould.fresh(homes), 0.0
    for start in range(0, hours, WEEK_H):
        t, rh = surfaces(homes, start, min(hours, start + WEEK_H))
        began_s = time.process_time()
        state = _on(state, t, rh)
        used_s += time.process_time() - began_s
    return used_s


def surfaces(homes: int, start_h: int, end_h: int) -> tuple[Floats, Floats]:
    """Return made surface temperatures [°C] and humidities [%] of ``homes``, shape (hours, homes): a cold winter first."""
    hour = np.arange(start_h, end_h, dtype=np.float64)[:, None]
    home = np.arange(homes, dtype=np.float64)[None, :]
    season, day = np.cos(hour * (2.0 * np.pi / 8760.0)), np.sin((hour + home % 24.0) * (2.0 * np.pi / 24.0))
    t = 13.0 - 5.0 * season + 1.5 * day + 0.01 * (home % 300.0)
    return t, 70.0 + 10.0 * season + 6.0 * day + 0.08 * (home % 250.0)


def _on(state: MouldState, t: Floats, rh: Floats) -> MouldState:
    return mould.after_hours(state, t, rh, SURFACES["sensitive"])


def _rate(
    name: str,
    formula: Formula,
    t: Floats,
    rh: Floats,
    repeats: int,
    baseline: str | None,
    baseline_per_s: float | None,
    wanted: float | None,
) -> Rate:
    formula(t[:1000], rh[:1000])
    found = [t.size / max(_cpu_s(formula, t, rh), 1e-9) for _ in range(repeats)]
    return Rate(name, median(found), min(found), max(found), baseline, baseline_per_s, wanted, "values")


def _cpu_s(formula: Formula, t: Floats, rh: Floats) -> float:
    began_s = time.process_time()
    formula(t, rh)
    return time.process_time() - began_s


def _loop_per_s(t: Floats, rh: Floats) -> float:
    """Return the rate of what one writes first: the Magnus formula of one value after the other."""
    pairs = list(zip(t[:LOOP_VALUES].tolist(), rh[:LOOP_VALUES].tolist(), strict=True))
    began_s = time.process_time()
    for a, b in pairs:
        gamma = math.log(b / 100.0) + psy.B_WATER * a / (psy.C_WATER_C + a)
        psy.C_WATER_C * gamma / (psy.B_WATER - gamma)
    return len(pairs) / max(time.process_time() - began_s, 1e-9)


def _psychrolib_per_s(function: str, t: Floats, rh: Floats) -> float | None:
    """Return the rate of a function of psychrolib; None where it is not installed."""
    psychrolib = library("psychrolib")
    if psychrolib is None:
        return None
    pressure = (psy.STANDARD_PRESSURE_PA,) if "WetBulb" in function else ()
    pairs = list(zip(t[:PSYCHROLIB_VALUES].tolist(), (rh[:PSYCHROLIB_VALUES] / 100.0).tolist(), strict=True))
    began_s = time.process_time()
    for a, b in pairs:
        getattr(psychrolib, function)(a, b, *pressure)
    return len(pairs) / max(time.process_time() - began_s, 1e-9)


def _loop_mould_per_s(hours: int) -> float:
    t, rh = surfaces(LOOP_HOMES, 0, hours)
    decline = float(np.asarray(MouldSettings().decline))
    began_s = time.process_time()
    for home in range(LOOP_HOMES):
        for _ in stepped(
            zip(t[:, home].tolist(), rh[:, home].tolist(), strict=True), "sensitive", decline, 1
        ):
            pass
    return LOOP_HOMES * hours / max(time.process_time() - began_s, 1e-9)
