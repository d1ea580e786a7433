"""Entities as SensorThings' JSON: ids, links, times in UTC. OGC 18-088 §8.2, §9.3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

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
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def self_link(base: str, of: Entity, key: int) -> str:
    """Return an entity's address."""
    return f"{base}/{of.set}({key})"


def document(base: str, of: Entity, node: Node, options: Options = _ALL) -> dict[str, Any]:
    """Return an entity with what was selected of it and expanded from it."""
    link = self_link(base, of, node.row[of.key])
    chosen = options.select
    found: dict[str, Any] = {}
    if not chosen or "@iot.id" in chosen or "id" in chosen:
        found["@iot.id"] = node.row[of.key]
    if not chosen or "@iot.selfLink" in chosen:
        found["@iot.selfLink"] = link
    for name, known in of.properties.items():
        if name in ("id", "@iot.id") or (chosen and name not in chosen):
            continue
        value = shown(known, node.row, base)
        if value is not None or (name in _KEPT and of is OBSERVATION):
            found[name] = value
    for name, way in of.ways.items():
        if name in node.found:
            _expanded(found, base, link, way, node.found[name])
        elif not chosen or name in chosen:
            found[f"{name}@iot.navigationLink"] = f"{link}/{name}"
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


def _next(address: str, many: Many) -> str:
    written = many.options.written
    if many.token:
        return next_link(address, written, token=many.token)
    return next_link(address, written, skip=many.options.skip + many.size)


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
    if known.type is Type.INTERVAL:
        until = row.get(known.columns[1])
        return f"{moment(value)}/{moment(until if until is not None else value)}"
    if known.type is Type.TIME:
        return moment(value)
    if known.name == "metadata" and isinstance(value, str) and value.startswith("/api/"):
        return base.partition("/sta/")[0] + value
    return value


def bare(value: object) -> str:
    """Return a value as ``$value`` gives it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
