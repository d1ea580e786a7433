"""What a sensor gives, in a line for a person."""

from __future__ import annotations

import sys

from devices.agent.sensor_build import Built
from devices.contract.kind import Kind
from devices.drivers.base import SensorError

_SYMBOLS = {"c": "°C", "pct": "%", "hpa": "hPa", "mm": "mm", "deg": "°", "s": "m/s"}


def shown(name: str, value: float, kind: Kind | None) -> str:
    """Return a value with its unit, as finely as it means something."""
    if kind is not None and name in kind.by_name:
        field = kind.by_name[name]
        return f"{name} {value:.{field.decimals}f} {field.quantity.symbol}".rstrip()
    decimals = 6 if name in ("latitude_deg", "longitude_deg") else 2
    return f"{name} {value:.{decimals}f} {_SYMBOLS[name.rpartition('_')[2]]}"


def read_one(sensor: Built, kind: Kind | None) -> bool:
    """Read a sensor and print what it gives, or its fault; return whether it gave something."""
    try:
        values = sensor.sensor.read()
    except SensorError as e:
        say(f"{sensor.label}: FAULT {e}")
        return False
    say(f"{sensor.label}: " + ", ".join(shown(name, value, kind) for name, value in values.items()))
    return True


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
