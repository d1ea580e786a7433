"""Notes of readings as they come, for the rules quality.*: nothing is judged here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from msgspec import structs

from rules.core.context import Context
from rules.core.numbers import Numbers, rounds
from rules.core.psychrometrics import Floats
from rules.core.quality import signal
from rules.core.quality.battery_columns import BatteryColumns
from rules.core.quality.columns import QualityColumns
from rules.core.quality_memory import HeardMemory, QualityMemory
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch, Readings
from rules.core.work import Work

HEARD_WINDOWS = 1.5
"""So many trend windows of a weather station's times are kept: at most half an interval more is asked for."""
MORE_FIELDS = {"frog": ("battery_v",), "road": ("battery_v",), "road_surface": ("battery_pct",)}
"""Fields that only data quality reads, by kind."""


def observe(work: Work, ctx: Context, kind: str, rows: Readings) -> None:
    """Note the readings of one kind; those not newer than the device's last change nothing."""
    rate = signal.RATE_FIELDS.get(kind)
    fields = {w.field for w in ctx.catalogue.stuck.parameters.watch if w.kind == kind}
    fields |= set() if rate is None else {rate}
    cell = ctx.catalogue.battery.parameters.of.get(kind)
    level = None if cell is None else rows.column(cell.field)
    columns = {field: rows.column(field) for field in sorted(fields)}
    table = work.table("quality", ctx, QualityColumns)
    batteries = work.table("battery", ctx, BatteryColumns)
    number = ctx.names.of(rows.device).number
    for at in rounds(number):
        at = at[number[at] < ctx.names.installed]
        at = at[rows.ts_s[at] > table.at_s[number[at]]]
        devices, at_s = number[at], rows.ts_s[at]
        for field, values in columns.items():
            _hold(table, ctx, kind if field == rate else "", field, devices, values[at], at_s)
        table.count(devices, at_s, rows.quality[at])
        if level is not None:
            batteries.follow(devices, level[at], at_s)
        if kind == "weather":
            for device, heard_s in zip(devices.tolist(), at_s.tolist(), strict=True):
                _heard(work, ctx, ctx.names.names[device], heard_s)


def _hold(
    table: QualityColumns, ctx: Context, kind: str, field: str, devices: Numbers, value: Floats, at_s: Floats
) -> None:
    """Take a field's values; ``kind``: of the devices where jumps of the field count, else empty."""
    measured = ~np.isnan(value)
    if not measured.all():
        devices, value, at_s = devices[measured], value[measured], at_s[measured]
    held, p = table.held(field), ctx.catalogue.rate.parameters
    if kind:
        jumped = signal.all_jumped(held.value[devices], value, table.at_s[devices], at_s, kind, p)
        for k in np.flatnonzero(jumped).tolist():
            i, now_s = int(devices[k]), float(at_s[k])
            kept = (t for t in table.jumps[i] if now_s - t <= p.within_s)
            table.jumps[i] = (*kept, now_s)[-signal.JUMPS_KEPT :]
    held.hold(devices, value, at_s)


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

    def is_due(self, before_s: float) -> bool:
        """Whether any came while event time was before ``before_s``."""
        return len(self._left) > 0 and self._left[0][0] < before_s

    def note(self, work: Work, ctx: Context, before_s: float) -> None:
        """Count those that came while event time was before ``before_s``."""
        while self.is_due(before_s):
            _, device = self._left.popleft()
            before: QualityMemory | None = work.read("quality").get(device)
            if before is not None and device in ctx.devices:
                work.put("quality", device, structs.replace(before, suspect=before.suspect + 1))
