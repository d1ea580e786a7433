"""Notes of readings as they come, for the rules quality.*: nothing is judged here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from msgspec import structs

from rules.core.context import Context
from rules.core.quality import days, signal
from rules.core.quality.battery import follow
from rules.core.quality_memory import HeardMemory, Held, QualityMemory
from rules.core.readings import REPAIRED_CLOCK, SUSPECT_CLOCK, ReadingBatch, Readings
from rules.core.work import Work

HEARD_WINDOWS = 1.5
"""So many trend windows of a weather station's times are kept: at most half an interval more is asked for."""
UNKNOWN = QualityMemory()
MORE_FIELDS = {"frog": ("battery_v",), "road": ("battery_v",)}
"""Fields that only data quality reads, by kind."""


def observe(work: Work, ctx: Context, kind: str, rows: Readings) -> None:
    """Note the readings of one kind; those not newer than the device's last change nothing."""
    rate = signal.RATE_FIELDS.get(kind)
    fields = [w.field for w in ctx.catalogue.stuck.parameters.watch if w.kind == kind]
    fields += [rate] if rate is not None and rate not in fields else []
    cell = ctx.catalogue.battery.parameters.of.get(kind)
    level = np.full(len(rows), np.nan) if cell is None else rows.column(cell.field)
    columns = zip(*(rows.column(f).tolist() for f in fields), strict=True) if fields else [()] * len(rows)
    memory, p = work.write("quality"), ctx.catalogue.rate.parameters
    for device, at_s, quality, battery, values in zip(
        rows.device, rows.ts_s.tolist(), rows.quality.tolist(), level.tolist(), columns, strict=True
    ):
        before: QualityMemory = memory.get(device, UNKNOWN)
        if device not in ctx.devices or at_s <= before.at_s:
            continue
        held, jumps = dict(before.held), before.jumps
        for field, value in zip(fields, values, strict=True):
            if value == value:  # NaN is not equal to itself
                last = held.get(field)
                held[field] = signal.hold(last, value, at_s)
                if field == rate and signal.jumped(last, value, before.at_s, at_s, kind, p):
                    jumps = (*(t for t in jumps if at_s - t <= p.within_s), at_s)[-signal.JUMPS_KEPT :]
        memory[device] = _counted(before, at_s, held, jumps, quality)
        if battery == battery:
            _battery(work, device, battery, at_s)
        if kind == "weather":
            _heard(work, ctx, device, at_s)


def _counted(
    before: QualityMemory, at_s: float, held: dict[str, Held], jumps: tuple[float, ...], quality: int
) -> QualityMemory:
    """Return the memory after a reading, counted where it belongs to the day that is counted."""
    day, from_s, n, repaired = before.day, before.from_s, before.n, before.repaired
    this = int(at_s // days.DAY_S)
    if before is UNKNOWN:
        day, from_s = this, at_s
    if this == day:
        n, repaired = n + 1, repaired + (quality & REPAIRED_CLOCK)
    return QualityMemory(at_s, held, jumps, day, from_s, n, repaired, before.suspect, before.told)


def _battery(work: Work, device: str, level: float, at_s: float) -> None:
    before = work.read("battery").get(device)
    after = follow(before, level, at_s)
    if after is not before:
        work.write("battery")[device] = after


def _heard(work: Work, ctx: Context, device: str, at_s: float) -> None:
    before = work.read("heard").get(device)
    keep_s = HEARD_WINDOWS * 3600.0 * ctx.catalogue.gritting.parameters.trend_window_h
    kept = () if before is None else tuple(t for t in before.times_s if at_s - t <= keep_s)
    work.write("heard")[device] = HeardMemory((*kept, at_s))


class Suspects:
    """Readings whose clock is not trusted: the rules never see them; that they came is told of their device's day.

    Args:
        batch: readings in receive order, the trusted ones too.
        clock_at: event time before the reading at a place in receive order.
    """

    def __init__(self, batch: ReadingBatch, clock_at: Callable[[int], float]) -> None:
        found = sorted(
            (int(r.position[i]), r.device[i])
            for r in batch.values()
            for i in np.flatnonzero((r.quality & SUSPECT_CLOCK) != 0).tolist()
        )
        self._left = deque((clock_at(position), device) for position, device in found)

    def note(self, work: Work, ctx: Context, before_s: float) -> None:
        """Count those that came while event time was before ``before_s``."""
        while self._left and self._left[0][0] < before_s:
            _, device = self._left.popleft()
            before: QualityMemory | None = work.read("quality").get(device)
            if before is not None and device in ctx.devices:
                work.write("quality")[device] = structs.replace(before, suspect=before.suspect + 1)
