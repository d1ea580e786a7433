"""Gives a driver's values the names that the device's kind has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.drivers.base import Sensor


class Named:
    """A sensor whose values are renamed; implements :class:`devices.drivers.base.Sensor`.

    Args:
        names: from the driver's name to the kind's; what is not in it is left out.
        told: gets each reading, so that another driver can use it (the air for the speed of sound).
    """

    def __init__(
        self,
        sensor: Sensor,
        names: Mapping[str, str],
        told: Callable[[Mapping[str, float]], None] = lambda values: None,
    ) -> None:
        self._sensor = sensor
        self._names = names
        self._told = told

    def read(self) -> Mapping[str, float]:
        """Return the values by their new names; SensorError of the sensor."""
        values = self._sensor.read()
        self._told(values)
        return {self._names[name]: value for name, value in values.items() if name in self._names}
