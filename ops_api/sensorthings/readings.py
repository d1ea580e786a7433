"""Finds observations, by the plan that suits what is asked: none reads further than its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ops_api.sensorthings.core import pages, tokens, words
from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.options import Options
from ops_api.sensorthings.core.paths import StaPath
from ops_api.sensorthings.core.plan import ByDatastream, ByTime, Nothing, Plan, Sorted, choose
from ops_api.sensorthings.core.schema import OBSERVATION
from ops_api.sensorthings.core.seek import (
    behind,
    behind_values,
    by_time_bounds,
    can_seek,
    keyed,
    microseconds,
)
from ops_api.sensorthings.finder import Finder, Told
from ops_api.sensorthings.store import Row

EXACT_MOST = 500_000
"""Observations that are counted one by one."""
WINDOW_S = 600.0
"""Least width of the first window of time: the newest begins some minutes ahead of the clock."""


async def page(finder: Finder, path: StaPath, options: Options, size: int) -> list[Row]:
    """Return one more observation than a page has, where there are as many."""
    wanted = await _wanted(finder, options, path)
    sure = wanted.bounds.exact
    if options.skiptoken:
        wanted = _behind(wanted, options)
    need = size + 1
    least = int(finder.fleet.per_s * WINDOW_S / 2)
    plan = choose(options.orderby, wanted.bounds, finder.fleet, max(need + options.skip, least))
    if isinstance(plan, Nothing) or _to_come(finder, wanted.bounds):
        return []
    if isinstance(plan, ByTime):
        return await _by_windows(finder, wanted, plan, need, options, guarded=not sure)
    if isinstance(plan, ByDatastream):
        wanted = await _of_kinds(finder, wanted)
    asked = told(finder, options, *pages.page(wanted, plan, need, options.skip))
    found = await finder.reader.rows(asked.text, asked.params, guarded=_unsure(plan, sure), names=asked.names)
    finder.budget.spend(len(found))
    return found


def _to_come(finder: Finder, bounds: Bounds) -> bool:
    """Whether all that is meant is later than any reading can be: else each datastream would be looked up in vain."""
    last_us = finder.fleet.last_us
    return bounds.since_us is not None and (last_us is None or bounds.since_us > last_us)


async def count(finder: Finder, path: StaPath, options: Options) -> tuple[int, bool]:
    """Return how many there are, and whether that is the planner's estimate: of so many that counting would read too much."""
    wanted = await _wanted(finder, options, path)
    if wanted.bounds.empty:
        return 0, False
    if wanted.bounds.datastream_ids is not None or wanted.bounds.thing_ids is not None:
        wanted = await _of_kinds(finder, wanted)
    if wanted.bounds.exact and (about := await _estimate(finder, wanted)) > EXACT_MOST:
        return about, True
    text, params = pages.counted(wanted)
    found = await finder.reader.rows(text, params, guarded=True)
    return int(found[0]["n"]), False


async def _estimate(finder: Finder, wanted: pages.Wanted) -> int:
    text, params = pages.roughly(wanted)
    explained = await finder.reader.rows("explain (format json) " + text, params)
    return int(explained[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"])


async def _wanted(finder: Finder, options: Options, path: StaPath) -> pages.Wanted:
    found = finder.compiled(options, OBSERVATION, path.condition())
    wanted = pages.wanted(found, finder.kinds, await finder.answers(found))
    last = path.steps[-1]
    if last.way is None or last.way.back != "FeatureOfInterest":
        return wanted
    return await _of_feature(finder, wanted, path)


async def _of_feature(finder: Finder, wanted: pages.Wanted, path: StaPath) -> pages.Wanted:
    """Hold observations of a feature to the datastreams that have any: else all would be looked through."""
    before = StaPath(steps=path.steps[:-1])
    features = await finder.page(before.of, Options(), before.condition(), 1)
    text = (
        "select d.datastream_id from sta_datastream d where d.feature_id = any(%(keys)s::integer[]) union"
        " select e.datastream_id from sta_extra e where e.feature_id = any(%(keys)s::integer[]) limit 5000"
    )
    found = await finder.reader.rows(text, {"keys": [row["feature_id"] for row in features]})
    ids = tuple(sorted(row["datastream_id"] for row in found))
    return pages.within(wanted, Bounds(datastream_ids=ids))


async def _of_kinds(finder: Finder, wanted: pages.Wanted) -> pages.Wanted:
    """Leave out kinds that none of a few datastreams is of: each is planned with all its chunks."""
    text, params = pages.streams(wanted.bounds, [kind.name for kind in finder.kinds])
    found = {row["kind"] for row in await finder.reader.rows(text, params)}
    return replace(wanted, kinds=tuple(kind for kind in wanted.kinds if kind.name in found))


def _unsure(plan: Plan, sure: bool) -> bool:
    """Whether nobody knows how much a plan reads before its page is full: a filter may hold of nothing."""
    return not sure or isinstance(plan, Sorted) or (isinstance(plan, ByDatastream) and plan.sorted)


async def _by_windows(
    finder: Finder, wanted: pages.Wanted, plan: ByTime, need: int, options: Options, *, guarded: bool
) -> list[Row]:
    found: list[Row] = []
    skip = options.skip
    for since, until in plan.windows:
        # What is older than all that was seen a minute ago came since: the first of all windows has no beginning.
        first = None if since == finder.fleet.first_us else since
        held = pages.within(wanted, Bounds(since_us=first, until_us=until))
        asked = told(finder, options, *pages.page(held, plan, need + skip - len(found), 0))
        found += await finder.reader.rows(asked.text, asked.params, guarded=guarded, names=asked.names)
        if len(found) >= need + skip:
            break
    finder.budget.spend(len(found))
    return found[skip:]


def told(
    finder: Finder, options: Options, text: str, params: dict[str, object], beside: Sequence[str] = ()
) -> Told:
    """Return a query of observations whose rows are in words, with what their ways and the next page need, and further columns."""
    names = [*beside, words.PLACE]
    if options.expand:
        names += ["o.datastream_id", "o.feature_id", "o.observation_id"]
    if not can_seek(options.orderby):
        names += [f"o.key{i}" for i in range(keyed(options.orderby))]
    found = finder.told(text, OBSERVATION, options, names)
    return replace(found, params=params | found.params)


def _behind(wanted: pages.Wanted, options: Options) -> pages.Wanted:
    stream, at_us, values = tokens.read(options.skiptoken)
    if len(values) != len(wanted.keys):
        raise FilterError("it belongs to another order", 0, "$skiptoken")
    if not wanted.keys:
        place = behind(options.orderby, stream, at_us, "o", "d")
    else:
        found = behind_values(wanted.keys, values, (stream, at_us), "o", "d", descending=wanted.descending)
        place = replace(found, bounds=by_time_bounds(options.orderby, at_us))
    held = pages.within(wanted, place.bounds)
    return replace(
        held,
        where=f"{held.where} and {place.where}",
        stream_where=f"{held.stream_where} and {place.stream_where}",
        params=held.params | dict(place.params),
    )


def token(options: Options, row: dict[str, Any]) -> str:
    """Return where the page behind an observation begins; empty where only counting says so.

    Raises:
        FilterError: nothing says so, since what orders is too long for an address.
    """
    place = row.get("place") or tokens.place(row["datastream_id"], microseconds(row["ts"]))
    if can_seek(options.orderby):
        return str(place)
    found = tokens.written(place, [row[f"key{i}"] for i in range(keyed(options.orderby))])
    if not found and options.skiptoken:
        raise FilterError(
            "a value is too long to begin the next page behind: order by another", 0, "$orderby"
        )
    return found
