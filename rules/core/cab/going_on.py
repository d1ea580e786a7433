"""What is left of a night: what is done, and where each lorry can be given new orders. A breakdown is one reason to ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from rules.core.cab.codec import OnRoads, name_of
from rules.core.cab.committed import committed, next_step
from rules.core.cab.model import Done, Heard, Plan, Start
from rules.core.cab.progress import NOISE_M, Progress
from rules.core.fleet.plan import Leg, Loading
from rules.core.street_match import Streets


@dataclass(frozen=True)
class Rest:
    """What is left.

    Attributes:
        starts: lorries that drive on, where and with what they can be given new orders.
        done: passes of the whole night; those of a stretch that a lorry is on, unless it has failed, are of them,
            with ``until_s`` until reports show them.
        standing: by lorry what it was to do next.
        notes: what was taken for granted, in sentences.
        fixed: by lorry the steps that it drives on by the plan so far, while the next is made.
        heard: each lorry's last report.
    """

    starts: tuple[Start, ...]
    done: tuple[Done, ...]
    standing: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]
    fixed: Mapping[str, tuple[Leg | Loading, ...]] = field(default_factory=dict)
    heard: tuple[Heard, ...] = ()


def rest_of(
    on: OnRoads,
    plan: Plan,
    progress: Mapping[str, Progress],
    at_s: float,
    out: Mapping[str, str],
    allow_s: float = 0.0,
) -> Rest:
    """Return what is left of a plan.

    What a lorry is treating it treats to the end, and a load is taken to the end. A stretch that a lorry
    was on when it failed is not done: it is treated anew. So is what a lorry that failed without ever
    having reported was to have treated.

    Args:
        on: the plan on its roads.
        plan: that is being driven.
        progress: of each of its lorries.
        at_s: now [s after the start of the plan].
        out: lorries out of service.
        allow_s: how long the next plan may take to be made: what a lorry begins until then it drives as it is [s].
    """
    streets = Streets(on.network.graph)
    starts, notes = [], list[str]()
    done = [d for before in plan.contents.done for d in _still(before, progress.get(before.lorry), out)]
    standing: dict[str, tuple[str, ...]] = {}
    fixed: dict[str, tuple[Leg | Loading, ...]] = {}
    for start in plan.contents.fleet:
        p = progress[start.lorry]
        broken = start.lorry in out
        steps = _finished(on, p, broken)
        if p.by_clock and p.phase not in ("no_way", "waits"):
            notes.append(_unseen(start.lorry, broken))
        elif p.seen_s is not None and p.is_silent(at_s) and not broken:
            notes.append(_silent(start.lorry, at_s - p.seen_s))
        done += [_done(on, plan, p, n, at_s) for n in steps]
        if broken:
            continue
        starts.append(_now(on, start, p, at_s, streets))
        trip = on.trips[start.lorry].steps
        first = next_step(start, p, trip)
        fixed[start.lorry] = committed(trip, first, p.waits, starts[-1].from_s, at_s + allow_s)
        standing[start.lorry] = _ahead(on, start.lorry, steps)
    return Rest(tuple(starts), tuple(done), standing, tuple(notes), fixed, _heard(progress))


def _heard(progress: Mapping[str, Progress]) -> tuple[Heard, ...]:
    return tuple(
        Heard(
            lorry=p.lorry, at_s=p.seen_s, longitude_deg=p.at[0], latitude_deg=p.at[1], salt_kg=p.salt_kg, weighed=p.weighed
        )
        for _, p in sorted(progress.items())
        if p.at is not None and p.seen_s is not None
    )  # fmt: skip


def _unseen(lorry: str, broken: bool) -> str:
    if broken:
        return f"{lorry} has not reported: nothing that it was to treat counts as treated."
    return f"{lorry} has not reported: it is taken to be where its plan has it."


def _silent(lorry: str, for_s: float) -> str:
    return f"{lorry} had not been heard of for {for_s / 60.0:.0f} min: it is taken to be where it was then."


def _finished(on: OnRoads, p: Progress, broken: bool) -> tuple[int, ...]:
    """Return the steps that a lorry has treated, with the one that it is at, which it will."""
    if broken:
        return tuple(sorted(p.treated))
    steps = set(p.treated | p.assumed)
    here = on.trips[p.lorry].steps[p.step] if on.trips[p.lorry].steps else None
    if p.phase == "drives" and isinstance(here, Leg) and here.job is not None and p.on_it:
        steps.add(p.step)
    return tuple(sorted(steps))


def _still(d: Done, p: Progress | None, out: Mapping[str, str]) -> tuple[Done, ...]:
    """Return what counts of a pass of an earlier plan: one that no report has shown, not of a lorry that has failed."""
    if d.until_s is None:
        return (d,)
    if p is not None and p.has_left:
        return (replace(d, until_s=None),)
    return () if d.lorry in out else (d,)


def _done(on: OnRoads, plan: Plan, p: Progress, number: int, at_s: float) -> Done:
    step = on.trips[p.lorry].steps[number]
    assert isinstance(step, Leg)
    assert step.job is not None
    segment_id, node = name_of(on.network, step.arc)
    ends_s = at_s + (1.0 - p.share) * (step.ends_s - step.begins_s) if number == p.step else step.ends_s
    return Done(
        lorry=p.lorry, job=step.job, segment_id=segment_id, from_node=node, ref=on.ref_of[segment_id],
        plan=plan.version, g_m2=on.rate_of[segment_id], plough=segment_id in on.ploughed, until_s=None if number in p.treated else ends_s,
    )  # fmt: skip


def _ahead(on: OnRoads, lorry: str, finished: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(
        s.job
        for n, s in enumerate(on.trips[lorry].steps)
        if isinstance(s, Leg) and s.job is not None and n not in finished
    )


def _now(on: OnRoads, start: Start, p: Progress, at_s: float, streets: Streets) -> Start:
    """Return a lorry where it can be given new orders."""
    steps = on.trips[start.lorry].steps
    salt_kg = min(max(0.0, p.salt_kg), start.capacity_kg)
    if p.phase == "waits" or (p.phase == "no_way" and (p.at is None or start.after is None)):
        return replace(start, from_s=max(start.from_s, at_s))
    if p.phase == "back":
        return replace(
            start, from_s=max(start.from_s, at_s), on_board_kg=salt_kg, after=None, stands=start.depot
        )
    if p.phase in ("off_plan", "no_way") and p.at is not None:
        return replace(
            start, from_s=at_s, on_board_kg=salt_kg, after=_nearest(on, p.at, streets), stands=None
        )
    if start.after is not None and p.place_m <= NOISE_M and p.phase == "drives":
        # It is still on the stretch at whose end the plan took it up.
        return replace(start, from_s=max(start.from_s, at_s), on_board_kg=min(salt_kg, start.on_board_kg))
    here = steps[p.step]
    if isinstance(here, Loading):
        node = on.network.nodes[here.node].node_id
        ends_s = max(at_s, here.ends_s + max(0.0, p.behind_s))
        return replace(start, from_s=ends_s, on_board_kg=start.capacity_kg, after=None, stands=node)
    left = 1.0 - p.share
    if here.job is not None and p.step in _finished(on, p, broken=False):
        salt_kg = max(0.0, salt_kg - left * on.jobs[here.job].salt_kg)
    ends_s = at_s + left * (here.ends_s - here.begins_s)
    return replace(
        start, from_s=math.ceil(ends_s * 10.0) / 10.0, on_board_kg=math.floor(salt_kg * 10.0) / 10.0,
        after=name_of(on.network, here.arc), stands=None,
    )  # fmt: skip


def _nearest(on: OnRoads, at: tuple[float, float], streets: Streets) -> tuple[str, int]:
    """Return the stretch that a lorry away from its way is on."""
    segment, share = streets.match(np.array([at[1]]), np.array([at[0]]), 5000.0)
    arcs = on.network.arcs_of[max(0, int(segment[0]))]
    return name_of(on.network, arcs[0] if share[0] > 0.5 or len(arcs) == 1 else arcs[1])
