"""Ways to other entities in a filter: which relations a condition needs around it, and the ``exists`` that brings them.

Conditions that go the same way and stand under one ``and`` are about the same entity at its end, as in FROST:
``Datastreams/name eq 'a' and Datastreams/Observations/result gt 5`` asks for one datastream that is both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.fragment import Fragment, made
from ops_api.sensorthings.core.schema import ENTITIES, Entity, Way
from ops_api.sensorthings.core.types import Type

STEPS_OF_ONE = 5
STEPS = 15
"""Most steps to other entities, of one path and of a whole filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a path stands: an entity, the alias of its relation, what must be joined to be there.

    Attributes:
        row: as :attr:`Fragment.row`.
        single: whether every step hither led to one entity.
    """

    entity: Entity
    alias: str
    needs: frozenset[str] = frozenset()
    row: bool = True
    single: bool = True


@dataclass(frozen=True, slots=True)
class _Step:
    source: str
    way: Way
    there: Place


class Joins:
    """The relations of one query beside its own, by alias."""

    def __init__(self) -> None:
        self._steps: dict[str, _Step] = {}
        self._shared: dict[tuple[str, str], Place] = {}

    def step(self, here: Place, way: Way, at: int, own: bool = False) -> Place:
        """Return where a way leads to; the same place each time, or with ``own`` a further one.

        Raises:
            FilterError: too many steps.
        """
        known = self._shared.get((here.alias, way.name))
        if known is not None and not own:
            return known
        if len(self._steps) >= STEPS:
            raise FilterError(f"more than {STEPS} steps to other entities", at)
        alias = f"n{len(self._steps)}"
        there = Place(
            entity=ENTITIES[way.to],
            alias=alias,
            needs=here.needs | {alias},
            row=here.row,
            single=here.single and not way.many,
        )
        self._steps[alias] = _Step(here.alias, way, there)
        if not own:
            self._shared[here.alias, way.name] = there
        return there

    def relations(self, needs: frozenset[str]) -> tuple[list[str], list[str]]:
        """Return items of a ``from`` and the conditions that join them."""
        tables, conditions = [], []
        for alias, step in self._steps.items():
            if alias not in needs:
                continue
            link = f"{alias}_link"
            if step.way.link:
                tables.append(f"{step.way.link} {link}")
            tables.append(f"{step.there.entity.relation} {alias}")
            conditions.append(step.way.on.format(here=step.source, there=alias, link=link))
        return tables, conditions

    def closed(self, parts: Sequence[Fragment]) -> Fragment:
        """Return that all parts hold, with everything that they need around them."""
        plain = [part for part in parts if not part.needs]
        groups = self._groups([part for part in parts if part.needs])
        texts = [part.sql for part in plain]
        texts += [self.exists(frozenset().union(*(p.needs for p in group)), group) for group in groups]
        text = texts[0] if len(texts) == 1 else f"({' and '.join(texts)})"
        nullable = any(part.nullable for part in plain)
        row = any(part.row for part in parts)
        return Fragment(sql=text, type=Type.BOOL, row=row, nullable=nullable)

    def exists(self, needs: frozenset[str], parts: Sequence[Fragment]) -> str:
        """Return whether there are such entities for which all parts hold."""
        tables, conditions = self.relations(needs)
        where = " and ".join([*conditions, *(part.sql for part in parts)])
        return f"exists (select 1 from {', '.join(tables)} where {where})"  # noqa: S608 - every word is the schema's

    def single(self, needs: frozenset[str]) -> bool:
        """Return whether there is one entity at most at the end of each of these steps."""
        return all(self._steps[alias].there.single for alias in needs)

    def one(self, value: Fragment) -> str:
        """Return a value of another entity, of which there is one at most."""
        tables, conditions = self.relations(value.needs)
        return f"(select {value.sql} from {', '.join(tables)} where {' and '.join(conditions)} limit 1)"  # noqa: S608 - every word is the schema's

    @staticmethod
    def _groups(parts: Sequence[Fragment]) -> list[list[Fragment]]:
        groups: list[tuple[set[str], list[Fragment]]] = []
        for part in parts:
            same = [group for group in groups if group[0] & part.needs]
            needs = set(part.needs).union(*(group[0] for group in same))
            members = [member for group in same for member in group[1]]
            groups = [group for group in groups if group not in same]
            groups.append((needs, [*members, part]))
        return [members for _, members in groups]


def either(joins: Joins, sides: Sequence[Sequence[Fragment]]) -> Fragment:
    """Return that one of the sides holds, each of which is parts that all hold.

    Where all go the same ways, one entity is asked whether it is the one or the other; else each side asks its own.
    """
    ways = {part.needs for side in sides for part in side}
    if len(ways) == 1 and all(sides):
        texts = [_all(side) for side in sides]
        return made(f"({' or '.join(texts)})", Type.BOOL, *(part for side in sides for part in side))
    closed = [joins.closed(side) for side in sides]
    return made(f"({' or '.join(c.sql for c in closed)})", Type.BOOL, *closed)


def _all(parts: Sequence[Fragment]) -> str:
    return parts[0].sql if len(parts) == 1 else f"({' and '.join(part.sql for part in parts)})"
