"""A night as the planner works on it: jobs that can be done, ways, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.carp.compiled import flat
from rules.core.fleet.jobs import Job
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.steps import reached, start_of, steps_of
from rules.core.fleet.tables import Tables
from rules.core.fleet.units import tenths, tenths_down
from rules.core.fleet.ways import Times, Ways, passable, ways_of, yard
from rules.core.network.network import Network


@dataclass(frozen=True)
class Night:
    """A night as the planner works on it.

    Attributes:
        jobs: that can be done; ``left_out`` are those that no way leads to, or that no lorry can carry.
        ways: quickest ways from every stop and barn.
        tables: flat.
    """

    network: Network
    fleet: Fleet
    settings: FleetSettings
    jobs: tuple[Job, ...]
    left_out: tuple[Job, ...]
    ways: Ways
    tables: Tables

    def start(self, stop: int) -> int:
        """Return where a stop ends: an arc, or a yard."""
        return start_of(self.jobs, self.fleet, stop)


def night_of(
    network: Network,
    jobs: Sequence[Job],
    fleet: Fleet,
    settings: FleetSettings,
    standing: Mapping[str, str],
    noise: NDArray[np.float64],
) -> Night:
    """Return a night's tables.

    Args:
        network: the roads.
        jobs: that are asked for.
        fleet: lorries and barns.
        settings: of all lorries.
        standing: by name of a job the lorry that usually does it.
        noise: jobs² numbers in 0..1 that decide between neighbours equally near.

    Raises:
        ValueError: a place is not on the network, or a job's name is there twice.
    """
    fleet.check(network)
    if len({job.name for job in jobs}) < len(jobs):
        raise ValueError("fleet: a job's name is there twice")
    starts = dict.fromkeys(arc for job in jobs for arc in job.ways)
    starts |= dict.fromkeys(start_of((), fleet, v) for v in range(len(fleet.lorries)))
    starts |= dict.fromkeys(yard(node) for node in fleet.barns)
    ways = ways_of(network, list(starts), settings)
    fits = [_fits(network, job, fleet, settings) for job in jobs]
    some = [job for job, fit in zip(jobs, fits, strict=True) if fit]
    steps, loading = steps_of(network, some, fleet, settings, ways)
    good = reached(steps, len(some))
    if not all(good):
        some = [job for job, fit in zip(some, good, strict=True) if fit]
        steps, loading = steps_of(network, some, fleet, settings, ways)
    names = {job.name for job in some}
    out = tuple(job for job in jobs if job.name not in names)
    tables = _tables(some, fleet, settings, standing, noise, steps, loading)
    return Night(network, fleet, settings, tuple(some), out, ways, tables)


def _fits(network: Network, job: Job, fleet: Fleet, settings: FleetSettings) -> bool:
    most = max(tenths_down(lorry.capacity_kg) for lorry in fleet.lorries)
    return job.salt <= most and passable(network, job.ways[0], settings)


def _tables(
    jobs: Sequence[Job],
    fleet: Fleet,
    settings: FleetSettings,
    standing: Mapping[str, str],
    noise: NDArray[np.float64],
    steps: Times,
    loading: Times,
) -> Tables:
    count, lorries = len(jobs), fleet.lorries
    near = _near(steps[: 2 * count, : 2 * count], count, noise)
    salt = np.array([job.salt for job in jobs], dtype=np.int64)
    due = np.array([tenths_down(job.due_s) for job in jobs], dtype=np.int64)
    away = steps[2 * count :, : 2 * count].reshape(len(lorries), count, 2).min(axis=(0, 2))
    moved = [
        [
            tenths(settings.change_s) if standing.get(job.name, v.lorry_id) != v.lorry_id else 0
            for v in lorries
        ]
        for job in jobs
    ]
    return Tables(
        jobs=count,
        size=len(steps),
        lorries=len(lorries),
        width=count + 3,
        reach=near.shape[1],
        late_cost=round(settings.late_cost),
        late_job=tenths(settings.late_job_cost),
        step=flat(steps.astype(np.int32)),
        loading=flat(loading.astype(np.int32)),
        into=flat(np.ascontiguousarray(steps.T.astype(np.int32))),
        serve=flat(np.array([tenths(job.serve_s) for job in jobs], dtype=np.int64)),
        salt=flat(salt),
        due=flat(due),
        soon=flat(np.array([_soonest(job) for job in jobs], dtype=np.int64)),
        moved=flat(np.array(moved, dtype=np.int64)),
        near=flat(near),
        begin=flat(np.array([tenths(v.from_s) for v in lorries], dtype=np.int64)),
        until=flat(np.array([tenths_down(v.until_s) for v in lorries], dtype=np.int64)),
        holds=flat(np.array([tenths_down(v.capacity_kg) for v in lorries], dtype=np.int64)),
        board=flat(np.array([tenths_down(v.begins_with_kg) for v in lorries], dtype=np.int64)),
        key=flat(np.stack([due, -away, -salt])),
    )


def _soonest(job: Job) -> int:
    """Return the earliest end of a job [0.1 s]; 0 where it may be done at any time."""
    return tenths(job.from_s) + tenths(job.serve_s) if job.from_s > 0.0 else 0


def _near(steps: Times, jobs: int, noise: NDArray[np.float64]) -> Times:
    pairs = steps.reshape(jobs, 2, jobs, 2).min(axis=(1, 3))
    closeness = np.minimum(pairs, pairs.T) + 0.5 * noise[:jobs, :jobs]
    np.fill_diagonal(closeness, -1.0)
    return np.argsort(closeness, axis=1, kind="stable")[:, 1:].astype(np.int64)
