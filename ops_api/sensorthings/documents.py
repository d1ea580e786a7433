"""Entities as SensorThings' JSON: ids, links, times in UTC. OGC 18-088 §8.2, §9.3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from ops_api.rest.core.etag import strong_tag_of
from ops_api.sensorthings.core.next_link import next_link
from ops_api.sensorthings.core.options import Options
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION, Entity, Property, Way
from ops_api.sensorthings.core.types import Type
from ops_api.sensorthings.nodes import Many, Node

_KEPT = frozenset({"resultTime"})
"""Said even where it is null: the standard has it in every observation."""
_ALL = Options()


def moment(at: datetime) -> str:
    """Return a moment in UTC, with as many places as it has."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.isoformat()[:-6]}Z"


def self_link(base: str, of: Entity, key: int) -> str:
    """Return an entity's address."""
    return f"{base}/{of.set}({key})"


@lru_cache(maxsize=256)
def _shape(
    name: str, chosen: tuple[str, ...]
) -> tuple[bool, bool, tuple[tuple[str, Property, bool], ...], tuple[str, ...]]:
    """Return what of an entity is answered: id, own link, properties with whether null is said, and links; worked out once."""
    of = ENTITIES[name]
    everything = not chosen
    properties = tuple(
        (known.name, known, known.name in _KEPT and of is OBSERVATION)
        for key, known in of.properties.items()
        if key not in ("id", "@iot.id") and (everything or key in chosen)
    )
    links = tuple(way for way in of.ways if everything or way in chosen)
    return (
        everything or "@iot.id" in chosen or "id" in chosen,
        everything or "@iot.selfLink" in chosen,
        properties,
        links,
    )


def document(base: str, of: Entity, node: Node, options: Options = _ALL) -> dict[str, Any]:
    """Return an entity with what was selected of it and expanded from it."""
    with_id, with_link, properties, links = _shape(of.name, options.select)
    row = node.row
    link = f"{base}/{of.set}({row[of.key]})"
    found: dict[str, Any] = {"@iot.id": row[of.key]} if with_id else {}
    if with_link:
        found["@iot.selfLink"] = link
    for name, known, kept in properties:
        value = shown(known, row, base)
        if value is not None or kept:
            found[name] = value
    for name in links:
        if name not in node.found:
            found[f"{name}@iot.navigationLink"] = f"{link}/{name}"
    for name, end in node.found.items():
        _expanded(found, base, link, of.ways[name], end)
    return found


def _expanded(found: dict[str, Any], base: str, link: str, way: Way, end: Node | Many | None) -> None:
    there = ENTITIES[way.to]
    if isinstance(end, Many):
        found |= {f"{way.name}{name}": value for name, value in _about(f"{link}/{way.name}", end).items()}
        found[way.name] = [document(base, there, node, end.options) for node in end.nodes]
    elif end is not None:
        found[way.name] = document(base, there, end, end.options or _ALL)
    else:
        found[way.name] = None


def _about(address: str, many: Many) -> dict[str, Any]:
    """Return how many there are in all, and where they go on."""
    found: dict[str, Any] = {}
    if many.count is not None:
        found["@iot.count"] = many.count
    if many.estimated:
        found["@cityops.countEstimated"] = True
    if many.more:
        found["@iot.nextLink"] = _next(address, many)
    return found


_HERE = "here"


@lru_cache(maxsize=256)
def _further(written: tuple[tuple[str, str], ...]) -> str:
    """Return what stands behind the address of a next page that begins at a token, without the token."""
    return next_link("", written, token=_HERE).removesuffix(_HERE)


def _next(address: str, many: Many) -> str:
    if many.token:
        return f"{address}{_further(many.options.written)}{many.token}"
    return next_link(address, many.options.written, skip=many.options.skip + many.size)


def page(base: str, address: str, of: Entity, many: Many) -> dict[str, Any]:
    """Return a set's page."""
    return _about(address, many) | {"value": [document(base, of, node, many.options) for node in many.nodes]}


def references(base: str, address: str, of: Entity, many: Many) -> dict[str, Any]:
    """Return a set's page as links."""
    links = [{"@iot.selfLink": self_link(base, of, node.row[of.key])} for node in many.nodes]
    return _about(address, many) | {"value": links}


ARRAY = ("id", "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters")
"""Components of observations in a data array."""


def data_array(base: str, address: str, many: Many) -> dict[str, Any]:
    """Return observations as arrays, those of a datastream together. OGC 18-088 §12.3."""
    chosen = [name for name in ARRAY if not many.options.select or name in _ided(many.options.select)]
    groups: dict[int, list[list[Any]]] = {}
    for node in many.nodes:
        groups.setdefault(node.row["datastream_id"], []).append([_cell(name, node) for name in chosen])
    value = [
        {
            "Datastream@iot.navigationLink": self_link(base, ENTITIES["Datastream"], stream),
            "components": chosen,
            "dataArray@iot.count": len(rows),
            "dataArray": rows,
        }
        for stream, rows in groups.items()
    ]
    return _about(address, many) | {"value": value}


def _ided(select: Sequence[str]) -> set[str]:
    return {"id" if name == "@iot.id" else name for name in select}


def _cell(name: str, node: Node) -> Any:
    return node.row["observation_id"] if name == "id" else shown(OBSERVATION.properties[name], node.row, "")


def shown(known: Property, row: dict[str, Any], base: str) -> Any:
    """Return the value of a property; None where there is none."""
    value = row.get(known.columns[0])
    if value is None:
        return None
    if known.type is Type.TIME:
        return moment(value)
    if known.type is Type.INTERVAL:
        until = row.get(known.columns[1])
        return f"{moment(value)}/{moment(until if until is not None else value)}"
    if known.name == "metadata" and isinstance(value, str) and value.startswith("/api/"):
        return base.partition("/sta/")[0] + value
    return value


def bare(value: object) -> str:
    """Return a value as ``$value`` gives it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def tag(document: object) -> str:
    """Return the entity tag of an entity as it is told."""
    return strong_tag_of(msgspec.json.encode(document))
