"""What is done with any sensor, whatever its chip: retries, plausibility, calibration, drying.

Each module is a pure decision and a thin wrapper that is itself a :class:`devices.drivers.base.Sensor`.
"""
