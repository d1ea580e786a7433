"""How much of what is assumed to stand beside the roads is there: learnt from road sensors by day.

A sensor's road that is warmer by day than the model has it, while houses are taken to hide the sun from it, has gaps where
they are assumed. The lacking flux is a share of the direct sun that they hide:

    lacking(t) = gaps × (1 - albedo) × direct(t) × (1 - lit(t)) + rest

The share, not the flux, holds for roads nearby: one that runs along the sun has no houses before it, and nothing changes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.parameters import NowParameters
from rules.core.road_now.stretches import Stretches
from rules.core.road_surface.model import Past
from rules.core.road_surface.state import Forcing

HOUR_S = 3600.0


def gaps(s: Stretches, weather: Forcing, past: Past, p: NowParameters) -> Floats:
    """Return which share of the houses that are assumed is not there: per segment; negative: there are more.

    Args:
        s: the town.
        weather: of the past at the segments, with ``lit`` as assumed: steps × 1 × (1 or n).
        past: of the sensors' roads under that weather, what was observed forced on them: steps × 1 × m.
        p: settings; held back by ``hidden_w_m2``.
    """
    steps = max(1, round(p.road.coupling.sun_window_h * HOUR_S / p.step_s))
    at = weather.of(s.sensor_at)
    hidden = (1.0 - p.road.site.albedo) * (at.direct_w_m2 * (1.0 - at.lit))[-steps:, 0, :]
    hidden = np.where(s.skyline.assumed[s.sensor_at], hidden, 0.0)
    lacking = past.lacking_w_m2[-steps:, 0, :]
    known = ~np.isnan(lacking)
    count = np.maximum(known.sum(axis=0), 1)
    beyond = (hidden - (hidden * known).sum(axis=0) / count) * known
    square = (beyond**2).sum(axis=0) / count
    along = (beyond * np.where(known, lacking, 0.0)).sum(axis=0) / count
    held = s.weight @ (square + p.hidden_w_m2**2 * known.any(axis=0))
    found = np.divide(s.weight @ along, held, out=np.zeros(len(s)), where=held > 0.0)
    closed = s.skyline.closed
    most_more = 1.0 - np.divide(1.0, closed, out=np.ones(len(s)), where=closed > 0.0)
    return np.asarray(np.where(s.skyline.assumed, np.clip(found, most_more, 1.0), 0.0), dtype=np.float64)


def through(weather: Forcing, gaps: Floats) -> Forcing:
    """Return weather whose direct sun goes through gaps: times × members × n.

    Args:
        weather: with ``lit`` as assumed.
        gaps: per segment.
    """
    lit = 1.0 - (1.0 - gaps) * (1.0 - weather.lit)
    return replace(weather, lit=np.ascontiguousarray(lit, dtype=weather.lit.dtype))
