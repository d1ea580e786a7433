"""The coldest wall of a room: its temperature factor assumed or learned, its hours, its mould risk index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rules.core.analyst.hours import RoomHours, kept_one
from rules.core.analyst.outdoors import Outdoors
from rules.core.analyst.settings import learn_settings
from rules.core.damp_parameters import BandParameters
from rules.core.mould.index import MouldState, after_hours, fresh
from rules.core.mould.sensitivity import MouldSettings, Sensitivity, surfaces_of
from rules.core.psychrometrics import Floats, relative_humidity_pct
from rules.core.surface.band import FactorBand, assumed_factor, surface_temperature_band_c
from rules.core.surface.learn import LearnedFactor, learn_factor

CLASSES: tuple[Sensitivity, ...] = get_args(Sensitivity)
WALLS = ("low", "mid", "high")
"""The wall of which an index is: the warmest, the likely and the coldest of the factor's band."""
_COLUMNS = ("index", "highest", "dry_h", "hours_growing", "hours_damp", "hours_known", "hours_unknown")
_OF_A_ROOM = len(WALLS) * len(CLASSES)


@dataclass(frozen=True, slots=True)
class Factor:
    """A room's temperature factor on a day.

    Attributes:
        band: fRsi with its band [-].
        error: standard uncertainty of a learned one [-].
        nights: that it was learned from; None: assumed.
    """

    band: FactorBand
    error: float | None = None
    nights: int | None = None


@dataclass(frozen=True, slots=True)
class Wall:
    """The coldest surface hour by hour, NaN where not known: temperature [°C] and humidity [%] at the warmest, likely, coldest."""

    warm_c: Floats
    surface_c: Floats
    cold_c: Floats
    low_pct: Floats
    mid_pct: Floats
    high_pct: Floats


def factor_of(before: RoomHours, outdoors: Outdoors, assumed: float, p: BandParameters) -> Factor:
    """Return the factor that the nights before a day teach; without a wall probe, or with too few, the assumed one."""
    if np.isfinite(before.wall_c).any():
        outdoor_c, _ = outdoors.at(before.at_s)
        found = learn_factor(before.at_s, before.room_c, outdoor_c, before.wall_c, learn_settings(p.learn))
        if isinstance(found, LearnedFactor):
            return Factor(found.band(), kept_one(found.uncertainty), found.nights)
    return Factor(assumed_factor(assumed if p.factor is None else p.factor, p.spread))


def wall_of(hours: RoomHours, outdoors: Outdoors, factor: Factor, p: BandParameters) -> Wall:
    """Return the coldest surface: as the probe measured it, else from room and outdoors by the factor."""
    outdoor_c, _ = outdoors.at(hours.at_s)
    band = surface_temperature_band_c(hours.room_c, outdoor_c, factor.band)
    probed = np.isfinite(hours.wall_c)
    off = p.learn.probe_error_k
    cold, likely, warm = (
        np.where(probed, hours.wall_c + by, assumed)
        for by, assumed in ((-off, band.low), (0.0, band.mid), (off, band.high))
    )
    pct = [relative_humidity_pct(c, hours.vapour_pa) for c in (warm, likely, cold)]
    known = np.isfinite(hours.vapour_pa)
    return Wall(*(np.where(known, c, np.nan) for c in (warm, likely, cold)), *pct)


def start_state() -> bytes:
    """Return the state of a clean wall: all classes of surfaces, of each of :data:`WALLS`."""
    return packed(fresh(_OF_A_ROOM), 0)


def packed(state: MouldState, room: int) -> bytes:
    """Return the state of one room of many, all walls and classes, exactly."""
    part = slice(room * _OF_A_ROOM, (room + 1) * _OF_A_ROOM)
    return np.stack([getattr(state, name)[part] for name in _COLUMNS]).astype("<f8").tobytes()


def unpacked(states: Sequence[bytes]) -> MouldState:
    """Return the states of rooms as one; of a state of other length a clean wall's."""
    size = 8 * len(_COLUMNS) * _OF_A_ROOM
    rows = [
        np.frombuffer(s if len(s) == size else start_state(), dtype="<f8").reshape(len(_COLUMNS), -1)
        for s in states
    ]
    return MouldState(*np.concatenate(rows, axis=1).astype(np.float64))


def after_day(states: Sequence[bytes], walls: Sequence[Wall], settings: MouldSettings) -> MouldState:
    """Return the state of rooms after a day of each, all of the same number of hours."""
    columns_c = [c for w in walls for c in (w.warm_c, w.surface_c, w.cold_c)]
    columns_pct = [pct for w in walls for pct in (w.low_pct, w.mid_pct, w.high_pct)]
    surface_c = np.repeat(np.stack(columns_c, axis=1), len(CLASSES), axis=1)
    surface_pct = np.repeat(np.stack(columns_pct, axis=1), len(CLASSES), axis=1)
    surfaces = surfaces_of(CLASSES * len(columns_c))
    return after_hours(unpacked(states), surface_c, surface_pct, surfaces, settings)


def as_shown(state: bytes) -> Mapping[str, Mapping[str, float]]:
    """Return a room's state by class: index of the likely wall with its band, highest so far, and the hours that it rests on."""
    s = unpacked([state])
    n = len(CLASSES)
    return {
        name: {
            "index_low": round(float(s.index[i]), 4),
            "index": round(float(s.index[n + i]), 4),
            "index_high": round(float(s.index[2 * n + i]), 4),
            "highest": round(float(s.highest[n + i]), 4),
            "hours_growing": float(s.hours_growing[n + i]),
            "hours_known": float(s.hours_known[n + i]),
            "hours_unknown": float(s.hours_unknown[n + i]),
        }
        for i, name in enumerate(CLASSES)
    }


def counted(pct: Floats, limit_pct: float) -> int:
    """Return in how many hours a surface is at ``limit_pct`` or above."""
    return int(np.count_nonzero(pct >= limit_pct))
