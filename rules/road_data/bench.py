"""Measures the road model: on a street's nights, against METRo's roadcasts, and how fast it runs."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np

from rules.catalogue.loader import load
from rules.core.road_now.issue import issue
from rules.core.road_now.speed import county
from rules.core.road_surface import speed
from rules.core.road_surface.metro import rmse_12h_c
from rules.core.road_surface.parameters import ParameterSet
from rules.road_data.metro_xml import read_case
from rules.road_data.street_bench import Street, judge_street

WANTED_LEADS_C, WANTED_MINIMUM_C, WANTED_METRO_C, WANTED_SPEED_S = 1.0, 1.1, 0.6, 10.0
SPEED = "speed"
SANE = ("002", "004", "008", "018", "022", "034", "038", "048", "selftest")
"""METRo's cases whose input makes sense (docs/benchmarks.md says what is wrong with the others)."""


class Metro(msgspec.Struct, frozen=True, kw_only=True):
    """Distance to METRo's roadcasts over 12 h, by case [°C]; ``skipped``: why there is none."""

    cases: dict[str, float] = {}
    median_c: float | None = None
    skipped: str = ""


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """CPU seconds for an ensemble of a town's roads, and what float32 cost against float64 [°C].

    ``issue_cpu_s``: of a whole issue of the road forecast, two days of readings with it, for as many.
    """

    segments: int
    members: int
    hours: int
    step_s: float
    cpu_s: float
    float32_costs_c: float
    issue_cpu_s: float = 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All figures. ``met``: by name whether each is as good as wanted; what was skipped is not in it."""

    street: Street
    metro: Metro
    speed: Speed | None
    met: dict[str, bool]

    @property
    def failed(self) -> bool:
        """Whether a forecast is worse than wanted; a slow machine fails nothing."""
        return not all(good for name, good in self.met.items() if name != SPEED)


def bench(
    path: Path, p: ParameterSet, start: ParameterSet, metro: Path | None, segments: int, cross: bool = True
) -> Report:
    """Return the report of a file.

    Args:
        path: of the observations.
        p: parameters to be judged.
        start: where fits begin, if nights are among those that ``p`` was fitted to.
        metro: folder of METRo's cases; None = beside the file's folder, if there.
        segments: of the speed's town; 0 = not measured.
        cross: whether nights that ``p`` has seen are judged by cross-fitting too.
    """
    street = judge_street(path, p, start, cross)
    against = judge_metro(path.parent.parent / "metro" if metro is None else metro)
    fast = measure_speed(segments) if segments > 0 else None
    return Report(street=street, metro=against, speed=fast, met=_met(street, against, fast))


def judge_metro(folder: Path) -> Metro:
    """Return how far METRo's cases are; skipped where they are not there."""
    if not folder.is_dir():
        return Metro(skipped=f"no METRo cases in {folder}; --metro names their folder")
    found = {name: folder / sub for name in SANE for sub in (f"case{name}", name) if (folder / sub).is_dir()}
    if not found:
        return Metro(skipped=f"none of the cases {', '.join(SANE)} is in {folder}")
    cases = {name: rmse_12h_c(read_case(path)) for name, path in found.items()}
    return Metro(cases=cases, median_c=float(np.median(list(cases.values()))))


def measure_speed(segments: int, members: int = 20, step_s: float = 1200.0) -> Speed:
    """Return the CPU seconds of an ensemble, and what its precision costs on a part of it."""
    town = speed.town(segments, members, step_s, 1, np.float32)
    began = time.process_time()
    speed.run(town)
    cpu_s = time.process_time() - began
    few = min(segments, 400)
    single, double = (speed.run(speed.town(few, members, step_s, 1, d)) for d in (np.float32, np.float64))
    costs = max(
        float(np.abs(getattr(single, q) - getattr(double, q)).max()) for q in ("low_c", "middle_c", "high_c")
    )
    return Speed(
        segments=segments,
        members=members,
        hours=speed.HOURS,
        step_s=step_s,
        cpu_s=cpu_s,
        float32_costs_c=costs,
        issue_cpu_s=_issue_cpu_s(segments),
    )


def _issue_cpu_s(segments: int) -> float:
    given = county(segments, load().transfer.parameters)
    began = time.process_time()
    issue(given)
    return time.process_time() - began


def _met(street: Street, metro: Metro, fast: Speed | None) -> dict[str, bool]:
    met = {}
    if street.unseen is not None:
        found = street.unseen.scores
        met["leads 3 to 15 h"] = found.worst_c <= WANTED_LEADS_C
        met["night minimum"] = found.minimum.model_c <= WANTED_MINIMUM_C
        met["better than persistence and air + offset at every lead"] = found.beats_all
    if metro.median_c is not None:
        met["METRo"] = metro.median_c <= WANTED_METRO_C
    if fast is not None:
        met[SPEED] = max(fast.cpu_s, fast.issue_cpu_s) <= WANTED_SPEED_S
    return met
