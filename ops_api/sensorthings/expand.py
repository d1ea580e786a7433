"""``$expand``: one query for each way and level, whatever number of entities it starts from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ops_api.sensorthings import documents, readings
from ops_api.sensorthings.core import pages, tables
from ops_api.sensorthings.core.ast import Order, Path
from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.cost import page_size
from ops_api.sensorthings.core.options import Expand, Options
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION, Entity, Way
from ops_api.sensorthings.core.seek import can_seek, microseconds
from ops_api.sensorthings.finder import Finder, keys, wanted, written
from ops_api.sensorthings.nodes import Node, many_of
from ops_api.sensorthings.store import Row

FEW, LARGE = 20, 20_000
"""Observations of each datastream, the newest or the first, that are found by device; rows for which there are few places at once."""

LATELY = timedelta(days=3)
"""Within which the newest of nearly all datastreams lie."""


async def expand(finder: Finder, of: Entity, nodes: Sequence[Node], expands: Sequence[Expand]) -> None:
    """Put what ways lead to beside the entities they lead from, and so on."""
    if not nodes:
        return
    for item in expands:
        there = ENTITIES[item.way.to]
        if item.way.many:
            ends = await _many(finder, of, nodes, item)
        else:
            ends = await _one(finder, nodes, item.way, there, item.options)
        await expand(finder, there, ends, item.options.expand)


async def _one(
    finder: Finder, nodes: Sequence[Node], way: Way, there: Entity, options: Options
) -> Sequence[Node]:
    column = there.key  # the same name on both sides
    found = finder.compiled(options, there)
    told = finder.told(tables.one(there, found, wanted(there, options)), there, options, tables.keys(there))
    params = (
        await finder.params(found)
        | told.params
        | {"keys": written(keys((node.row for node in nodes), column))}
    )
    ends = {
        row[there.key]: Node(row, options=options) for row in await finder.run(told.text, params, told.names)
    }
    for node in nodes:
        node.lead(way.name, ends.get(node.row[column]))
    return list(ends.values())


async def _many(finder: Finder, of: Entity, nodes: Sequence[Node], item: Expand) -> Sequence[Node]:
    options, there = item.options, ENTITIES[item.way.to]
    size = page_size(options.top, finder.usual, finder.most)
    parents = [node.row[of.key] for node in nodes]
    found = await _ends(finder, of, item, parents, size + 1)
    counts = await _counts(finder, of, item, parents) if options.count else {}
    seeks = there is OBSERVATION and size > 0
    by_place = seeks and can_seek(options.orderby)
    ends: list[Node] = []
    for node in nodes:
        rows = found.get(node.row[of.key], ())
        more = len(rows) > size or bool(rows and rows[-1].get("further"))
        many = many_of(rows, options, size, more=more)
        if seeks and more:
            last = rows[size - 1]
            many.token = last["place"] if by_place and "place" in last else readings.token(options, last)
        many.count = counts.get(node.row[of.key], 0) if options.count else None
        if many.nodes or "document" not in node.row:
            node.lead(item.way.name, many)
            ends += many.nodes
        else:
            documents.append(finder.base, of, node, item.way.name, many)
    return ends


async def _ends(
    finder: Finder, of: Entity, item: Expand, parents: Sequence[int], limit: int
) -> dict[int, list[Row]]:
    there = ENTITIES[item.way.to]
    found = finder.compiled(item.options, there)
    if there is OBSERVATION:
        asked = pages.wanted(found, finder.kinds, await finder.answers(found))
        rows = await _observations(finder, of, item.options, asked, parents, limit)
    else:
        names = wanted(there, item.options)
        told = finder.told(
            tables.many(of, item.way, there, found, names, limit, item.options.skip),
            there, item.options, ("parent", *tables.keys(there)),
        )  # fmt: skip
        rows = await finder.run(
            told.text + finder.budget.cut,
            await finder.params(found) | told.params | {"keys": written(parents)},
            told.names,
        )
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["parent"]].append(row)
    return grouped


async def _observations(
    finder: Finder, of: Entity, options: Options, asked: pages.Wanted, parents: Sequence[int], limit: int
) -> list[Row]:
    way = _simple(options) if of.name == "Datastream" and asked.bounds.exact and 1 < limit <= FEW else None
    every = Asked(finder, options, asked, limit)
    found: list[Row] = []
    if way == "desc" and asked.bounds.since_us is None and asked.bounds.until_us is None:
        found, parents = await _lately(every, parents)
    if way is not None and parents:
        more, parents = await _near(every, parents, way)
        found += more
        if way == "desc" and limit == 2 and parents and asked.bounds.since_us is None:
            more, parents = await _known(every, parents)
            found += more
    if parents:
        guarded = not asked.bounds.exact or options.orderby[1:] != () or len(parents) * limit > LARGE
        query = pages.latest(asked, limit, options.skip, of.key)
        found += await every.rows(query, parents, ("parent",), guarded=guarded)
    finder.budget.spend(len(found))
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of each of many datastreams: so many observations, and one more that says whether there is a next page."""

    finder: Finder
    options: Options
    wanted: pages.Wanted
    limit: int

    async def rows(
        self,
        query: tuple[str, dict[str, object]],
        parents: Sequence[int],
        beside: Sequence[str] = ("parent", "further"),
        *,
        guarded: bool = False,
    ) -> list[Row]:
        """Return what a query finds of them."""
        told = readings.told(self.finder, self.options, *query, beside)
        params = told.params | {"keys": written(parents)}
        text = told.text + self.finder.budget.cut
        return await self.finder.reader.rows(text, params, guarded=guarded, names=told.names)


async def _lately(every: Asked, parents: Sequence[int]) -> tuple[list[Row], Sequence[int]]:
    """Return the newest of datastreams whose page lies within the last days, and the others.

    A bound that the planner knows leaves it one chunk or two; of years of chunks each would be opened, and for each device asked anew
    whether it is needed.
    """
    since = Bounds(since_us=microseconds(every.finder.now - LATELY))
    lately = replace(every, wanted=pages.within(every.wanted, since))
    found, left = await _near(lately, parents, "desc", cut=True)
    if every.limit == 2 and left and len(left) * 2 < len(parents):
        more, left = await _known(lately, left)
        found += more
    return found, left


async def _near(
    every: Asked, parents: Sequence[int], way: str, *, cut: bool = False
) -> tuple[list[Row], list[int]]:
    """Return the observations that are in the newest, or first, readings of a device, and the datastreams that have others."""
    query = pages.by_device(every.wanted, every.limit - 1, way, cut=cut)
    return _settled(await every.rows(query, parents), parents, every.limit - 1)


async def _known(every: Asked, parents: Sequence[int]) -> tuple[list[Row], list[int]]:
    """Return the newest of datastreams of which it is remembered whether there was one before, and the others.

    Of a field that is seldom sent the one before may be long ago.
    """
    found = await every.rows(pages.latest(every.wanted, 1, 0, "datastream_id", further=True), parents)
    done = {row["parent"] for row in found}
    return found, [number for number in parents if number not in done]


def _simple(options: Options) -> str | None:
    """Return the way of an order by time alone, from its beginning; None of any other."""
    match options:
        case Options(orderby=(Order(by=Path(names=("phenomenonTime",)), descending=descending),), skip=0):
            return "desc" if descending else "asc"
    return None


def _settled(found: list[Row], parents: Sequence[int], size: int) -> tuple[list[Row], list[int]]:
    """Return the rows of datastreams of which it is known that they are all, or a page of more; and the other datastreams."""
    sure: Counter[int] = Counter()
    for row in found:
        # Behind what is not the last there is the next: only of the last it may be unknown.
        sure[row["parent"]] += size + 1 if row["further"] is None else 1
    left = [number for number in parents if sure[number] != size]
    again = set(left)
    return [row for row in found if row["parent"] not in again], left


async def _counts(finder: Finder, of: Entity, item: Expand, parents: Sequence[int]) -> dict[int, int]:
    there = ENTITIES[item.way.to]
    found = finder.compiled(item.options, there)
    if there is OBSERVATION:
        asked = pages.wanted(found, finder.kinds, await finder.answers(found))
        text, params = pages.each_counted(asked, of.key)
        rows = await finder.reader.rows(text, params | {"keys": written(parents)}, guarded=True)
    else:
        text, params = tables.many_counted(of, item.way, there, found), await finder.params(found)
        rows = await finder.run(text, params | {"keys": written(parents)})
    return {row["parent"]: row["n"] for row in rows}
