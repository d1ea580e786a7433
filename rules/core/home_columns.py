"""Homes in columns: the last point of each frog by number of the device, the damp alarm by home."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from devices.registry import Home
from rules.core.conditions.asking import Asking
from rules.core.conditions.condition import DOWN, Condition
from rules.core.conditions.standing import Standing
from rules.core.context import Context
from rules.core.memory import HomeMemory, RoomPoint
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats

Bools = NDArray[np.bool_]
AT, WALL = 0, 6
"""Columns of points, in the order of the fields of :class:`rules.core.memory.RoomPoint`."""
UNKNOWN_FROM = 3
"""Columns of points from here on may be unknown."""


class HomeColumns:
    """Section ``home`` in columns.

    Attributes:
        homes: by number.
        home_of: number of the home by number of the device, -1 = in none.
        points: fields of ``RoomPoint`` by device; NaN = unknown, and in the time = no point.
        is_odd: homes that are not judged in columns: some room is remembered that is no longer one.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, HomeMemory]) -> None:
        self._names = ctx.names
        by_code = {home.code: home for home in ctx.home_of.values()}
        self.homes: list[Home] = list(by_code.values())
        self._number = {code: i for i, code in enumerate(by_code)}
        n, devices = len(self.homes), self._names.names[: self._names.installed]
        self.home_of = np.array(
            [self._number[ctx.home_of[d].code] if d in ctx.home_of else -1 for d in devices], dtype=np.int64
        )
        self._rooms = _rooms(self.home_of, n)
        self.factor = np.array([home.temperature_factor for home in self.homes], dtype=np.float64)
        self.points = np.full((len(devices), 8), np.nan)
        self._made: list[RoomPoint | None] = [None] * len(devices)
        self.damp: list[Condition] = [DOWN] * n
        self._standing = Standing(n)
        self.is_odd, self._touched = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self._odd: dict[int, HomeMemory] = {}
        for code, value in memory.items():
            self.reload(code, value)

    def take(self, devices: Numbers, points: Floats) -> None:
        """Take newer points of different devices, each in another home."""
        self.points[devices] = points
        for i in devices.tolist():
            self._made[i] = None
        self._touched[self.home_of[devices]] = True

    def worst(self, homes: Numbers, age_s: float) -> tuple[Numbers, Bools]:
        """Return the devices that speak for some homes: :func:`rules.core.home_rule.worst`.

        The second says where that is certain: of rooms that are equal, or without a wall, the rule itself chooses.
        """
        rooms = self._rooms[homes]
        if rooms.shape[1] == 1:
            return rooms[:, 0], ~self.is_odd[homes]
        at_s = np.where(rooms >= 0, self.points[rooms, AT], np.nan)
        wall = np.nan_to_num(self.points[rooms, WALL], nan=-1.0)
        recent = np.fmax.reduce(at_s, axis=1)[:, None] - at_s <= age_s  # NaN is not
        ranked = np.where(recent, wall, -np.inf)
        highest = ranked.max(axis=1)
        certain = ((ranked == highest[:, None]).sum(axis=1) == 1) & (highest != -1.0) & ~self.is_odd[homes]
        return rooms[np.arange(len(rooms)), ranked.argmax(axis=1)], certain

    def unmoved(self, homes: Numbers, asking: Asking) -> Bools:
        """Return which homes' conditions stay exactly as they are."""
        return self._standing.unmoved(homes, asking)

    def has(self, code: str) -> bool:
        """Whether a home is installed."""
        return code in self._number

    def number(self, code: str) -> int:
        """Return a home's number; KeyError for one that is not installed."""
        return self._number[code]

    def memory(self, i: int) -> HomeMemory:
        """Return a home's memory, its points as they are now."""
        self._make(self._rooms[i])
        return self._memory(i)

    def _memory(self, i: int) -> HomeMemory:
        if self.is_odd[i]:
            return self._odd[i]
        rooms = [(d, self._made[d]) for d in self._rooms[i].tolist() if d >= 0]
        return HomeMemory(
            {self._names.names[d]: point for d, point in rooms if point is not None}, self.damp[i]
        )

    def put(self, i: int, value: HomeMemory) -> None:
        """Change a home's condition, and of an odd one everything."""
        if self.is_odd[i]:
            self._odd[i] = value
        self.damp[i], self._touched[i] = value.damp, True
        self._standing.put(i, value.damp)

    def reload(self, subject: str, value: HomeMemory) -> None:
        """Take one home's memory as it is now."""
        i = self._number.get(subject)
        if i is None:
            return
        rooms = {self._names.names[d]: d for d in self._rooms[i].tolist() if d >= 0}
        self.is_odd[i] = not value.points.keys() <= rooms.keys()
        self._odd.pop(i, None)
        for device, point in value.points.items():
            d = rooms.get(device)
            if d is not None:
                self.points[d], self._made[d] = _columns(point), point
        self.put(i, value)
        self._touched[i] = False

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._touched.any())

    def flush(self, memory: dict[str, HomeMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._touched)
        self._touched[at] = False
        self._make(self._rooms[at].ravel())
        for i in at.tolist():
            memory[self.homes[i].code] = self._memory(i)

    def point(self, d: int) -> RoomPoint:
        """Return a device's point; it has one."""
        self._make(np.array([d]))
        made = self._made[d]
        assert made is not None, "it has been made"
        return made

    def _make(self, devices: Numbers) -> None:
        """Make the points of some devices that have one; of a number below 0 nothing."""
        made = self._made
        new = np.array([d for d in devices.tolist() if d >= 0 and made[d] is None], dtype=np.int64)
        new = new[~np.isnan(self.points[new, AT])]
        values = self.points[new]
        known = values.astype(object)
        known[:, UNKNOWN_FROM:][np.isnan(values[:, UNKNOWN_FROM:])] = None
        for d, point in zip(new.tolist(), known.tolist(), strict=True):
            made[d] = RoomPoint(*point)


def _columns(p: RoomPoint) -> list[float]:
    optional = (
        p.dew_point_c, p.absolute_humidity_g_m3, p.surface_temperature_c, p.surface_humidity_pct,
        p.outdoor_temperature_c,
    )  # fmt: skip
    return [p.at_s, p.temperature_c, p.humidity_pct, *(np.nan if v is None else v for v in optional)]


def _rooms(home_of: Numbers, homes: int) -> Numbers:
    """Return the numbers of each home's devices, filled up with -1."""
    found: list[list[int]] = [[] for _ in range(homes)]
    for device, home in enumerate(home_of.tolist()):
        if home >= 0:
            found[home].append(device)
    most = max((len(rooms) for rooms in found), default=1)
    return np.array([r + [-1] * (most - len(r)) for r in found], dtype=np.int64).reshape(-1, most)
