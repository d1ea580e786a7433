"""Measures the road model: on a street's nights, against METRo's roadcasts, and how fast it runs."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from cityops.errors import ConfigurationError
from rules.core.road_surface import crossfit, nights, scores, speed
from rules.core.road_surface.fit import fit, values
from rules.core.road_surface.metro import rmse_12h_c
from rules.core.road_surface.parameters import ParameterSet
from rules.core.road_surface.vapour import Array
from rules.road_data import hornsgatan
from rules.road_data.metro_xml import read_case

START_HOUR = 17.0
WINTER = (10, 11, 12, 1, 2, 3, 4)
FITTED = (9, *WINTER)
"""September too: its evening sun stands where March's does."""
LEAST_NIGHTS = 20
WANTED_LEADS_C, WANTED_MINIMUM_C, WANTED_METRO_C, WANTED_SPEED_S = 1.0, 1.1, 0.6, 10.0
SANE = ("002", "004", "008", "018", "022", "034", "038", "048", "selftest")
"""METRo's cases whose input makes sense (docs/road-model.md says what is wrong with the others)."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Nights that were judged together: which, with which parameters, and their scores."""

    what: str
    nights: int
    seen_in_fit: bool
    scores: scores.Scores


class Street(msgspec.Struct, frozen=True, kw_only=True):
    """A file's figures.

    ``fits``: parameters by the month that was left out; ``left_out``: nights from October to April with gaps.
    """

    file: str
    parameters: str
    start_hour: float
    judged: tuple[Judged, ...]
    fits: dict[str, dict[str, float]]
    left_out: int
    cpu_s: float

    @property
    def unseen(self) -> Judged | None:
        """Return all nights that their parameters have not seen."""
        return next((j for j in self.judged if not j.seen_in_fit), None)


class Metro(msgspec.Struct, frozen=True, kw_only=True):
    """Distance to METRo's roadcasts over 12 h, by case [°C]; ``skipped``: why there is none."""

    cases: dict[str, float] = {}
    median_c: float | None = None
    skipped: str = ""


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """CPU seconds for an ensemble of a town's roads, and what float32 cost against float64 [°C]."""

    segments: int
    members: int
    hours: int
    step_s: float
    cpu_s: float
    float32_costs_c: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All figures. ``met``: by name whether each is as good as wanted; what was skipped is not in it."""

    street: Street
    metro: Metro
    speed: Speed | None
    met: dict[str, bool]


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


def judge_street(path: Path, p: ParameterSet, start: ParameterSet, cross: bool) -> Street:
    """Return a file's figures: nights that the parameters have not seen first.

    Raises:
        ConfigurationError: the file has no usable night.
    """
    began = time.process_time()
    n, all_starts = cut(path, p)
    winter = np.isin(crossfit.months(n), WINTER)
    if not winter.any():
        raise ConfigurationError(
            f"{path}: no night from October to April with the road's temperature for 48 h before {START_HOUR:.0f} h"
        )
    known = crossfit.seen(n, p)
    judged, fits = [], {}
    fresh = winter & ~known
    if fresh.any():
        judged += _by_month("unseen nights", nights.some(n, fresh), p, False)
    own = winter & known
    if own.any():
        if cross and _can_cross(n, own):
            found = crossfit.cross_fit(
                nights.some(n, np.isin(crossfit.months(n), FITTED)), _among(n, own), start
            )
            judged += _scored(
                "each month by parameters fitted to the others", nights.some(n, own), found.surface_c, False
            )
            fits = {str(m): _values(s) for m, s in found.sets.items()}
        judged += _by_month("nights of the fit itself", nights.some(n, own), p, True)
    return Street(
        file=path.name,
        parameters=f"{p.id} {p.version}",
        start_hour=START_HOUR,
        judged=tuple(judged),
        fits=fits,
        left_out=int(np.isin(crossfit.months_of(all_starts), WINTER).sum() - winter.sum()),
        cpu_s=time.process_time() - began,
    )


def cut(path: Path, p: ParameterSet) -> tuple[nights.Nights, nights.Floats]:
    """Return the nights of a file, and the starts of all that it has hours of [s since 1970]."""
    hours = hornsgatan.read(path)
    where = hours.latitude_deg, hours.longitude_deg
    start_utc = (START_HOUR - hours.utc_offset_h) % 24.0
    found = nights.cut(hornsgatan.series(hours), p, where, start_utc)
    if len(found.start_s) == 0:
        raise ConfigurationError(f"{path}: no night has 48 hours before {START_HOUR:.0f} h and 15 after it")
    return found, hours.at_s[np.abs((hours.at_s / nights.HOUR_S) % 24.0 - start_utc) < 1e-6]


def fit_file(path: Path, start: ParameterSet, name: str) -> ParameterSet:
    """Return a set fitted to the nights of a file from September to April.

    Raises:
        ConfigurationError: there are too few.
    """
    n, _ = cut(path, start)
    chosen = np.isin(crossfit.months(n), FITTED)
    if int(chosen.sum()) < LEAST_NIGHTS:
        raise ConfigurationError(
            f"{path}: {int(chosen.sum())} nights from September to April; wanted: {LEAST_NIGHTS}"
        )
    used = nights.some(n, chosen)
    days = used.start_s.astype("datetime64[s]").astype("datetime64[D]")
    return msgspec.structs.replace(
        fit(used, start),
        id=name,
        version=1,
        source=f"Fitted to {len(days)} nights of {path.name}.",
        fitted_from=str(days.min()),
        fitted_to=str(days.max()),
    )


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
    )


def _by_month(what: str, n: nights.Nights, p: ParameterSet, seen: bool) -> list[Judged]:
    return _scored(what, n, nights.run(n, p).surface_c[:, 0], seen)


def _scored(what: str, n: nights.Nights, surface_c: Array, seen: bool) -> list[Judged]:
    """Return the scores of all nights, and of each month where there are several and they are unseen."""
    of = crossfit.months(n)
    found = [Judged(what=what, nights=len(of), seen_in_fit=seen, scores=scores.judge(n, surface_c))]
    several = sorted(set(of.tolist()), key=WINTER.index)
    for month in several if len(several) > 1 and not seen else ():
        here = of == month
        result = scores.judge(nights.some(n, here), surface_c[:, here])
        found.append(
            Judged(what=f"{what}, month {month}", nights=int(here.sum()), seen_in_fit=seen, scores=result)
        )
    return found


def _can_cross(n: nights.Nights, own: NDArray[np.bool_]) -> bool:
    """Whether each month leaves enough nights of others to fit to."""
    of = crossfit.months(n)
    usable = np.isin(of, FITTED)
    return all(int((usable & (of != m)).sum()) >= LEAST_NIGHTS for m in set(of[own].tolist()))


def _among(n: nights.Nights, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return own[np.isin(crossfit.months(n), FITTED)]


def _values(p: ParameterSet) -> dict[str, float]:
    return dict(zip(p.fitted, values(p, p.fitted).tolist(), strict=True))


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
        met["speed"] = fast.cpu_s <= WANTED_SPEED_S
    return met
