"""Addresses of entities, sets, properties and links: ``/Things(1)/Datastreams(2)/Observations/$count``.

Source: OGC 18-088 §9.2. An address says of its last entity what a filter could say, by the ways back; so one piece of
code finds both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias, cast

from ops_api.sensorthings.core.ast import And, Compare, Expr, Literal, Path
from ops_api.sensorthings.core.errors import PathError
from ops_api.sensorthings.core.schema import ENTITIES, ID_NAMES, SETS, Entity, Way
from ops_api.sensorthings.core.types import Type

CHARACTERS = 1_000
BELOW = 8
"""Names below a property of JSON at most."""
_STEP = re.compile(r"([A-Za-z]+)(?:\(([0-9]{1,16})\))?")
_TAILS = ("$ref", "$count", "$value")
_BAD_NAME = re.compile("[\x00\ud800-\udfff]")

Tail: TypeAlias = 'OneOf["", "$ref", "$count", "$value"]'


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entity or set of an address.

    Attributes:
        entity: what stands there.
        way: how it was reached from the step before; None: it is a set of the service's.
        many: whether it is a set.
        id: of the one that is meant; of an entity reached by a way to one, None.
    """

    entity: Entity
    way: Way | None
    many: bool
    id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaPath:
    """An address.

    Attributes:
        steps: from the service's set on; none: the service's root.
        name: a property of the last step's entity; empty: the whole.
        below: names within a property of JSON.
        tail: ``$ref``, ``$count``, ``$value`` or nothing.
    """

    steps: tuple[Step, ...] = ()
    name: str = ""
    below: tuple[str, ...] = ()
    tail: Tail = ""

    @property
    def of(self) -> Entity:
        """The kind of what the address names."""
        return self.steps[-1].entity

    @property
    def many(self) -> bool:
        """Whether it names a set."""
        return bool(self.steps) and self.steps[-1].many

    def condition(self) -> Expr | None:
        """Return what a filter would say of the last entity; None: it is a whole set of the service's."""
        parts: list[Expr] = []
        back: tuple[str, ...] = ()
        for step in reversed(self.steps):
            if step.id is not None:
                number = Literal(Type.WHOLE, step.id, 0)
                parts.append(Compare("eq", Path((*back, "id"), 0), number, 0))
            if step.way is not None:
                back = (*back, step.way.back)
        if len(parts) < 2:
            return parts[0] if parts else None
        return And(tuple(parts), 0)


def parse_path(text: str, deep: int = 5) -> StaPath:
    """Return what an address names; it is what follows the version, with nothing escaped.

    Args:
        text: as ``/Things(1)/Datastreams``.
        deep: most steps to other entities.

    Raises:
        PathError: it names nothing.
    """
    if len(text) > CHARACTERS or _BAD_NAME.search(text):
        raise PathError("there is nothing at this address")
    names = text.strip("/").split("/") if text.strip("/") else []
    steps: list[Step] = []
    while names and (step := _step(steps, names[0])) is not None:
        steps.append(step)
        names = names[1:]
    if len(steps) > deep + 1:
        raise PathError(f"an address goes {deep} steps at most from one entity to another")
    if not steps:
        if names:
            raise PathError(f"there is no {names[0][:40]}; there are {', '.join(SETS)}")
        return StaPath()
    return _ended(tuple(steps), names)


def _step(before: Sequence[Step], name: str) -> Step | None:
    found = _STEP.fullmatch(name)
    if found is None:
        return None
    number = None if found[2] is None else int(found[2])
    if not before:
        entity = SETS.get(found[1])
        return None if entity is None else Step(entity=entity, way=None, many=number is None, id=number)
    way = before[-1].entity.ways.get(found[1])
    if way is None or before[-1].many or (number is not None and not way.many):
        return None
    return Step(entity=ENTITIES[way.to], way=way, many=way.many and number is None, id=number)


def _ended(steps: tuple[Step, ...], names: list[str]) -> StaPath:
    tail = cast("Tail", names.pop() if names and names[-1] in _TAILS else "")
    last = steps[-1]
    if not names:
        # A link of its own has what a way leads to; a number of entities has a set; a bare value a property.
        if (
            tail == "$value"
            or (tail == "$count" and not last.many)
            or (tail == "$ref" and last.id is not None)
        ):
            raise PathError(f"{tail} of {last.entity.name} is nothing")
        return StaPath(steps=steps, tail=tail)
    name, below = names[0], tuple(names[1:])
    known = last.entity.properties.get(name)
    if last.many or known is None or (name in ID_NAMES and below):
        raise PathError(f"{last.entity.set if last.many else last.entity.name} has nothing named {name[:40]}")
    if below and (known.type not in (Type.JSON, Type.GEO) or len(below) > BELOW or "" in below):
        raise PathError(f"there is nothing below {name}")
    if tail in ("$ref", "$count"):
        raise PathError(f"{tail} of a property is nothing")
    return StaPath(steps=steps, name=known.name if name not in ID_NAMES else "id", below=below, tail=tail)
