"""Simulated sensors: what the world says at a device, behind the real driver's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from devices.drivers.base import SensorError


class WorldView(Protocol):
    """The world as devices meet it. Times are seconds since 1970 UTC."""

    def advance_to(self, t_s: float) -> None:
        """Let the world live until ``t_s``; an earlier time changes nothing."""
        ...

    def sense(self, device: str, t_s: float) -> Mapping[str, float]:
        """Return what the device's sensors show at ``t_s``, empty where they fail."""
        ...


class SimulatedTime:
    """The instant at which sensors are read, shared by a fleet."""

    __slots__ = ("now_s",)

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s


class WorldSensor:
    """All sensors of one device in one; implements :class:`devices.drivers.base.Sensor`."""

    def __init__(self, world: WorldView, device: str, time: SimulatedTime) -> None:
        self._world = world
        self._device = device
        self._time = time

    def read(self) -> Mapping[str, float]:
        """Return the world's values for the device now.

        Raises:
            SensorError: the simulated sensor gave nothing.
        """
        values = self._world.sense(self._device, self._time.now_s)
        if not values:
            raise SensorError(f"{self._device}: no answer")
        return values


class FaultView(Protocol):
    """What goes wrong around a device, beside its sensors."""

    def uplink_cut(self, device: str, t_s: float) -> bool:
        """Whether the device has no network at ``t_s``."""
        ...

    def clock_offset_s(self, device: str, t_s: float) -> float:
        """Return how far the device's wall clock is ahead at ``t_s`` [s]."""
        ...


class NoFaults:
    """A fleet whose networks and clocks work."""

    def uplink_cut(self, device: str, t_s: float) -> bool:
        """Never."""
        return False

    def clock_offset_s(self, device: str, t_s: float) -> float:
        """Return 0."""
        return 0.0
