"""Gives a driver's values the names that the device's kind has for them."""

from __future__ import annotations

from collections.abc import Mapping

from devices.drivers.base import Sensor


class Named:
    """A sensor whose values are renamed; implements :class:`devices.drivers.base.Sensor`.

    Args:
        names: from the driver's name to the kind's; what is not in it is left out.
    """

    def __init__(self, sensor: Sensor, names: Mapping[str, str]) -> None:
        self._sensor = sensor
        self._names = names

    def read(self) -> Mapping[str, float]:
        """Return the values by their new names; SensorError of the sensor."""
        values = self._sensor.read()
        return {self._names[name]: value for name, value in values.items() if name in self._names}
