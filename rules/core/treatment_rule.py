"""Positions of gritters to treatments in the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from rules.core.coat import Coat, coats
from rules.core.context import Context
from rules.core.forecast_rule import salt_known
from rules.core.memory import GritterMemory, Outdoor, RouteMemory, TreatedMemory
from rules.core.order_rule import driven_at
from rules.core.rain_gauge import gauge_mm
from rules.core.readings import Readings, known
from rules.core.street_match import Place, Stretch
from rules.core.treatment import Fix, Pass, Passed, Spread, Way, insert, spread_between
from rules.core.work import Work

FIELDS = ("latitude_deg", "longitude_deg", "speed_m_s", "spread_rate_g_m2", "salt_remaining_kg")
SEGMENT, SHARE = " segment", " share"
"""Columns of :func:`located`; no field of a kind is called so."""
NOISE_M = 12.0
"""A position may be so far off along the road [m]: four times a receiver's usual error."""
UNTREATED = TreatedMemory()


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of gritters into their tracks, and what they treated into the segments' memory.

    A late reading is put where its time belongs: what was concluded without it is taken back.
    """
    gritters = work.write("gritter")
    for device, fix in zip(rows.device, _fixes(ctx, rows), strict=True):
        if fix is None or device not in ctx.devices:
            continue
        before: GritterMemory = gritters.get(device, GritterMemory())
        track = insert(before.track, fix, ctx.catalogue.gritting.parameters.treatment.track_s)
        if track is None:
            continue
        gritters[device] = GritterMemory(track)
        _conclude(work, ctx, device, track, track.index(fix))


def located(ctx: Context, rows: Readings) -> Readings:
    """Return readings with the road that each is on: many are found as fast as few."""
    limit_m = ctx.catalogue.gritting.parameters.treatment.position_m
    segment, share = ctx.streets.match(rows.column("latitude_deg"), rows.column("longitude_deg"), limit_m)
    fields = {**rows.fields, SEGMENT: segment.astype(np.float64), SHARE: share}
    return Readings(rows.position, rows.ts_s, rows.device, rows.quality, fields)


def _fixes(ctx: Context, rows: Readings) -> list[Fix | None]:
    if SEGMENT not in rows.fields:
        rows = located(ctx, rows)
    lat, lon, speed, rate, salt = (rows.column(name) for name in FIELDS)
    segment = rows.fields[SEGMENT].astype(np.int64)
    columns = (rows.ts_s, lat + lon, speed, rate, salt, segment, rows.fields[SHARE])
    return [_fix(ctx, *values) for values in zip(*(c.tolist() for c in columns), strict=True)]


def _fix(
    ctx: Context, at_s: float, place: float, speed: float, rate: float, salt: float, row: int, share: float
) -> Fix | None:
    if known(place) is None:
        return None
    segment = ctx.graph.segments[row].segment_id if row >= 0 else None
    return Fix(at_s, segment, round(share, 3), known(rate) or 0.0, known(salt), known(speed) or 0.0)


def _conclude(work: Work, ctx: Context, lorry: str, track: Sequence[Fix], i: int) -> None:
    """Find what was treated on both sides of a new fix."""
    if 0 < i < len(track) - 1:
        _take_back(work, lorry, track[i - 1].at_s, track[i + 1].at_s)
    for a, b in pairwise(track[max(0, i - 1) : i + 2]):
        for spread in _between(work, ctx, a, b):
            _remember(work, ctx, lorry, a, b, spread)


def _between(work: Work, ctx: Context, a: Fix, b: Fix) -> list[Spread]:
    """Return what was treated between two successive fixes."""
    p = ctx.catalogue.gritting.parameters.treatment
    seconds = b.at_s - a.at_s
    if seconds > p.gap_s or (a.idle and b.idle):
        return []
    starts, ends = _places(ctx, a), _places(ctx, b)
    if not starts or not ends:
        return []
    sure = len(starts) == 1, len(ends) == 1
    most_m = seconds * p.fastest_m_s
    memory: dict[str, RouteMemory] = work.read("route")
    routes = {r: driven_at(work, r, memory.get(r), b.at_s) for r in {**memory, **work.read("order")}}
    ways = [
        Way(tuple(_passed(ctx, s.stretch, order.g_m2 if s.treat else 0.0, s.treat) for s in stages), *sure)
        for route_id, orders in routes.items()
        for order in orders
        if 0.0 <= b.at_s - order.at_s <= p.track_s
        for here in starts
        for there in ends
        for stages in ctx.itinerary(route_id, order.segments).ways(here, there, most_m)
    ]
    shortest = ctx.streets.between(starts[0], ends[0], most_m)
    if shortest is not None:
        asked = {s: o.g_m2 for orders in routes.values() for o in orders for s in o.segments}
        ids = [ctx.graph.segments[s.segment].segment_id for s in shortest]
        passed = (_passed(ctx, s, asked.get(i, 0.0), None) for s, i in zip(shortest, ids, strict=True))
        ways.append(Way(tuple(passed), *sure))
    return spread_between(a, b, ways, p)


def _places(ctx: Context, fix: Fix) -> list[Place]:
    """Return where a fix may be: on its segment, and near a junction on any that meets there."""
    row = None if fix.segment is None else ctx.graph.segment_index.get(fix.segment)
    if row is None:
        return []
    segment = ctx.graph.segments[row]
    found: list[Place] = [(row, fix.share)]
    for share, node in ((fix.share, segment.from_node), (1.0 - fix.share, segment.to_node)):
        if share * segment.length_m < NOISE_M:
            found += [place for place in ctx.streets.at_node(node) if place[0] != row]
            found.append((row, round(fix.share)))
    return found


def _passed(ctx: Context, stretch: Stretch, asked_g_m2: float, ordered: bool | None) -> Passed:
    return Passed(stretch, ctx.graph.segments[stretch.segment].width_m, asked_g_m2, ordered)


def _remember(work: Work, ctx: Context, lorry: str, a: Fix, b: Fix, spread: Spread) -> None:
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    segment = ctx.graph.segments[spread.stretch.segment].segment_id
    treated = work.write("treated")
    before: TreatedMemory = treated.get(segment, UNTREATED)
    keep_s = ctx.catalogue.gritting.parameters.treatment.passes_kept_s
    low, high = round(spread.stretch.low, 3), round(spread.stretch.high, 3)
    rain_mm = gauge_mm(town.gauge, (town.at_s, town.rain_mm), b.at_s)
    new = Pass(b.at_s, spread.g_m2, low, high, lorry, a.at_s, b.at_s, rain_mm)
    kept = [p for p in before.passes if p.at_s > b.at_s - keep_s]
    treated[segment] = TreatedMemory(tuple(sorted([*kept, new])))


def _take_back(work: Work, lorry: str, from_s: float, to_s: float) -> None:
    """Forget what was concluded from two fixes that are no longer successive."""

    def theirs(p: Pass) -> bool:
        return (p.lorry, p.from_s, p.to_s) == (lorry, from_s, to_s)

    found = {s: m for s, m in work.read("treated").items() if any(theirs(p) for p in m.passes)}
    for segment, memory in found.items():
        work.write("treated")[segment] = TreatedMemory(tuple(p for p in memory.passes if not theirs(p)))


def coats_now(work: Work, ctx: Context, at_s: float) -> dict[str, Coat]:
    """Return the salt on each treated segment at a tick: of what lay there at the newest road forecast's issue no more than it has."""
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    treated = {segment: memory.passes for segment, memory in work.read("treated").items()}
    p = ctx.catalogue.gritting.parameters.treatment
    known = salt_known(work, ctx, treated) if treated else {}
    found = coats(treated, town.rain_mm, at_s, p, ctx.traffic_of, known)
    if not town.snow_gauge:
        return found
    now = (town.at_s, town.snowed_mm)
    since = {s: town.snowed_mm - gauge_mm(town.snow_gauge, now, c.at_s) for s, c in found.items()}
    return {s: replace(c, snowed_mm=since[s]) for s, c in found.items()}
