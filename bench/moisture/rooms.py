"""A room within a simulated home: what a box in the bathroom or the kitchen would see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firmware_sim.world.home_weeks import STEP_S, Weeks, reported
from firmware_sim.world.psychro import saturation_pa


def room_of(w: Weeks, activity: int, volume_m3: float, exchange_per_hour: float, seed: int) -> Weeks:
    """Return the same weeks as a box in one room sees them (bathroom, kitchen).

    The room's air exchanges with the home's, and its own events release into it:
    dc/dt = g/V - n (c - c_home). An assumption of this bench, not of the town's model.
    """
    steps, homes = w.temperature_c.shape
    grams = np.zeros((steps, homes))
    mine = w.events.activity == activity
    first = np.floor(w.events.start_s[mine] / STEP_S)
    for k in range(14):
        edge = (first + k) * STEP_S
        part = np.clip(
            np.minimum(w.events.end_s[mine], edge + STEP_S) - np.maximum(w.events.start_s[mine], edge),
            0.0,
            None,
        )
        row = (first + k).astype(int)
        good = (part > 0.0) & (row >= 0) & (row < steps)
        share = part / (w.events.end_s[mine] - w.events.start_s[mine])
        np.add.at(grams, (row[good], w.events.home[mine][good]), (w.events.vapour_g[mine] * share)[good])
    keep = np.exp(-exchange_per_hour * STEP_S / 3600.0)
    gain = (1.0 - keep) / (exchange_per_hour * STEP_S / 3600.0) / volume_m3
    above = np.zeros(homes)
    vapour = np.empty((steps, homes))
    full = 1000.0 * saturation_pa(w.temperature_c) / (461.5 * (w.temperature_c + 273.15))
    for i in range(steps):
        above = np.minimum(above * keep + grams[i] * gain, full[i] - w.vapour_g_m3[i])
        vapour[i] = w.vapour_g_m3[i] + above
    temperature, humidity = reported(w.temperature_c, 100.0 * vapour / full, seed + 1)
    return replace(w, temperature_c=temperature, humidity_pct=humidity, vapour_g_m3=vapour)
