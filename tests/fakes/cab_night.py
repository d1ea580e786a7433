"""A night's plan on a made-up town, and gritters that drive it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rules.catalogue.loader import load
from rules.core.cab.codec import OnRoads
from rules.core.cab.making import Wish, make
from rules.core.cab.match import Report, Way
from rules.core.cab.model import Asked, Contents, Plan, Start
from rules.core.cab.progress import Following, Progress
from rules.core.fleet.plan import Leg, Loading
from rules.core.fleet.planner import Builder
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network
from tests.fakes.fleet_towns import all_wanted, fleet_of, fleet_town

SETTINGS = FleetSettings()
P = load().gritting.parameters.treatment
START_S = 1_767_990_000.0


def wish_of(
    network: Network, seed: int = 1, lorries: int = 3, capacity_kg: float = 250.0, share: float = 1.0
) -> Wish:
    """Everything of a town asked for by one order."""
    asked = [
        Asked(
            segment_id=w.segment_id,
            ref="P1",
            g_m2=w.g_m2,
            priority=w.priority,
            due_s=SETTINGS.limits_s[w.priority],
        )
        for w in all_wanted(network, share, seed)
    ]
    fleet = fleet_of(network, lorries, capacity_kg)
    starts = [
        Start(
            lorry=v.lorry_id, device=v.lorry_id, depot=network.nodes[v.depot].node_id, capacity_kg=v.capacity_kg,
            on_board_kg=v.capacity_kg, until_s=v.until_s,
        )
        for v in fleet.lorries
    ]  # fmt: skip
    return Wish(
        network=network, start_s=START_S, asked=asked, starts=starts,
        barns=[network.nodes[n].node_id for n in fleet.barns], settings=SETTINGS,
    )  # fmt: skip


def plan_of(contents: Contents, version: int = 1, kind: str = "tonight") -> Plan:
    """It as it is kept."""
    return Plan(
        night="2026-01-09", kind=kind, at_s=contents.start_s, by="Ada", role="duty officer", via="cli", reason="frost",
        contents=contents, version=version,
    )  # type: ignore[arg-type]  # fmt: skip


def night(seed: int = 1, **how: float) -> tuple[Network, Plan, OnRoads]:
    """A town, its plan, and that on the town's roads."""
    network = fleet_town(seed)
    contents = make(wish_of(network, seed, **how), Builder())  # type: ignore[arg-type]
    return network, plan_of(contents), OnRoads(network, contents)


def drive(
    on: OnRoads,
    lorry: str,
    until_s: float,
    *,
    every_s: float = 60.0,
    behind_s: float = 0.0,
    noise_m: float = 4.0,
    off: Sequence[int] = (),
    seed: int = 1,
) -> list[Report]:
    """Return what a gritter reports that drives its plan, ``behind_s`` later, with the spreader off on some steps."""
    rng = np.random.default_rng(seed)
    way, trip = Way(on.network, on.trips[lorry]), on.trips[lorry]
    found: list[Report] = []
    at_s = 0.0
    while at_s <= until_s and way.legs:
        found.append(_report(on, way, trip.steps, lorry, at_s, at_s - behind_s, rng, noise_m, set(off)))
        at_s += every_s
    return found


def _report(
    on: OnRoads, way: Way, steps: Sequence[Leg | Loading], lorry: str, at_s: float, clock_s: float,
    rng: np.random.Generator, noise_m: float, off: set[int],
) -> Report:  # fmt: skip
    n, share = way.leg_at(way.place_at(clock_s))
    number, leg = way.legs[n]
    lon, lat = along(on.network.line(leg.arc), share)
    stands = clock_s < leg.begins_s or clock_s >= steps[-1].ends_s
    stands |= any(isinstance(s, Loading) and s.begins_s <= clock_s < s.ends_s for s in steps)
    moves = 0.0 if stands else on.network.arcs[leg.arc].length_m / (leg.ends_s - leg.begins_s)
    spreads = leg.job is not None and not stands and number not in off
    rate = on.rate_of[on.network.segments[on.network.arcs[leg.arc].segment].segment_id] if spreads else 0.0
    degree = noise_m / 111_000.0
    return Report(
        at_s, lon + float(rng.normal(0.0, degree)), lat + float(rng.normal(0.0, degree)), moves, rate,
        round(_salt(on, steps, lorry, clock_s, off)),
    )  # fmt: skip


def _salt(on: OnRoads, steps: Sequence[Leg | Loading], lorry: str, at_s: float, off: set[int]) -> float:
    start = next(s for s in on.contents.fleet if s.lorry == lorry)
    salt = start.on_board_kg
    for n, step in enumerate(steps):
        if step.begins_s >= at_s:
            break
        part = min(1.0, (at_s - step.begins_s) / (step.ends_s - step.begins_s))
        if isinstance(step, Loading):
            salt = start.capacity_kg if part >= 1.0 else salt
        elif step.job is not None and n not in off:
            salt -= part * on.jobs[step.job].salt_kg
    return max(0.0, salt)


def along(line: Sequence[tuple[float, float]], share: float) -> tuple[float, float]:
    """The position at a share of a straight line's points."""
    points = np.array(line)
    lengths = np.hypot(*np.diff(points, axis=0).T)
    at = share * lengths.sum()
    begins = np.concatenate([[0.0], np.cumsum(lengths)])
    return float(np.interp(at, begins, points[:, 0])), float(np.interp(at, begins, points[:, 1]))


def progress_of(on: OnRoads, reports: dict[str, list[Report]], now_s: float) -> dict[str, Progress]:
    """Where each lorry is."""
    following = Following(on, P)
    return {lorry: following.progress(lorry, reports.get(lorry, []), now_s) for lorry in on.trips}


def every_pass(contents: Contents) -> Iterator[str]:
    """Every pass that a plan has, done, driven or left out."""
    yield from (d.job for d in contents.done)
    yield from (s.job for t in contents.trips for s in t.steps if s.job is not None)
    yield from contents.left_out
