"""Times from stop to stop, direct and by the best barn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rules.core.fleet.jobs import Job
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.tables import FAR
from rules.core.fleet.units import NEVER, tenths
from rules.core.fleet.ways import Times, Ways, arcs_to, is_at, yard
from rules.core.network.network import Network


def start_of(jobs: Sequence[Job], fleet: Fleet, stop: int) -> int:
    """Return where a stop ends: an arc, or a yard. Stops follow the ways of the jobs."""
    if stop < 2 * len(jobs):
        ways = jobs[stop // 2].ways
        return ways[min(stop % 2, len(ways) - 1)]
    lorry = fleet.lorries[stop - 2 * len(jobs)]
    return yard(lorry.yard) if lorry.after is None else lorry.after


def steps_of(
    network: Network, jobs: Sequence[Job], fleet: Fleet, settings: FleetSettings, ways: Ways
) -> tuple[Times, Times]:
    """Return times from stop to stop, direct and by the best barn."""
    size = 2 * len(jobs) + len(fleet.lorries)
    starts = [start_of(jobs, fleet, x) for x in range(size)]
    first = starts[: 2 * len(jobs)]
    serve = np.repeat([tenths(job.serve_s) for job in jobs], 2).astype(np.int64)
    ends = [lorry.depot for lorry in fleet.lorries]
    direct = np.empty((size, size), dtype=np.int64)
    direct[:, : 2 * len(jobs)] = ways.until(starts, first) + serve[None, :]
    direct[:, 2 * len(jobs) :] = np.column_stack([_to_node(network, ways, starts, node) for node in ends])
    by_barn = np.full((size, size), FAR, dtype=np.int64)
    for barn in fleet.barns:
        there = _to_node(network, ways, starts, barn) + tenths(settings.loading_s)
        back = np.empty(size, dtype=np.int64)
        back[: 2 * len(jobs)] = ways.until([yard(barn)], first)[0] + serve
        back[2 * len(jobs) :] = [ways.time_to_node(network, yard(barn), node) for node in ends]
        by_barn = np.minimum(by_barn, there[:, None] + back[None, :])
    for job, one in enumerate(jobs):
        if len(one.ways) == 1:
            for table in (direct, by_barn):
                table[2 * job + 1, :] = table[:, 2 * job + 1] = FAR
    return np.where(direct >= NEVER, FAR, direct), np.where(by_barn >= NEVER, FAR, by_barn)


def _to_node(network: Network, ways: Ways, starts: Sequence[int], node: int) -> NDArray[np.int64]:
    into = arcs_to(network, node)
    rows = [ways.row[s] for s in starts]
    times = ways.through[np.ix_(rows, into)].min(axis=1) if into else np.full(len(rows), NEVER)
    here = np.array([is_at(network, s, node) for s in starts])
    return np.where(here, 0, times).astype(np.int64)


def reached(steps: Times, jobs: int) -> list[bool]:
    """Tell per job whether some lorry gets there in some way, and back."""
    there = steps[2 * jobs :, : 2 * jobs] < FAR
    back = steps[: 2 * jobs, 2 * jobs :] < FAR
    both: list[bool] = np.any(there & back.T, axis=0).tolist()
    return [both[2 * j] or both[2 * j + 1] for j in range(jobs)]
