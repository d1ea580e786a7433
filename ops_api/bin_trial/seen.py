"""Overflow as the ledger finds it in a trial's readings: what a manager would be told, beside what was so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from rules.bin_ledger.levels import trace_of
from rules.core.bin_ledger.days import bin_days
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Bin, Emptied, Inputs, Plan, Schedule, Trace
from rules.core.bin_trial.playing import Played
from rules.core.bin_trial.watching import Watcher

HOUR_S = 3600.0
UNUSED = Schedule(plans=(Plan(name="all", weekdays=(0,)),), source="not compared with")


def inputs_of(
    played: Played, watcher: Watcher, days: Sequence[date], tariffs: Tariffs, schedule: Schedule = UNUSED
) -> Inputs:
    """Return what the ledger would be made from: readings, detected emptyings, planned rounds."""
    ctx = watcher.ctx
    own: dict[str, list[Emptied]] = {}
    for e in watcher.emptied:
        own.setdefault(e.bin_id, []).append(e)
    return Inputs(
        town="Simulated", zone=str(ctx.zone), first=days[0], last=days[-1],
        bins=tuple(
            Bin(bin_id=b.bin_id, label=b.label, stream=b.stream, capacity_l=b.capacity_l, device=b.device)
            for b in ctx.bins.values()
        ),
        traces=tuple(_traces(played, watcher, own)), emptyings=tuple(watcher.emptied),
        rounds=tuple(d for day in played.days for d in day.driven), complaints=None, work=(), schedule=schedule,
        tariffs=tariffs,
    )  # fmt: skip


def _traces(played: Played, watcher: Watcher, own: dict[str, list[Emptied]]) -> list[Trace]:
    p = watcher.ctx.catalogue.full.parameters
    device = np.array([d for r in played.readings for d in r.device])
    columns = [
        np.concatenate([r.ts_s if name == "ts_s" else r.column(name) for r in played.readings])
        for name in ("ts_s", "distance_mm", "temperature_c", "tilt_deg")
    ]
    found = []
    for b in watcher.ctx.bins.values():
        at, mm, warm, tilt = (c[device == b.device].tolist() for c in columns)
        rows = [(t, d, None, c, x) for t, d, c, x in zip(at, mm, warm, tilt, strict=True)]
        shape = watcher.ctx.shape(b.bin_id, p.filter)
        trace = trace_of(b.bin_id, shape, rows, own.get(b.bin_id, []), p)
        found += [] if trace is None else [trace]
    return found


def seen_h(played: Played, watcher: Watcher, days: Sequence[date], tariffs: Tariffs) -> float:
    """Return hours in which bins overflowed as their sensors saw it, over all bins."""
    found = bin_days(inputs_of(played, watcher, days, tariffs))
    return float((found.sides["actual"].over_s * found.known).sum()) / HOUR_S
