"""Lorries near bins, and what crews and residents say of bins, into the memory that emptyings are judged by.

Both count from the full minute after event time on. So which of two things in one minute came first, one of these or a
bin's reading, decides nothing, and the cut of batches neither.
"""

from __future__ import annotations

from math import floor

from rules.core.bin_emptying.passes import MINUTE_S, Pass, is_slow, passed
from rules.core.bin_memory import NO_ACTS, NO_PASSES, NONE_SAID, BinActs, BinPasses, SaidMemory
from rules.core.bin_trouble.rule import SAID
from rules.core.bin_trouble.said import kept
from rules.core.collection_acts.model import Act
from rules.core.collection_acts.rows import BIN
from rules.core.context import Context
from rules.core.readings import Readings
from rules.core.work import Work

LORRY = "lorry"
FIELDS = ("latitude_deg", "longitude_deg", "speed_m_s")
ACTS_KEPT = 8
BESIDE_M = 3.0
"""Bins so much further from a lorry than the nearest stand beside that one: it may have stopped for either."""


def observe_lorries(work: Work, ctx: Context, rows: Readings, at_s: float) -> None:
    """Remember where lorries came near bins; ``at_s``: event time when their fixes count [s since 1970]."""
    p, grid, from_s = ctx.catalogue.full.parameters.emptying, ctx.bin_grid, _counts_from_s(at_s)
    columns = [rows.column(name).tolist() for name in FIELDS]
    for lorry, fix_s, latitude, longitude, speed in zip(
        rows.device, rows.ts_s.tolist(), *columns, strict=True
    ):
        if latitude != latitude or longitude != longitude:  # NaN: it does not know where it is
            continue
        slow, near = int(is_slow(speed, p)), grid.near(latitude, longitude)
        least_m = min((m for _, m in near), default=0.0)
        for bin_id, near_m in near:
            own = slow if near_m - least_m <= BESIDE_M else 0
            new = Pass(from_s, fix_s, round(near_m, 1), lorry, slow, own)
            before: BinPasses = work.read("bin_pass").get(bin_id, NO_PASSES)
            after = passed(before.passes, new)
            if after is not before.passes:
                work.write("bin_pass")[bin_id] = BinPasses(after)


def observe_acts(work: Work, ctx: Context, rows: Readings, at_s: float) -> None:
    """Remember what was said of bins. ``at_s``: event time when it counts [s since 1970]."""
    from_s = _counts_from_s(at_s)
    columns = [rows.column(name).tolist() for name in ("act", "what", "at_s")]
    for name, number, what, when_s in zip(rows.device, *columns, strict=True):
        bin_id = name.removeprefix(BIN)
        if bin_id not in ctx.bins:
            continue
        before: BinActs = work.read("collection").get(bin_id, NO_ACTS)
        new = Act(int(number), int(what), when_s, from_s)
        work.write("collection")[bin_id] = BinActs(kept((*before.acts, new), ACTS_KEPT))
        waiting: SaidMemory = work.read("bin_said").get(SAID, NONE_SAID)
        work.write("bin_said")[SAID] = SaidMemory((*waiting.waiting, (from_s, bin_id)))


def _counts_from_s(at_s: float) -> float:
    return floor(at_s / MINUTE_S) * MINUTE_S + MINUTE_S
