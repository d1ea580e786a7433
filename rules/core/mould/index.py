"""The VTT mould risk index of many homes, hour by hour: growth, decline, highest so far.

It is driven with temperature and humidity at the SURFACE, never of the room's air: growth begins below 80 %
in the room where a wall is cold. An index is a risk, not a finding.

A gap (NaN) changes nothing and is counted: neither growth nor decline is made up, and the dry time stands still.
A figure therefore is to be shown with ``hours_known`` of ``hours_known + hours_unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.mould.growth import grown
from rules.core.mould.hours import Hours, hours_of
from rules.core.mould.sensitivity import MouldSettings, Surface
from rules.core.psychrometrics import Floats

BLOCK = 32_768
"""Values prepared at a time: enough to keep numpy busy with one home, few enough for a cache with many."""

EARLY_DRY_H, REST_DRY_H = 6.0, 24.0
EARLY_DECLINE_PER_H, LATE_DECLINE_PER_H = 0.032 / 24.0, 0.016 / 24.0
"""Pine: in the first 6 dry hours, and after 24; none between (Hukka & Viitanen 1999, per day). Papers that give them
per hour round to 0.00133 and 0.000667: over two years of hundreds of dry spells that is 0.01 of index."""


@dataclass(frozen=True, slots=True)
class MouldState:
    """Where the risk index of n homes stands; every array of shape (n,) and float64.

    Attributes:
        index: risk index now, 0..6 [-].
        highest: highest index so far [-].
        dry_h: since the last hour in which mould could grow [h].
        hours_growing: in which it could.
        hours_damp: with the surface at ``damp_pct`` (80 %) or more.
        hours_known: with temperature and humidity.
        hours_unknown: without.
    """

    index: Floats
    highest: Floats
    dry_h: Floats
    hours_growing: Floats
    hours_damp: Floats
    hours_known: Floats
    hours_unknown: Floats


def fresh(homes: int, index: float = 0.0) -> MouldState:
    """Return the state of clean surfaces, or of ``index`` on all."""
    start, none = np.full(homes, index, dtype=np.float64), np.zeros(homes)
    return MouldState(start, start, none, none, none, none, none)


def after_hours(
    state: MouldState,
    surface_c: Floats,
    surface_pct: Floats,
    surface: Surface,
    settings: MouldSettings | None = None,
) -> MouldState:
    """Return the state after many hours.

    Args:
        state: of n homes before the first hour.
        surface_c: hourly means at the surface [°C], shape (hours, n).
        surface_pct: the same [%].
        surface: class of the surfaces.
        settings: what the sources leave open.

    Raises:
        ValueError: the shapes do not fit.
    """
    return _through(state, surface_c, surface_pct, surface, settings, None)


def index_series(
    surface_c: Floats,
    surface_pct: Floats,
    surface: Surface,
    settings: MouldSettings | None = None,
    state: MouldState | None = None,
) -> Floats:
    """Return the index after each hour, shape (hours, n), for a chart; arguments as of :func:`after_hours`.

    Raises:
        ValueError: the shapes do not fit.
    """
    found = np.empty(surface_c.shape)
    start = fresh(surface_c.shape[-1]) if state is None else state
    _through(start, surface_c, surface_pct, surface, settings, found)
    return found


def _through(
    state: MouldState,
    surface_c: Floats,
    surface_pct: Floats,
    surface: Surface,
    settings: MouldSettings | None,
    series: Floats | None,
) -> MouldState:
    homes = state.index.shape[0]
    if surface_c.shape != surface_pct.shape or surface_c.ndim != 2 or surface_c.shape[1] != homes:
        raise ValueError(
            f"surface_c {surface_c.shape} and surface_pct {surface_pct.shape} must both be (hours, {homes})"
        )
    s = settings or MouldSettings()
    size = max(1, BLOCK // max(1, homes))
    for i in range(0, surface_c.shape[0], size):
        block = hours_of(surface_c[i : i + size], surface_pct[i : i + size], surface, s)
        state = _after_block(state, block, s, None if series is None else series[i : i + size])
    return state


def _after_block(state: MouldState, hours: Hours, s: MouldSettings, series: Floats | None) -> MouldState:
    index, highest, dry_h = state.index, state.highest, state.dry_h
    dry = (hours.known & ~hours.growing).astype(np.float64)
    for hour in range(dry.shape[0]):
        index = np.maximum(index - dry[hour] * _decline_per_h(dry_h) * s.decline, 0.0)
        part = slice(hours.start[hour], hours.start[hour + 1])
        if part.stop > part.start:
            home = hours.home[part]
            index[home] = grown(index[home], hours.climate.of(part))
            highest = np.maximum(highest, index)
        dry_h = np.where(hours.growing[hour], 0.0, dry_h + dry[hour])
        if series is not None:
            series[hour] = index
    known = hours.known.sum(axis=0)
    return MouldState(
        index=index,
        highest=highest,
        dry_h=dry_h,
        hours_growing=state.hours_growing + hours.growing.sum(axis=0),
        hours_damp=state.hours_damp + hours.damp.sum(axis=0),
        hours_known=state.hours_known + known,
        hours_unknown=state.hours_unknown + (hours.known.shape[0] - known),
    )


def _decline_per_h(dry_h: Floats) -> Floats:
    """Return the decline on pine in the next dry hour, after ``dry_h`` of them [1/h]."""
    later = np.where(dry_h < REST_DRY_H, 0.0, LATE_DECLINE_PER_H)
    return np.where(dry_h < EARLY_DRY_H, EARLY_DECLINE_PER_H, later)
