"""One file per chip; each gives a :class:`devices.drivers.base.Sensor`."""
