"""Where the search begins: the routes as lorries usually drive them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from devices.registry import Registry
from rules.core.cab.model import Plan
from rules.core.fleet.jobs import Job
from rules.core.fleet.roster import LorryEntry
from rules.core.network.network import Network
from rules.core.routing import plan as drive


def standing_of(
    network: Network,
    registry: Registry,
    jobs: Sequence[Job],
    lorries: Iterable[LorryEntry],
    last: Plan | None,
) -> dict[str, tuple[str, ...]]:
    """Return by lorry its usual passes of those that are asked for, in their usual order.

    As the plan of the night before had them; what that had not, as the routes of the roster, driven as a route's
    sheet has it.
    """
    asked = {job.name for job in jobs}
    known = () if last is None else last.contents.trips
    before = {t.lorry: [s.job for s in t.steps if s.job in asked] for t in known}
    taken = {name for names in before.values() for name in names}
    names: dict[str, list[str]] = {}
    for job in jobs:
        if job.name not in taken:
            names.setdefault(network.segments[job.segment].segment_id, []).append(job.name)
    of_route = _by_route(registry, names)
    nodes = {d.depot_id: d.node_id for d in registry.depots}
    found: dict[str, tuple[str, ...]] = {}
    for entry in lorries:
        mine = [n for n in before.get(entry.id, ()) if n is not None]
        for route in entry.routes:
            segments = of_route.pop(route, [])
            mine += [n for s in _in_order(network, segments, nodes[entry.depot]) for n in names[s]]
        found[entry.id] = tuple(mine)
    return found


def _by_route(registry: Registry, names: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for segment in registry.segments:
        if segment.route_id is not None and segment.segment_id in names:
            found.setdefault(segment.route_id, []).append(segment.segment_id)
    return found


def _in_order(network: Network, segments: Sequence[str], depot: int) -> list[str]:
    if not segments:
        return []
    driven = drive(network.graph, segments, depot)
    return [*(leg.segment_id for leg in driven.legs if leg.treat), *driven.unreachable]
