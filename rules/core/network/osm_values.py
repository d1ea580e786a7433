"""Values of OpenStreetMap's tags: speeds, lengths, weights, as people type them.

Sources: the pages Key:maxspeed, Key:maxweight and Map features/Units of the OSM wiki.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

KM_H_PER_MPH = 1.609344
M_PER_FOOT = 0.3048
NARROWEST_M, WIDEST_M = 2.0, 80.0
"""A road's width from kerb to kerb is between these: less than a lorry, more than 20 lanes are mistakes of the map."""

NAMED_SPEEDS = {
    "GB:nsl_restricted": 30 * KM_H_PER_MPH,
    "GB:nsl_single": 60 * KM_H_PER_MPH,
    "GB:nsl_dual": 70 * KM_H_PER_MPH,
    "GB:motorway": 70 * KM_H_PER_MPH,
    "walk": 8.0,
}
_NUMBER = re.compile(
    r"^\s*(\d+(?:[.,]\d+)?)\s*(mph|km/h|kmh|kph|m|cm|t|kg|st|lt|cwt|lbs?)?\s*$", re.IGNORECASE
)
_FEET = re.compile(r"^\s*(\d+)\s*(?:'|ft)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in)?)?\s*$")
_TO_METRES = {"": 1.0, "m": 1.0, "cm": 0.01}
_TO_TONNES = {
    "": 1.0,
    "t": 1.0,
    "kg": 0.001,
    "st": 0.907185,
    "lt": 1.016047,
    "cwt": 0.0508023,
    "lb": 0.000453592,
    "lbs": 0.000453592,
}
_TO_KM_H = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": KM_H_PER_MPH}


def texts(tags: Mapping[str, object], key: str) -> list[str]:
    """Return a tag's values as texts: one, or those of a list; none where the tag is not there or empty."""
    value = tags.get(key)
    values = value if isinstance(value, list | tuple) else [value]
    found = [str(v).lower() if isinstance(v, bool) else str(v) for v in values if v is not None]
    return [t for t in found if t]


def speed_km_h(text: str) -> float | None:
    """Return a speed limit [km/h]; None where the text is none that is known (``none``, ``signals``)."""
    return NAMED_SPEEDS.get(text, _measure(text, _TO_KM_H))


def metres(text: str) -> float | None:
    """Return a length [m] from ``7.3``, ``7.3 m`` or ``14'6"``; None for any other text."""
    if match := _FEET.match(text):
        return round(int(match[1]) * M_PER_FOOT + float(match[2] or 0) * M_PER_FOOT / 12, 3)
    return _measure(text, _TO_METRES)


def road_width_m(text: str) -> float | None:
    """Return a road's width [m], 2 to 80; None for any other text: ``999`` is a slip of the pen, not a road."""
    found = metres(text)
    return found if found is not None and NARROWEST_M <= found <= WIDEST_M else None


def tonnes(text: str) -> float | None:
    """Return a weight [t] from ``7.5``, ``7.5 t`` or ``3500 kg``; None for any other text."""
    return _measure(text, _TO_TONNES)


def count(text: str) -> int | None:
    """Return a number of lanes, 1 to 20; None for any other text."""
    return int(text) if re.fullmatch(r"[1-9]|1\d|20", text.strip()) else None


def _measure(text: str, units: dict[str, float]) -> float | None:
    match = _NUMBER.match(text)
    factor = units.get((match[2] or "").lower()) if match else None
    if match is None or factor is None:
        return None
    value = round(float(match[1].replace(",", ".")) * factor, 3)
    return value if value > 0.0 else None
