"""Judges a parameter set on the nights of a file, and fits one to them."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from cityops.errors import ConfigurationError
from rules.core.road_surface import crossfit, nights, scores
from rules.core.road_surface.fit import fit, values
from rules.core.road_surface.parameters import ParameterSet
from rules.core.road_surface.vapour import Array
from rules.road_data import hornsgatan

START_HOUR = 17.0
WINTER = (10, 11, 12, 1, 2, 3, 4)
FITTED = (9, *WINTER)
"""September too: its evening sun stands where March's does."""
LEAST_NIGHTS = 20


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
