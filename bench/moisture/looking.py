"""The rules applied to one simulated home."""

from __future__ import annotations

from firmware_sim.world.home_weeks import Weeks
from rules.core.moisture_events.find import Found, find
from rules.core.moisture_events.grid import Outdoor
from rules.core.moisture_events.parameters import MoistureParameters


def outdoor_of(w: Weeks) -> Outdoor:
    """Return vapour pressure outdoors."""
    return Outdoor(w.at_s, w.outdoor_vapour_pa)


def found_in(w: Weeks, home: int, p: MoistureParameters, local_offset_s: float = 0.0) -> Found:
    """Return the quick events of one home."""
    t, rh = w.temperature_c[:, home], w.humidity_pct[:, home]
    return find(w.at_s, t, rh, p, outdoor_of(w), local_offset_s=local_offset_s)
