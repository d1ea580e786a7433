"""Fits a few parameters of a road to nights on which its temperature was observed.

Least squares within bounds (scipy's trust region, deterministic) of the forecasts' errors at all leads, the same
forecasts that are judged. A slope is the model run again with one parameter changed: all runs of an iteration are columns of one.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.road_surface.nights import Nights, repeated, run
from rules.core.road_surface.parameters import Bound, ParameterSet
from rules.core.road_surface.roads import CONDUCTIVITY

Floats = NDArray[np.float64]

SLOPE_SHARE = 0.02
"""Step of a slope, as a share of the parameter's bounds."""
FAR_C = 1.0
"""An error above it counts less than by its square (soft_l1): a broken sensor shall not decide."""
PRIOR = 0.02
"""Pull towards the start, so that what the nights do not tell stays where it was."""

BOUNDS: Mapping[str, Bound] = {
    "sky_view": Bound(low=0.2, high=1.0),
    "wind_factor": Bound(low=0.1, high=1.0),
    "traffic_w_m2k": Bound(low=0.0, high=12.0),
    "cloud_unknown": Bound(low=0.0, high=1.0),
    "cloud_by_humidity": Bound(low=0.0, high=0.05),
    "air_heat": Bound(low=0.0, high=0.15),
    CONDUCTIVITY: Bound(low=0.5, high=2.0),
}
"""What a street's nights can tell. The albedo is not among them: in a street it can't be told from the sky view."""


def values(p: ParameterSet, names: Mapping[str, Bound]) -> Floats:
    """Return the set's values of the parameters named."""
    site = msgspec.structs.asdict(p.site) | {CONDUCTIVITY: p.conductivity_factor}
    return np.array([site[name] for name in names], dtype=np.float64)


def with_values(p: ParameterSet, names: Mapping[str, Bound], x: Floats) -> ParameterSet:
    """Return the set with other values of the parameters named, rounded to four digits."""
    found = {name: round(float(v), 4) for name, v in zip(names, x, strict=True)}
    factor = found.pop(CONDUCTIVITY, p.conductivity_factor)
    site = msgspec.structs.replace(p.site, **found)
    return msgspec.structs.replace(p, site=site, conductivity_factor=factor, fitted=dict(names))


def fit(nights: Nights, start: ParameterSet, bounds: Mapping[str, Bound] = BOUNDS) -> ParameterSet:
    """Return the set whose parameters are fitted to the nights.

    Args:
        nights: of one road.
        start: where to begin; its other parameters stay.
        bounds: of the parameters to be fitted.
    """
    from scipy.optimize import least_squares

    low, high = np.array([b.low for b in bounds.values()]), np.array([b.high for b in bounds.values()])
    width = high - low
    first = np.clip((values(start, bounds) - low) / width, 0.01, 0.99)
    changed = repeated(nights, len(bounds) + 1)
    count = len(nights.start_s)

    def residuals(share: Floats) -> Floats:
        own = dict(zip(bounds, low + share * width, strict=True))
        return _errors(nights, start, own, share - first)

    def slopes(share: Floats) -> Floats:
        steps = np.where(share + SLOPE_SHARE > 1.0, -SLOPE_SHARE, SLOPE_SHARE)
        each = share + np.concatenate((np.zeros((1, len(share))), np.diag(steps)))
        own = {n: np.repeat(low[j] + each[:, j] * width[j], count) for j, n in enumerate(bounds)}
        surface = run(changed, start, own).surface_c[:, 0].reshape(-1, len(bounds) + 1, count)
        known = ~np.isnan(nights.truth_c[1:])
        slope = np.array([(surface[:, j + 1] - surface[:, 0])[known] / steps[j] for j in range(len(bounds))])
        return np.concatenate((slope.T, np.eye(len(share)) * PRIOR * np.sqrt(known.sum())))

    found = least_squares(
        residuals,
        first,
        jac=slopes,
        bounds=(0.0, 1.0),
        loss="soft_l1",
        f_scale=FAR_C,
        max_nfev=30,
        xtol=1e-3,
        ftol=1e-4,
    )
    return with_values(start, bounds, low + found.x * width)


def _errors(nights: Nights, p: ParameterSet, own: dict[str, float], away: Floats) -> Floats:
    """Return the errors of all known hours [°C] and the pull towards the start."""
    surface = run(nights, p, own).surface_c[:, 0]
    known = ~np.isnan(nights.truth_c[1:])
    return np.concatenate(((surface - nights.truth_c[1:])[known], away * PRIOR * np.sqrt(known.sum())))
