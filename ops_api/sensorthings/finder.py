"""Finds entities: a page of a set, one, how many; observations are :mod:`readings`'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.contract.kind import Kind
from ops_api.sensorthings.core import rows, tables, words
from ops_api.sensorthings.core.ast import Expr
from ops_api.sensorthings.core.cost import Budget
from ops_api.sensorthings.core.options import Options
from ops_api.sensorthings.core.plan import Fleet
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.core.sql import Compiled, to_sql
from ops_api.sensorthings.shapes import Shapes
from ops_api.sensorthings.store import Audience, Reader, Row


@dataclass(frozen=True, slots=True)
class Told:
    """A query, its parameters, and its columns where its rows are in words; none: rows are columns."""

    text: str
    params: dict[str, object]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """What the queries of one request share.

    Attributes:
        reader: its transaction.
        audience: whose view it is.
        shapes: answer questions about geometries.
        fleet, kinds: what there is, and the kinds of it.
        now: for ``now()``.
        usual, most: sizes of a page.
        budget: rows left for the answer.
        base: address of the service, as links name it; empty: rows are given as columns and not in words.
    """

    reader: Reader
    audience: Audience
    shapes: Shapes
    fleet: Fleet
    kinds: tuple[Kind, ...]
    now: datetime
    usual: int
    most: int
    budget: Budget
    base: str = ""

    def compiled(self, options: Options, of: Entity, within: Expr | None = None) -> Compiled:
        """Return a filter and an order as SQL."""
        prefix, stream = ("o", "d") if of is OBSERVATION else ("q", "")
        return to_sql(options.filter, options.orderby, of, prefix, now=self.now, stream=stream, within=within)

    async def answers(self, found: Compiled) -> dict[str, object]:
        """Return answers about shapes."""
        return await self.shapes.answers(self.reader, self.audience, found.geo) if found.geo else {}

    async def params(self, found: Compiled) -> dict[str, object]:
        """Return all parameters of a filter."""
        return dict(found.params) | await self.answers(found)

    async def run(self, text: str, params: dict[str, object], names: Sequence[str] = ()) -> list[Row]:
        """Run a query of entities; what looks into readings is estimated first."""
        whole = rows.relations(self.kinds, text) + text
        found = await self.reader.rows(whole, params, guarded=_looks_far(text), names=names)
        self.budget.spend(len(found))
        return found

    async def page(self, of: Entity, options: Options, within: Expr | None, size: int) -> list[Row]:
        """Return one more than a page, where there are as many."""
        found = self.compiled(options, of, within)
        text = tables.page(of, found, wanted(of, options), size + 1, options.skip)
        told = self.told(text, of, options, tables.keys(of))
        return await self.run(told.text, await self.params(found) | told.params, told.names)

    def told(self, text: str, of: Entity, options: Options, beside: Sequence[str]) -> Told:
        """Return a query whose rows are in words, with the columns that stand beside them; or the same, where that cannot be."""
        ways = tuple(expand.way.name for expand in options.expand)
        found = words.words(self.base, of.name, options.select, ways, "o") if self.base else None
        if found is None:
            return Told(text, {}, ())
        names = ("document", *(column.rpartition(" as ")[2].rpartition(".")[2] for column in beside))
        return Told(words.told(text, found, "o", beside), dict(found.params), names)

    async def count(self, of: Entity, options: Options, within: Expr | None) -> int:
        """Return how many there are."""
        found = self.compiled(options, of, within)
        result = await self.run(tables.counted(of, found), await self.params(found))
        return int(result[0]["n"])


def wanted(of: Entity, options: Options) -> tuple[str, ...]:
    """Return the columns that an answer needs."""
    return tables.columns(of, options.select)


def _looks_far(text: str) -> bool:
    """Whether a query of entities goes over relations whose size nobody knows."""
    return "exists (" in text or "sta_observation" in text


def keys(found: Iterable[Row], column: str) -> Sequence[int]:
    """Return the values of a column that are there, each once."""
    return sorted({row[column] for row in found if row[column] is not None})


def written(numbers: Iterable[int]) -> str:
    """Return numbers as PostgreSQL reads an array of them: ten thousand are dumped one by one otherwise."""
    return f"{{{','.join(map(str, numbers))}}}"
