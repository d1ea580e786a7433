"""What is sent to make or change an entity, read and checked: values, links, and entities to make with it. Pure.

Source: OGC 18-088 §10 (create, deep insert, update). Whatever is wrong is told with where it stands in the body.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import shapely.geometry
from shapely.errors import ShapelyError

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.schema import ENTITIES, ID_NAMES, Entity, Way

TEXT_MOST, JSON_MOST, DEEP, MADE_MOST = 10_000, 50_000, 4, 500
"""Characters of a text, bytes of a value, levels of a deep insert, entities that one request makes."""
GEO_TYPES = frozenset({"application/geo+json", "application/vnd.geo+json", "application/geojson"})
MUST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Thing": ("name", "description"),
        "Location": ("name", "description", "encodingType", "location"),
        "HistoricalLocation": ("time",),
        "Datastream": ("name", "description", "unitOfMeasurement", "observationType"),
        "Sensor": ("name", "description", "encodingType", "metadata"),
        "ObservedProperty": ("name", "definition", "description"),
        "Observation": ("result",),
        "FeatureOfInterest": ("name", "description", "encodingType", "feature"),
    }
)
_OWN = frozenset({"observedArea"})
"""Properties that are found out here: what is sent of them is not looked at."""
_IGNORED = frozenset({"@iot.selfLink", "@iot.id", "id"})


@dataclass(slots=True)
class Draft:
    """An entity as it was sent.

    Attributes:
        of: what it is.
        values: by property, read; times as datetimes, stretches as pairs.
        links: to entities that there are, by way.
        made: entities to be made with it, by way.
    """

    of: Entity
    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, list[int]] = field(default_factory=dict)
    made: dict[str, list[Draft]] = field(default_factory=dict)

    def has(self, way: str) -> bool:
        """Whether anything is named at the end of a way."""
        return bool(self.links.get(way) or self.made.get(way))


def draft(of: Entity, body: object, *, whole: bool, deep: int = DEEP) -> Draft:
    """Return what a body says.

    Args:
        of: what is made or changed.
        body: decoded JSON.
        whole: whether all that an entity must have must be there; else it is a change, which makes nothing.
        deep: levels of entities that may still be made with it.

    Raises:
        FilterError: it cannot be; ``option`` names where.
    """
    if not isinstance(body, dict):
        raise _wrong(of.name, "an object is needed")
    made = Draft(of)
    for name, value in body.items():
        _take(made, str(name), value, whole, deep)
    missing = [name for name in MUST[of.name] if name not in made.values]
    if whole and missing:
        raise _wrong(f"{of.name}.{missing[0]}", "it must be given")
    _check_places(made)
    if _count(made) > MADE_MOST:
        raise _wrong(of.name, f"more than {MADE_MOST} entities at once")
    return made


def _take(made: Draft, name: str, value: object, whole: bool, deep: int) -> None:
    of = made.of
    if name in _IGNORED or name in _OWN or name.endswith(("@iot.navigationLink", "@iot.count")):
        return
    way = of.ways.get(name)
    if way is not None:
        _follow(made, way, value, whole, deep)
        return
    if name not in of.properties or name in ID_NAMES:
        raise _wrong(
            f"{of.name}.{name[:40]}", f"there is none; {of.name} has {', '.join((*of.properties, *of.ways))}"
        )
    if of.name == "Datastream" and name in ("phenomenonTime", "resultTime"):
        return
    made.values[name] = (
        _READ[of.name, name](f"{of.name}.{name}", value)
        if (of.name, name) in _READ
        else _plain(of, name, value)
    )


def _follow(made: Draft, way: Way, value: object, whole: bool, deep: int) -> None:
    where = f"{made.of.name}.{way.name}"
    listed = value if way.many else [value]
    if not isinstance(listed, list):
        raise _wrong(where, "a list is needed")
    for item in listed:
        if isinstance(item, dict) and (linked := _linked(where, item)) is not None:
            made.links.setdefault(way.name, []).append(linked)
        elif not whole:
            raise _wrong(where, 'a change makes nothing: link by {"@iot.id": …}')
        elif deep <= 0:
            raise _wrong(where, f"more than {DEEP} levels")
        else:
            inner = draft(ENTITIES[way.to], item, whole=True, deep=deep - 1)
            made.made.setdefault(way.name, []).append(inner)


def _linked(where: str, item: dict[str, Any]) -> int | None:
    number = item.get("@iot.id")
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**53:
        raise _wrong(where, "@iot.id is a whole number")
    return number


def _plain(of: Entity, name: str, value: object) -> Any:
    where = f"{of.name}.{name}"
    if name in ("properties", "parameters"):
        return _object(where, value)
    return _text(where, value)


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MOST or "\x00" in value or _lone(value):
        raise _wrong(where, f"text of at most {TEXT_MOST} characters is needed")
    return value


def _lone(value: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in value)


def _object(where: str, value: object) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, "an object is needed")
    return _json(where, value)


def _json(where: str, value: object) -> Any:
    left, size = [(value, 0)], 0
    while left:
        part, depth = left.pop()
        size += len(part) if isinstance(part, str) else 8
        if depth > 20 or size > JSON_MOST:
            raise _wrong(where, "it is too large or too deep")
        if isinstance(part, float) and not math.isfinite(part):
            raise _wrong(where, "a number that is none")
        if isinstance(part, str) and ("\x00" in part or _lone(part)):
            raise _wrong(where, "a character that cannot be stored")
        if isinstance(part, dict):
            left += [(x, depth + 1) for pair in part.items() for x in pair]
        elif isinstance(part, list):
            left += [(x, depth + 1) for x in part]
    return value


def _result(where: str, value: object) -> float:
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, (int, float)) or not abs(value) <= 1e12:
        raise _wrong(
            where, "numbers are stored, to 1e12: a truth value counts as 0 or 1, a category by its code"
        )
    return float(value)


def moment(where: str, value: object) -> datetime:
    """Return a moment that was written down; of a stretch of time, its beginning.

    Raises:
        FilterError: it is none, or has no offset from UTC.
    """
    if isinstance(value, str) and len(value) < 80:
        try:
            at = datetime.fromisoformat(value.partition("/")[0])
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _wrong(where, "a moment as 2026-01-09T05:10:00Z is needed")


def _when(where: str, value: object) -> datetime | None:
    return None if value is None else moment(where, value)


def _stretch(where: str, value: object) -> tuple[datetime, datetime] | None:
    if value is None:
        return None
    since, slash, until = str(value).partition("/")
    ends = moment(where, since), moment(where, until if slash else since)
    if ends[0] > ends[1]:
        raise _wrong(where, "it ends before it begins")
    return ends


def _unit(where: str, value: object) -> Any:
    found = _object(where, value)
    for name in ("name", "symbol", "definition"):
        if name not in found or not isinstance(found[name], (str, type(None))):
            raise _wrong(f"{where}.{name}", "text or null is needed")
    return found


_READ: Mapping[tuple[str, str], Callable[[str, object], Any]] = MappingProxyType(
    {
        ("Location", "location"): _json,
        ("FeatureOfInterest", "feature"): _json,
        ("HistoricalLocation", "time"): moment,
        ("Datastream", "unitOfMeasurement"): _unit,
        ("Sensor", "metadata"): _json,
        ("Observation", "phenomenonTime"): moment,
        ("Observation", "resultTime"): _when,
        ("Observation", "result"): _result,
        ("Observation", "resultQuality"): _json,
        ("Observation", "validTime"): _stretch,
    }
)


def _check_places(made: Draft) -> None:
    """Refuse GeoJSON that has no geometry: functions of geometries would pass over it in silence."""
    for name in ("location", "feature"):
        value = made.values.get(name)
        if value is None or made.values.get("encodingType", "application/geo+json") not in GEO_TYPES:
            continue
        shape = value.get("geometry") if isinstance(value, dict) and value.get("type") == "Feature" else value
        try:
            found = shapely.geometry.shape(shape)
        except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError):
            raise _wrong(f"{made.of.name}.{name}", "it is no GeoJSON geometry") from None
        if found.is_empty:
            raise _wrong(f"{made.of.name}.{name}", "a geometry without a point")


def _count(made: Draft) -> int:
    return 1 + sum(_count(inner) for part in made.made.values() for inner in part)


def _wrong(where: str, why: str) -> FilterError:
    return FilterError(why, 0, where)
