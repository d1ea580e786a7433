"""Where a lorry went: whether it passed a household, when, and whether it stopped there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EARTH_M = 6_371_000.0
GAP_S = 120.0
"""Between two reports that are further apart in time nobody knows where the lorry was."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of lorries, in any order; arrays of one length. Times in s since 1970."""

    lorry: Sequence[str]
    ts_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    speed_m_s: Floats

    @property
    def is_empty(self) -> bool:
        """Whether nothing was reported."""
        return len(self.ts_s) == 0


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry near a household.

    Attributes:
        first_s, last_s: when it came near first, and was last [s since 1970].
        nearest_m: its least distance.
        slowest_m_s: its least speed there.
    """

    lorry: str
    first_s: float
    last_s: float
    nearest_m: float
    slowest_m_s: float


def track_of(rows: Sequence[tuple[str, float, float, float, float]]) -> Track:
    """Return a track from rows of lorry, time, latitude, longitude and speed."""
    # Nothing is minus nothing: a column of JSON keeps no sign of a zero, and an act's hash would not be that of what is read.
    numbers = np.array([r[1:] for r in rows], dtype=np.float64).reshape(-1, 4) + 0.0
    ts_s, latitude, longitude, speed = numbers.T
    return Track(
        lorry=[r[0] for r in rows], ts_s=ts_s, latitude_deg=latitude, longitude_deg=longitude, speed_m_s=speed
    )


def passing(track: Track, latitude_deg: float, longitude_deg: float, near_m: float) -> Passing | None:
    """Return the longest passing within ``near_m`` of a place by any lorry; None where none came.

    Between two reports within :data:`GAP_S` the lorry is taken to have driven straight, so that one that drove
    through the street between them is not missed.
    """
    names = np.asarray(track.lorry)
    found = [
        p
        for name in dict.fromkeys(track.lorry)
        if (p := _of_lorry(str(name), track, names == name, (latitude_deg, longitude_deg), near_m))
        is not None
    ]
    return max(found, key=lambda p: (p.last_s - p.first_s, -p.nearest_m), default=None)


def _of_lorry(
    name: str, track: Track, mine: NDArray[np.bool_], place: tuple[float, float], near_m: float
) -> Passing | None:
    order = np.argsort(track.ts_s[mine], kind="stable")
    t, speed = track.ts_s[mine][order], track.speed_m_s[mine][order]
    x, y = _metres(track.latitude_deg[mine][order], track.longitude_deg[mine][order], place)
    distance = np.hypot(x, y)
    at, share = _nearest_between(x, y)
    linked = np.diff(t) <= GAP_S
    legs = np.where(linked, at, np.inf)
    near, near_leg = distance <= near_m, legs <= near_m
    if not near.any() and not near_leg.any():
        return None
    times = np.concatenate([t[near], (t[:-1] + share * np.diff(t))[near_leg]])
    speeds = np.concatenate(
        [speed[near], np.minimum(speed[:-1], speed[1:])[near_leg & ~near[1:] & ~near[:-1]]]
    )
    return Passing(
        lorry=name, first_s=float(times.min()), last_s=float(times.max()),
        nearest_m=float(min(distance.min(), legs.min(initial=np.inf))),
        slowest_m_s=float(speeds.min(initial=np.inf)) if len(speeds) else float(speed.min()),
    )  # fmt: skip


def _metres(latitude: Floats, longitude: Floats, place: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return positions relative to a place, east and north [m]; good to a percent within a town."""
    scale = np.radians(1.0) * EARTH_M
    return (longitude - place[1]) * scale * np.cos(np.radians(place[0])), (latitude - place[0]) * scale


def _nearest_between(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return for each leg the least distance to the origin, and where on it that is, 0..1."""
    dx, dy = np.diff(x), np.diff(y)
    length2 = dx * dx + dy * dy
    share = np.where(length2 > 0, -(x[:-1] * dx + y[:-1] * dy) / np.where(length2 > 0, length2, 1.0), 0.0)
    share = np.clip(share, 0.0, 1.0)
    return np.hypot(x[:-1] + share * dx, y[:-1] + share * dy), share
