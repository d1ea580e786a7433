"""Unit conversions of a replayed column: ``column:unit`` on the right of ``--map``.

Pure. A conversion is a function from the number in the file to the number in the
field's own unit; the field's name says which that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cityops.errors import ConfigurationError

Conversion = Callable[[float], float]

NAMED: Mapping[str, tuple[str, Conversion]] = MappingProxyType(
    {
        "F": ("degrees Fahrenheit to °C", lambda v: (v - 32.0) / 1.8),
        "K": ("kelvin to °C", lambda v: v - 273.15),
        "km/h": ("kilometres per hour to m/s", lambda v: v / 3.6),
        "mph": ("miles per hour to m/s", lambda v: v * 0.44704),
        "kn": ("knots to m/s", lambda v: v * (1852.0 / 3600.0)),
        "Pa": ("pascal to hPa", lambda v: v / 100.0),
        "kPa": ("kilopascal to hPa", lambda v: v * 10.0),
        "cm": ("centimetres to mm", lambda v: v * 10.0),
        "m": ("metres to mm", lambda v: v * 1000.0),
        "in": ("inches to mm", lambda v: v * 25.4),
        "fraction": ("0..1 to %", lambda v: v * 100.0),
        "tenths": ("0..10 to %", lambda v: v * 10.0),
        "oktas": ("0..1 to oktas", lambda v: v * 8.0),
    }
)

_FACTOR = re.compile(r"^([*/+-])(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)$")
_ABOVE = re.compile(r"^above\((-?[\d.]+);(-?[\d.]+);(-?[\d.]+)\)$")


def conversion(text: str) -> Conversion:
    """Return the conversion that ``text`` names.

    ``text`` is a unit of :data:`NAMED`; ``*N``, ``/N``, ``+N`` or ``-N``; or
    ``above(T;HIGH;LOW)``, which gives HIGH where the value is above T, else LOW.

    Raises:
        ConfigurationError: naming what is allowed.
    """
    if text in NAMED:
        return NAMED[text][1]
    if factor := _FACTOR.match(text):
        return _arithmetic(factor[1], float(factor[2]))
    if above := _ABOVE.match(text):
        limit, high, low = (float(g) for g in above.groups())
        return lambda v: high if v > limit else low
    raise ConfigurationError(
        f"unit {text!r} is unknown; allowed: {', '.join(NAMED)}, *N, /N, +N, -N, above(T;HIGH;LOW)"
    )


def _arithmetic(sign: str, operand: float) -> Conversion:
    if sign == "/" and operand == 0:
        raise ConfigurationError("unit '/0' divides by zero")
    by_sign: dict[str, Conversion] = {
        "*": lambda v: v * operand,
        "/": lambda v: v / operand,
        "+": lambda v: v + operand,
        "-": lambda v: v - operand,
    }
    return by_sign[sign]
