"""What is wrong with a registry file, all of it at once and in words.

The database would refuse most of this too, but one row at a time and by the name of a
constraint. What the file refers to may be in the database already, so that is its to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec

from devices.contract.topics import is_device_name
from devices.registry import Registry

IDS = {
    "devices": "name",
    "homes": "code",
    "nodes": "node_id",
    "segments": "segment_id",
    "turn_bans": "ban_id",
    "depots": "depot_id",
    "routes": "route_id",
    "bins": "bin_id",
    "bin_models": "model_id",
    "wards": "ward_id",
}
"""The field that tells the entries of each list apart."""

_LARGEST_INTEGER = 2**31 - 1
_ANY_NAME = "lower case letters, digits and -, at most 63, a letter or digit first"

Rule = tuple[Callable[[Any], bool], str]
_LATITUDE: Rule = (lambda v: -90.0 <= v <= 90.0, "-90 to 90")
_LONGITUDE: Rule = (lambda v: -180.0 <= v <= 180.0, "-180 to 180")
_POSITIVE: Rule = (lambda v: 0.0 < v < float("inf"), "more than 0")
_SHARE: Rule = (lambda v: 0.0 < v <= 1.0, "more than 0, at most 1")
_OUTLINE: Rule = (
    lambda v: not v or (len(v) >= 3 and all(-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0 for x, y in v)),
    "at least 3 pairs of longitude (-180 to 180) and latitude (-90 to 90), or none",
)
_HORIZON: Rule = (
    lambda v: not v or (8 <= len(v) <= 72 and all(0.0 <= h <= 90.0 for h in v)),
    "8 to 72 elevations of 0 to 90, or none",
)
_PERCENT: Rule = (lambda v: 0.0 < v <= 100.0, "more than 0, at most 100")

_NOT_NEGATIVE: Rule = (lambda v: 0.0 <= v < float("inf"), "0 or more")
_PROFILE: Rule = (
    lambda v: all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(((0.0, 0.0), *v, (1.0, 1.0)))),
    "pairs of height and volume, both rising from 0 to 1",
)

RULES: Mapping[str, Mapping[str, Rule]] = {
    "devices": {
        "name": (is_device_name, _ANY_NAME),
        "shard": (lambda v: 0 <= v <= 255, "0 to 255"),
        "latitude_deg": _LATITUDE,
        "longitude_deg": _LONGITUDE,
        "cadence_s": (lambda v: 0 < v <= _LARGEST_INTEGER, f"1 to {_LARGEST_INTEGER}"),
        "installed_at": (lambda v: v.tzinfo is not None, "a time with its offset, 2025-10-01T00:00:00Z"),
    },
    "homes": {
        "temperature_factor": _SHARE,
        "occupants": (lambda v: 0 <= v <= 1000, "0 to 1000"),
    },
    "nodes": {"latitude_deg": _LATITUDE, "longitude_deg": _LONGITUDE},
    "segments": {
        "road_class": (lambda v: v in {"A", "B", "C", "U"}, "A, B, C or U"),
        "length_m": _POSITIVE,
        "width_m": _POSITIVE,
        "sky_view_factor": _SHARE,
        "lanes": (lambda v: 1 <= v <= 20, "1 to 20"),
        "carriageway": (
            lambda v: v in {"single", "dual", "roundabout", "slip"},
            "single, dual, roundabout or slip",
        ),
        "speed_km_h": _POSITIVE,
        "max_weight_t": _POSITIVE,
        "max_height_m": _POSITIVE,
        "max_width_m": _POSITIVE,
        "horizon_deg": _HORIZON,
    },
    "bins": {
        "latitude_deg": _LATITUDE,
        "longitude_deg": _LONGITUDE,
        "capacity_l": _POSITIVE,
        "threshold_pct": _PERCENT,
        "max_age_days": _POSITIVE,
        "service_s": _NOT_NEGATIVE,
    },
    "bin_models": {
        "capacity_l": _POSITIVE,
        "blind_mm": _NOT_NEGATIVE,
        "profile": _PROFILE,
        "step_pct": (lambda v: 0.0 <= v <= 50.0, "0 to 50"),
    },
    "wards": {"boundary": _OUTLINE},
}


def problems(raw: bytes, registry: Registry, kinds: Collection[str]) -> list[str]:
    """Return a line for each thing that is wrong with ``registry``, read from ``raw``; none where all is well.

    Args:
        raw: the file, for names that are not fields.
        registry: what was read from it.
        kinds: names of the kinds of device that this installation knows.
    """
    found = [*_unknown(msgspec.json.decode(raw), registry)]
    for part in IDS:
        entries = getattr(registry, part)
        found += _twice(part, entries)
        for index, entry in enumerate(entries):
            found += _entry(f"{part}[{index}]", part, entry)
    found += [
        f"devices, {d.name!r}: kind is {d.kind!r}; known: {', '.join(kinds)}"
        for d in registry.devices
        if d.kind not in kinds
    ]
    return found


def _entry(place: str, part: str, entry: Any) -> Iterator[str]:
    for name, value in msgspec.structs.asdict(entry).items():
        rule = RULES.get(part, {}).get(name)
        if rule is not None and value is not None and not rule[0](value):
            shown = value.isoformat() if isinstance(value, datetime) else repr(value)
            yield f"{place}, {getattr(entry, IDS[part])!r}: {name} is {shown}; allowed: {rule[1]}"
        if isinstance(value, str) and "\0" in value:
            yield f"{place}: {name} has a character with the code 0, which a database can't keep"
    if part in ("bins", "bin_models") and not entry.empty_distance_mm > entry.full_distance_mm:
        yield f"{place}, {getattr(entry, IDS[part])!r}: empty_distance_mm must be more than full_distance_mm"


def _twice(part: str, entries: Collection[Any]) -> Iterator[str]:
    counts = Counter(getattr(entry, IDS[part]) for entry in entries)
    yield from (f"{part}: {IDS[part]} {name!r} is there {n} times" for name, n in counts.items() if n > 1)


def _unknown(document: Mapping[str, Any], registry: Registry) -> Iterator[str]:
    """Yield names in the file that are no fields: a misspelt one would be ignored in silence."""
    yield from (f"{name!r} is no part of a registry" for name in _others(document, Registry))
    for part in IDS:
        for index, entry in enumerate(document.get(part, ())):
            fields = type(getattr(registry, part)[index])
            yield from (f"{part}[{index}]: {name!r} is no field" for name in _others(entry, fields))


def _others(given: Mapping[str, Any], struct: type[msgspec.Struct]) -> list[str]:
    return [name for name in given if name not in struct.__struct_fields__]
