"""Entities as SensorThings' JSON, put together by the database: one text a row goes to the answer as it is. Pure.

Whatever is written down here goes along as a parameter, names of properties and the service's address too; the text of the query has
names of columns and functions alone. OGC 18-088 §8.2, §9.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION, Property
from ops_api.sensorthings.core.types import Type

KEPT = frozenset({"resultTime"})
"""Said even where it is null: the standard has it in every observation."""
EMPTY = "''"
PLACE = "concat(o.datastream_id, '.', (extract(epoch from o.ts) * 1000000)::bigint) as place"
"""Where the page behind an observation begins, in order of ids or times (:mod:`tokens`)."""


@dataclass(frozen=True, slots=True)
class Words:
    """An entity in words.

    Attributes:
        sql: bytes of its JSON without the brackets around it.
        params: values by name.
    """

    sql: str
    params: Mapping[str, object]


@lru_cache(maxsize=256)
def words(
    base: str, name: str, chosen: tuple[str, ...], expanded: tuple[str, ...], alias: str
) -> Words | None:
    """Return an entity in words; None where the database cannot put it together.

    Args:
        base: address of the service.
        name: of the entity.
        chosen: what of it is told; none: all.
        expanded: ways whose ends are told by somebody else.
        alias: of its row.
    """
    of = ENTITIES[name]
    if "metadata" in of.properties:
        return None  # an address of ours in it is put right by whoever knows ours
    pieces = _Pieces()
    link = f"{json.dumps(base, ensure_ascii=False)[1:-1]}/{of.set}("
    key = f"{alias}.{of.key}"
    if not chosen or not {"id", "@iot.id"}.isdisjoint(chosen):
        pieces.add(pieces.said(',"@iot.id":'), key)
    if not chosen or "@iot.selfLink" in chosen:
        pieces.add(pieces.said(f',"@iot.selfLink":"{link}'), key, pieces.said(')"'))
    for known in of.properties.values():
        if known.name != "id" and (not chosen or known.name in chosen):
            pieces.add(_property(pieces, known, alias, known.name in KEPT and of is OBSERVATION))
    for way in of.ways:
        if (not chosen or way in chosen) and way not in expanded:
            pieces.add(pieces.said(f',"{way}@iot.navigationLink":"{link}'), key, pieces.said(f')/{way}"'))
    # Of who selects only what is expanded nothing is told here.
    return Words(
        f"convert_to(substr(concat({', '.join(pieces.parts or [EMPTY])}), 2), 'UTF8')", pieces.params
    )


class _Pieces:
    """What is put together, and the words in it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: dict[str, object] = {}

    def add(self, *parts: str) -> None:
        """Add what comes next."""
        self.parts += parts

    def said(self, text: str) -> str:
        """Return words as a parameter."""
        name = f"w{len(self.params)}"
        self.params[name] = text
        return f"%({name})s::text"


def _property(pieces: _Pieces, known: Property, alias: str, kept: bool) -> str:
    name = pieces.said(f',"{known.name}":')
    columns = [f"{alias}.{column}" for column in known.columns]
    value = _value(known, columns)
    if kept:
        return f"{name}, coalesce({value}, 'null')"
    if known.nullable or known.type is Type.NUMBER:
        return f"case when {columns[0]} is not null then concat({name}, {value}) end"
    return f"{name}, {value}"


def _value(known: Property, columns: list[str]) -> str:
    """Return a value as JSON."""
    one = columns[0]
    match known.type:
        case Type.TIME:
            return _moment(one, 'Z"')
        case Type.INTERVAL:
            until = _moment(f"coalesce({columns[1]}, {one})", 'Z"')
            return f"concat({_moment(one, 'Z/')}, ltrim({until}, '\"'))"
        case Type.NUMBER:
            # What is no number of JSON is null.
            return f"coalesce((case when {one} - {one} = 0 then {one} end)::text, 'null')"
        case Type.TEXT:
            return f"to_json({one})"
    return one


def _moment(sql: str, end: str) -> str:
    """Return a moment of a session in UTC with its first quote, and what shall stand behind it."""
    return f"replace(to_json({sql})::text, '+00:00\"', '{end}')"


def told(text: str, found: Words, alias: str, others: Iterable[str]) -> str:
    """Return a query whose rows are told in words, with other columns beside them."""
    listed = "".join(f", {column}" for column in others)
    return f"select {found.sql} as document{listed} from ({text}) {alias}"  # noqa: S608 - a query of ours
