"""Which passes that are done still count when orders have changed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from rules.core.cab.codec import arc_of
from rules.core.cab.model import Asked, Done
from rules.core.fleet.jobs import Job
from rules.core.network.network import Network


def still_done(
    network: Network,
    jobs: Sequence[Job],
    asked: Sequence[Asked],
    done: Sequence[Done],
    now_s: float = math.inf,
) -> tuple[tuple[Done, ...], tuple[str, ...]]:
    """Return the passes that count, under the names that they have now, and what is said of the others.

    A pass counts for one of the same order along the same arc, whatever it was called when there were more or
    fewer runs; one with less salt than a run has now, not ploughed, or before the time from which it is asked for
    now, is done again.

    Args:
        network: the roads.
        jobs: every pass that is asked for now.
        asked: the same by stretch.
        done: passes under earlier plans of the night.
        now_s: [s after the start of the plan].
    """
    rate = {(a.segment_id, a.ref): a.g_m2 / a.runs for a in asked}
    early = {a.segment_id for a in asked if a.from_s > now_s}
    ploughed = {a.segment_id for a in asked if a.plough}
    open_: dict[str, list[Job]] = {}
    for job in jobs:
        open_.setdefault(network.segments[job.segment].segment_id, []).append(job)
    kept: list[Done] = []
    thin = 0
    for d in done:
        wanted = rate.get((d.segment_id, d.ref))
        if wanted is None:
            continue
        if d.g_m2 < wanted - 1e-9 or d.segment_id in early or (d.segment_id in ploughed and not d.plough):
            thin += 1
            continue
        fits = [j for j in open_[d.segment_id] if arc_of(network, d.segment_id, d.from_node) in j.ways]
        if fits:
            job = next((j for j in fits if j.name == d.job), fits[0])
            open_[d.segment_id].remove(job)
            kept.append(replace(d, job=job.name))
    return tuple(kept), tuple(_thin_words(thin))


def _thin_words(count: int) -> tuple[str, ...]:
    if count == 0:
        return ()
    was = "pass was" if count == 1 else "passes were"
    return (
        f"{count} {was} done with less salt than is asked for now, without the plough, or too early: done again as asked.",
    )
