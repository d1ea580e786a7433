"""Entities as SensorThings' JSON: ids, links, times in UTC. OGC 18-088 §8.2, §9.3.

Text is put together from pieces that are worked out once for a page, and JSON goes from the database to the answer unread: a page
of ten thousand entities is answered by one process, while everybody else waits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from ops_api.rest.core.etag import strong_tag_of
from ops_api.sensorthings.core.next_link import next_link
from ops_api.sensorthings.core.options import Options
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION, Entity, Property
from ops_api.sensorthings.core.types import Type
from ops_api.sensorthings.core.words import KEPT
from ops_api.sensorthings.nodes import Many, Node

encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
_ALL = Options()
_Write = Callable[[dict[str, Any]], bytes]


def moment(at: datetime) -> str:
    """Return a moment in UTC, with as many places as it has."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    text = at.isoformat()[:-6]
    return f"{text.rstrip('0') if at.microsecond else text}Z"


def self_link(base: str, of: Entity, key: int) -> str:
    """Return an entity's address."""
    return f"{base}/{of.set}({key})"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of an entity is answered, where ``%d`` stands for its id.

    Attributes:
        head: id and own link.
        properties: name with its colon, column, how its value is written, whether null is said.
        links: to what was not expanded.
        ids: of head, and of links.
    """

    head: bytes
    properties: tuple[tuple[bytes, str, _Write, bool], ...]
    links: bytes
    ids: tuple[int, int]


@lru_cache(maxsize=256)
def _shape(base: str, name: str, chosen: tuple[str, ...], expanded: tuple[str, ...]) -> _Shape:
    of = ENTITIES[name]
    link = f"{encode(base).decode()[1:-1].replace('%', '%%')}/{of.set}(%d)"
    head = ['"@iot.id":%d'] if not chosen or not {"id", "@iot.id"}.isdisjoint(chosen) else []
    head += [f'"@iot.selfLink":"{link}"'] if not chosen or "@iot.selfLink" in chosen else []
    links = [
        f'"{way}@iot.navigationLink":"{link}/{way}"'
        for way in of.ways
        if (not chosen or way in chosen) and way not in expanded
    ]
    return _Shape(
        head=",".join(head).encode(),
        properties=tuple(
            (
                f'"{known.name}":'.encode(),
                known.columns[0],
                _writer(known, base),
                known.name in KEPT and of is OBSERVATION,
            )
            for key, known in of.properties.items()
            if key not in ("id", "@iot.id") and (not chosen or key in chosen)
        ),
        links=",".join(links).encode(),
        ids=(len(head), len(links)),
    )


def _writer(known: Property, base: str) -> _Write:
    """Return how a property that has a value is written."""
    column = known.columns[0]
    if known.name == "metadata" or known.type is Type.INTERVAL:
        return lambda row: encode(shown(known, row, base))
    if known.type is Type.TIME:
        return lambda row: encode(moment(row[column]))
    return lambda row: encode(row[column])


def document(base: str, of: Entity, node: Node, options: Options = _ALL) -> bytes:
    """Return an entity with what was selected of it and expanded from it."""
    return _written(_shape(base, of.name, options.select, tuple(node.found or ())), base, of, node)


def _written(shape: _Shape, base: str, of: Entity, node: Node) -> bytes:
    row = node.row
    if (told := row.get("document")) is not None:
        return _around(told, base, of, node)
    key = row[of.key]
    parts = [shape.head % ((key,) * shape.ids[0])] if shape.head else []
    for name, column, write, kept in shape.properties:
        if row.get(column) is not None:
            parts.append(name + write(row))
        elif kept:
            parts.append(name + b"null")
    if shape.links:
        parts.append(shape.links % ((key,) * shape.ids[1]))
    return b"{" + b",".join(parts + _ways(base, of, node)) + b"}"


def _around(told: bytes, base: str, of: Entity, node: Node) -> bytes:
    """Return an entity that the database told, with what was expanded from it."""
    if node.found is None:
        return b"{" + told + b"}"
    return b"{" + b",".join([told, *_ways(base, of, node)] if told else _ways(base, of, node)) + b"}"


def append(base: str, of: Entity, node: Node, way: str, end: Many) -> None:
    """Add what a way leads to, which is in words itself, to an entity that the database told: of ten thousand nothing else is kept."""
    told = node.row["document"]
    parts = _expanded(base, of, node.row[of.key], way, end)
    node.row["document"] = b",".join([told, *parts] if told else parts)


def _ways(base: str, of: Entity, node: Node) -> list[bytes]:
    parts: list[bytes] = []
    for way, end in (node.found or {}).items():
        parts += _expanded(base, of, node.row[of.key], way, end)
    return parts


def _expanded(base: str, of: Entity, key: int, way: str, end: Node | Many | None) -> list[bytes]:
    there = ENTITIES[of.ways[way].to]
    name = b'"' + way.encode()
    if not isinstance(end, Many):
        return [name + b'":' + (b"null" if end is None else document(base, there, end, end.options or _ALL))]
    value = name + b'":[' + _each(base, there, end) + b"]"
    if end.more and end.token and end.count is None and not end.estimated:
        # Of ten thousand each has a next page: its address is worked out once.
        return [_following(base, of.set, way, end.options.written) % (key, end.token.encode()), value]
    return [*(name + part for part in _about(f"{base}/{of.set}({key})/{way}", end)), value]


@lru_cache(maxsize=256)
def _following(base: str, of_set: str, way: str, written: tuple[tuple[str, str], ...]) -> bytes:
    """Return a link to the next page of a way, where ``%d`` stands for whose it is and ``%b`` for where it begins."""
    site, behind = (encode(text)[1:-1].replace(b"%", b"%%") for text in (base, _further(written)))
    return b'"%b@iot.nextLink":"%b/%b(%%d)/%b%b%%b"' % (
        way.encode(),
        site,
        of_set.encode(),
        way.encode(),
        behind,
    )


def _each(base: str, of: Entity, many: Many) -> bytes:
    """Return entities of a page, of each of which the same was expanded."""
    if many.told:
        return b"{" + b"},{".join(many.told) + b"}"
    if not many.nodes:
        return b""
    shape = _shape(base, of.name, many.options.select, tuple(many.nodes[0].found or ()))
    return b",".join([_written(shape, base, of, node) for node in many.nodes])


def _about(address: str, many: Many) -> list[bytes]:
    """Return how many there are in all, and where they go on: names without their first quote, and values."""
    found: list[bytes] = []
    if many.count is not None:
        found.append(b'@iot.count":%d' % many.count)
    if many.estimated:
        found.append(b'@cityops.countEstimated":true')
    if many.more:
        found.append(b'@iot.nextLink":' + encode(_next(address, many)))
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


def page(base: str, address: str, of: Entity, many: Many) -> bytes:
    """Return a set's page."""
    return _page(address, many, _each(base, of, many))


def _page(address: str, many: Many, value: bytes) -> bytes:
    about = b"".join(b'"' + part + b"," for part in _about(address, many))
    return b"{" + about + b'"value":[' + value + b"]}"


def references(base: str, address: str, of: Entity, many: Many) -> bytes:
    """Return a set's page as links."""
    links = [encode({"@iot.selfLink": self_link(base, of, node.row[of.key])}) for node in many.nodes]
    return _page(address, many, b",".join(links))


ARRAY = ("id", "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters")
"""Components of observations in a data array."""


def data_array(base: str, address: str, many: Many) -> bytes:
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
    return _page(address, many, b",".join(map(encode, value)))


def _ided(select: Sequence[str]) -> set[str]:
    return {"id" if name == "@iot.id" else name for name in select}


def _cell(name: str, node: Node) -> Any:
    return node.row["observation_id"] if name == "id" else shown(OBSERVATION.properties[name], node.row, "")


def shown(known: Property, row: dict[str, Any], base: str) -> Any:
    """Return the value of a property; None where there is none; JSON as it came."""
    value = row.get(known.columns[0])
    if value is None:
        return None
    if known.type is Type.TIME:
        return moment(value)
    if known.type is Type.INTERVAL:
        until = row.get(known.columns[1])
        return f"{moment(value)}/{moment(until if until is not None else value)}"
    if known.name == "metadata":
        words = plain(value)
        return (
            base.partition("/sta/")[0] + words
            if isinstance(words, str) and words.startswith("/api/")
            else value
        )
    return value


def plain(value: Any) -> Any:
    """Return a value that may be JSON as it came, read."""
    return json.loads(bytes(value)) if isinstance(value, msgspec.Raw) else value


def bare(value: object) -> str:
    """Return a value as ``$value`` gives it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else encode(value).decode()


def tag(document: object) -> str:
    """Return the entity tag of an entity as it is told."""
    return strong_tag_of(encode(document))
