"""What has to be treated tonight: streets asked for become passes over arcs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.units import tenths
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Wanted:
    """A street that is to be treated.

    Attributes:
        segment_id: of the network.
        g_m2: salt on it [g/m²], all passes over one place together.
        priority: 1 is the most urgent; sets the limit.
        due_s: end of its treatment after the start of the night [s], where it is earlier than the limit.
        runs: how often it is treated as a whole: 2 where the rate is more than one pass can lay.
        from_s: its treatment begins no earlier after the start of the night [s].
    """

    segment_id: str
    g_m2: float = 10.0
    priority: int = 1
    due_s: float | None = None
    runs: int = 1
    from_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One pass over one segment.

    Attributes:
        name: segment's id; with the direction and number where there are several passes. The same every night.
        segment: index in the network.
        ways: arcs by which it may be done, one or two.
        salt_kg: that it takes.
        serve_s: that it takes, the drive along it.
        due_s: when it has to be done [s], infinite where there is no limit.
        priority: as asked for.
        from_s: before this time nobody begins it [s]; who is there earlier waits.
    """

    name: str
    segment: int
    ways: tuple[int, ...]
    salt_kg: float
    serve_s: float
    due_s: float
    priority: int
    from_s: float = 0.0

    @property
    def salt(self) -> int:
        """Salt in tenths of a kilogram."""
        return tenths(self.salt_kg)


def jobs_of(network: Network, wanted: Sequence[Wanted], settings: FleetSettings) -> tuple[Job, ...]:
    """Return the passes of what is wanted, in its order.

    A road that one pass covers is done in either direction; a wider one, in as many passes as its
    width needs, half of them each way. Each side of a dual carriageway is done for itself.

    Raises:
        ValueError: a segment that is unknown, there twice, or has a rate or time that can't be.
    """
    jobs: list[Job] = []
    seen: set[str] = set()
    for one in wanted:
        if one.segment_id not in network.graph.segment_index:
            raise ValueError(f"segment {one.segment_id}: not in the network")
        if one.segment_id in seen:
            raise ValueError(f"segment {one.segment_id}: is asked for twice")
        if not 0.0 < one.g_m2 < math.inf:
            raise ValueError(f"segment {one.segment_id}: {one.g_m2} g/m²; allowed: above 0")
        if one.due_s is not None and not one.due_s >= 0.0:
            raise ValueError(f"segment {one.segment_id}: due at {one.due_s} s; allowed: 0 or later")
        if not 0.0 <= one.from_s < math.inf:
            raise ValueError(f"segment {one.segment_id}: from {one.from_s} s on; allowed: 0 or later")
        if one.runs < 1:
            raise ValueError(f"segment {one.segment_id}: {one.runs} runs; allowed: 1 or more")
        seen.add(one.segment_id)
        jobs += _passes(network, one, settings)
    return tuple(jobs)


def _passes(network: Network, one: Wanted, settings: FleetSettings) -> list[Job]:
    index = network.graph.segment_index[one.segment_id]
    segment, arcs = network.segments[index], network.arcs_of[index]
    count = one.runs * max(1, math.ceil(segment.width_m / settings.spread_width_m - 1e-9))
    limit = settings.limits_s.get(one.priority, math.inf)
    due_s = limit if one.due_s is None else min(limit, one.due_s)
    salt_kg = one.g_m2 * segment.width_m / count * segment.length_m / 1000.0
    serve_s = 3.6 * segment.length_m / treating_km_h(network, arcs[0], settings)
    names: list[tuple[str, tuple[int, ...]]]
    if len(arcs) == 1 or network.sides(arcs[0]) == 2:
        names = [(f"{name}{n}", (arc,)) for name, arc in zip("fb", arcs, strict=False) for n in range(count)]
    elif count == 1:
        names = [("", arcs)]
    else:
        names = [(f"{'fb'[n % 2]}{n // 2}", (arcs[n % 2],)) for n in range(count)]
    return [
        Job(
            f"{one.segment_id}/{name}".rstrip("/"),
            index,
            ways,
            salt_kg,
            serve_s,
            due_s,
            one.priority,
            one.from_s,
        )
        for name, ways in names
    ]


def driving_km_h(network: Network, arc: int, settings: FleetSettings) -> float:
    """Return the speed of a lorry with the spreader off [km/h]."""
    return settings.driving_share * network.speed_km_h(arc)


def treating_km_h(network: Network, arc: int, settings: FleetSettings) -> float:
    """Return the speed of a lorry with the spreader on [km/h]."""
    return min(settings.treating_km_h, driving_km_h(network, arc, settings))
