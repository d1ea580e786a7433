"""``$expand``: one query for each way and level, whatever number of entities it starts from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ops_api.sensorthings import readings
from ops_api.sensorthings.core import pages, tables
from ops_api.sensorthings.core.ast import Order, Path
from ops_api.sensorthings.core.cost import page_size
from ops_api.sensorthings.core.options import Expand, Options
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION, Entity, Way
from ops_api.sensorthings.finder import Finder, keys, wanted
from ops_api.sensorthings.nodes import Many, Node
from ops_api.sensorthings.store import Row

FEW = 20
"""Observations of each datastream, the newest or the first, that are found by device."""


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
    text = tables.one(there, found, wanted(there, options))
    params = await finder.params(found) | {"keys": keys((node.row for node in nodes), column)}
    ends = {row[there.key]: Node(row, options=options) for row in await finder.run(text, params)}
    for node in nodes:
        node.found[way.name] = ends.get(node.row[column])
    return list(ends.values())


async def _many(finder: Finder, of: Entity, nodes: Sequence[Node], item: Expand) -> Sequence[Node]:
    options, there = item.options, ENTITIES[item.way.to]
    size = page_size(options.top, finder.usual, finder.most)
    parents = [node.row[of.key] for node in nodes]
    found = await _ends(finder, of, item, parents, size + 1)
    counts = await _counts(finder, of, item, parents) if options.count else {}
    ends: list[Node] = []
    for node in nodes:
        mine = [Node(row) for row in found[node.row[of.key]]]
        many = Many(mine[:size], options, size, more=len(mine) > size)
        many.count = counts.get(node.row[of.key], 0) if options.count else None
        node.found[item.way.name] = many
        ends += many.nodes
    if there is OBSERVATION:
        _link(nodes, item.way.name, options)
    return ends


def _link(nodes: Sequence[Node], way: str, options: Options) -> None:
    """Say where further observations begin."""
    for node in nodes:
        many = node.found[way]
        if isinstance(many, Many) and many.more and many.nodes:
            many.token = readings.token(options, many.nodes[-1].row)


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
        text = tables.many(of, item.way, there, found, names, limit, item.options.skip)
        rows = await finder.run(text, await finder.params(found) | {"keys": list(parents)})
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["parent"]].append(row)
    return grouped


async def _observations(
    finder: Finder, of: Entity, options: Options, asked: pages.Wanted, parents: Sequence[int], limit: int
) -> list[Row]:
    way = _simple(options) if of.name == "Datastream" and asked.bounds.exact and limit <= FEW else None
    found: list[Row] = []
    if way is not None:
        text, params = pages.by_device(asked, limit, way)
        found = await finder.reader.rows(text, params | {"keys": list(parents)})
        found, parents = _settled(found, parents, limit)
    if parents:
        text, params = pages.latest(asked, limit, options.skip, of.key)
        guarded = not asked.bounds.exact or options.orderby[1:] != ()
        found += await finder.reader.rows(text, params | {"keys": list(parents)}, guarded=guarded)
    finder.budget.spend(len(found))
    return found


def _simple(options: Options) -> str | None:
    """Return the way of an order by time alone, from its beginning; None of any other."""
    match options:
        case Options(orderby=(Order(by=Path(names=("phenomenonTime",)), descending=descending),), skip=0):
            return "desc" if descending else "asc"
    return None


def _settled(found: list[Row], parents: Sequence[int], limit: int) -> tuple[list[Row], list[int]]:
    """Return the rows of datastreams that have as many as they may, in order, and the datastreams that have not."""
    many = Counter(row["parent"] for row in found)
    left = [number for number in parents if many[number] < limit]
    again = set(left)
    return [row for row in found if row["parent"] not in again], left


async def _counts(finder: Finder, of: Entity, item: Expand, parents: Sequence[int]) -> dict[int, int]:
    there = ENTITIES[item.way.to]
    found = finder.compiled(item.options, there)
    if there is OBSERVATION:
        asked = pages.wanted(found, finder.kinds, await finder.answers(found))
        text, params = pages.each_counted(asked, of.key)
        rows = await finder.reader.rows(text, params | {"keys": list(parents)}, guarded=True)
    else:
        text, params = tables.many_counted(of, item.way, there, found), await finder.params(found)
        rows = await finder.run(text, params | {"keys": list(parents)})
    return {row["parent"]: row["n"] for row in rows}
