"""Simulated sensors: what the world says at a device, behind the real driver's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from devices.drivers.base import SensorError


class WorldView(Protocol):
    """The world as devices meet it; :class:`firmware_sim.world.world.World` is one."""

    def advance_to(self, time: datetime) -> None:
        """Let the world live until ``time``; an earlier time changes nothing."""
        ...

    def sense(self, device: str, time: datetime) -> Mapping[str, float]:
        """Return what the device's sensors show at ``time``, empty where they fail."""
        ...


class SimulatedTime:
    """The instant at which sensors are read, shared by a fleet."""

    __slots__ = ("now",)

    def __init__(self, now: datetime) -> None:
        self.now = now


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
        values = self._world.sense(self._device, self._time.now)
        if not values:
            raise SensorError(f"{self._device}: no answer")
        return values


class FaultView(Protocol):
    """What goes wrong around a device, beside its sensors."""

    def uplink_up(self, device: str, time: datetime) -> bool:
        """Whether the device has a network at ``time``."""
        ...

    def clock_offset_s(self, device: str, time: datetime) -> float:
        """Return how far the device's wall clock is ahead at ``time`` [s]."""
        ...

    def is_on(self, device: str, time: datetime) -> bool:
        """Return whether the device measures at ``time``; one that is switched off does not."""
        ...

    def has_power(self, device: str, time: datetime) -> bool:
        """Return whether its supply holds at ``time``; when it is back the device starts anew."""
        ...

    def card_takes(self, device: str, time: datetime) -> bool:
        """Return whether its card has room at ``time``."""
        ...


class NoFaults:
    """A fleet whose networks and clocks work."""

    def uplink_up(self, device: str, time: datetime) -> bool:
        """Always."""
        return True

    def clock_offset_s(self, device: str, time: datetime) -> float:
        """Return 0."""
        return 0.0

    def is_on(self, device: str, time: datetime) -> bool:
        """Always."""
        return True

    def has_power(self, device: str, time: datetime) -> bool:
        """Always."""
        return True

    def card_takes(self, device: str, time: datetime) -> bool:
        """Always."""
        return True
