"""A plan of tonight as the simulated lorries drive it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from devices.registry import RoadSegment
from firmware_sim.world.gritters import Ordered
from rules.core.cab.codec import wanted_of
from rules.core.cab.model import Contents, TripDoc
from rules.core.fleet.jobs import jobs_of
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

PLANS = """
select version, night::text, extract(epoch from at)::float8 as at_s, contents::text as contents from winter_plan
where version > %s order by version
"""


@dataclass(frozen=True, slots=True)
class PlanTours:
    """What lorries do from a plan on.

    Attributes:
        at_s: when the plan was made [s since 1970].
        refs: orders that it carries out: no tour of their own is driven for them.
        ways: by gritter.
        failed: gritters that stand where they are; ``returned``: those that did, and begin at their depots again.
        idle: gritters that drove by the plan before, and have nothing to drive any more.
        night: that it is for, ISO 8601.
    """

    at_s: float
    refs: frozenset[str]
    ways: Mapping[str, tuple[Ordered, ...]]
    failed: frozenset[str]
    returned: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    night: str = ""


def tours_of(
    network: Network, at_s: float, contents: str, before: PlanTours | None, night: str = ""
) -> PlanTours:
    """Return what a stored plan has lorries do; ``before``: what they did until then."""
    c = msgspec.json.decode(contents, type=Contents)
    settings = FleetSettings(**c.settings, limits_s={})
    wanted = wanted_of(c.asked)
    rate = {a.segment_id: a.g_m2 / a.runs for a in c.asked}
    segments = {s.segment_id: s for s in network.segments}
    width = {
        j.name: 1000.0
        * j.salt_kg
        / (rate[network.segments[j.segment].segment_id] * network.segments[j.segment].length_m)
        for j in jobs_of(network, wanted, settings)
    }
    device = {s.lorry: s.device for s in c.fleet}
    ways = {device[t.lorry]: _way(t, c.start_s, rate, width, segments) for t in c.trips}
    known = set() if before is None else set(before.ways) | set(before.failed)
    had = {} if before is None else before.ways
    failed = frozenset() if before is None else before.failed
    idle = frozenset(g for g, way in ways.items() if not way and had.get(g))
    return PlanTours(
        at_s, frozenset(o.ref for o in c.orders), ways, frozenset(known - set(ways)), failed & set(ways), idle, night
    )  # fmt: skip


def _way(
    trip: TripDoc,
    start_s: float,
    rate: Mapping[str, float],
    width: Mapping[str, float],
    segments: Mapping[str, RoadSegment],
) -> tuple[Ordered, ...]:
    found: list[Ordered] = []
    load = False
    for s in trip.steps:
        if s.segment_id is None or s.from_node is None:
            load = True
            continue
        g_m2 = 0.0 if s.job is None else rate[s.segment_id]
        across_m = segments[s.segment_id].width_m if s.job is None else width[s.job]
        found.append(
            Ordered(s.segment_id, s.from_node, start_s + s.begins_s, start_s + s.ends_s, g_m2, across_m, load)
        )
        load = False
    return tuple(found)
