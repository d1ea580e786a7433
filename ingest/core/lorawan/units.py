"""Units that sensors and their codecs write, to those of our fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ingest.core.lorawan.decoded import DecodeError

Linear = tuple[float, float]
"""Factor and offset: ours = value * factor + offset."""

_K = 273.15
UNITS: Mapping[str, Mapping[str, Linear]] = MappingProxyType({
    "mm": {"mm": (1, 0), "cm": (10, 0), "m": (1000, 0), "in": (25.4, 0), "ft": (304.8, 0)},
    "m": {"m": (1, 0), "cm": (0.01, 0), "mm": (0.001, 0), "ft": (0.3048, 0)},
    "c": {"c": (1, 0), "cel": (1, 0), "°c": (1, 0), "℃": (1, 0), "degc": (1, 0), "f": (5 / 9, -160 / 9), "°f": (5 / 9, -160 / 9),
          "℉": (5 / 9, -160 / 9), "k": (1, -_K)},
    "pct": {"%": (1, 0), "pct": (1, 0), "%rh": (1, 0), "%el": (1, 0), "/": (100, 0), "ratio": (100, 0)},
    "v": {"v": (1, 0), "mv": (0.001, 0)},
    "hpa": {"hpa": (1, 0), "mbar": (1, 0), "pa": (0.01, 0), "kpa": (10, 0), "bar": (1000, 0)},
    "deg": {"deg": (1, 0), "°": (1, 0), "rad": (57.29577951308232, 0)},
    "m_s": {"m/s": (1, 0), "m_s": (1, 0), "km/h": (1 / 3.6, 0), "mph": (0.44704, 0), "kn": (0.514444, 0)},
    "mm_h": {"mm/h": (1, 0), "mm_h": (1, 0)},
    "w_m2": {"w/m2": (1, 0), "w/m²": (1, 0), "w_m2": (1, 0)},
    "kg": {"kg": (1, 0), "g": (0.001, 0), "t": (1000, 0)},
    "g_m2": {"g/m2": (1, 0), "g/m²": (1, 0), "g_m2": (1, 0)},
})  # fmt: skip
"""By the unit at the end of a field's name: what it may be given in."""

_TEXT = re.compile(r"^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(\S.{0,15})?$")


def unit_of(field: str) -> str:
    """Return the unit at the end of a field's name; empty where it is none that is known (a code, a count)."""
    return next((u for u in sorted(UNITS, key=len, reverse=True) if field.endswith(f"_{u}")), "")


def units_for(field: str) -> tuple[str, ...]:
    """Return the units in which ``field`` may be given."""
    return tuple(UNITS.get(unit_of(field), {}))


def linear(field: str, unit: str) -> Linear | None:
    """Return how a value in ``unit`` becomes one of ``field``; None where it can't."""
    return UNITS.get(unit_of(field), {}).get(unit.strip().lower())


def read_text(text: str) -> tuple[float, str]:
    """Return number and unit of a text such as ``2116 mm`` or ``92%``; the unit may be empty.

    Raises:
        DecodeError: no number is at its beginning.
    """
    match = _TEXT.match(text)
    if match is None:
        raise DecodeError(f"{text[:40]!r} is no number with a unit")
    return float(match[1]), (match[2] or "").strip()
