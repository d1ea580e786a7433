"""Rule bins.forecast: at each full hour what the bins' levels teach, and what is to be expected of them. Mounted in the engine."""

from __future__ import annotations

import numpy as np

from rules.core.bin_outlook import chances, settle
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.learning import learn
from rules.core.bin_outlook.levels import levels
from rules.core.bin_outlook.outlook import look_ahead
from rules.core.bin_outlook.pooling import fade, filling
from rules.core.bin_outlook.services import coming
from rules.core.bin_outlook.strip import look_along
from rules.core.bin_outlook.telling import tell_fleet
from rules.core.bin_outlook.week import WEEK_H, course
from rules.core.bin_outlook_memory import ChancesMemory, ShapeMemory, packed, unpacked
from rules.core.context import Context
from rules.core.psychrometrics import Floats
from rules.core.work import Work

EVERY_S = 3600.0
FLEET = "forecast"
ALPHA_KEPT = 0.5
"""A bin that is to be collected is so until its chance is below such a share of alpha."""


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Learn from the levels as of a full hour, settle what was told, and look ahead."""
    p = ctx.catalogue.outlook.parameters
    c = work.table("bin_outlook", ctx, OutlookColumns)
    now = levels(work.read("bin"), c.index, ctx.catalogue.full.parameters.filter)
    if np.isnan(now.at_s).all():
        return
    week = _week(work, c, at_s, p.filling.half_life_days)
    known = filling(c, week, at_s, p.filling)
    sums = _settle(work, ctx, c, known.shape, settle.ended(c, now, at_s, p), at_s)
    taught = learn(c, now, known, at_s, ctx.zone, p).week
    _remember(work, c, week, taught, at_s)
    rows, ahead = look_ahead(c, known, coming(at_s, ctx.zone, p.service), at_s, ctx.zone, p)
    by = chances.righting(sums, p.watch)
    c["p"][rows] = chances.right(c["p"][rows], by)
    look_along(c, rows, known, ahead, by, at_s, ctx.zone, p)
    settle.wait(c, rows, known, ahead, by, at_s, p)
    _decide(c, rows, _alphas(ctx, c, at_s)[rows])
    work.touched_bins.update(c.ids[i] for i in rows.tolist())
    tell_fleet(work, at_s, sums, by, p.watch)


def _week(work: Work, c: OutlookColumns, at_s: float, half_life_days: float) -> Floats:
    """Return the sums by hour of the week as of now, places × 2 × 168 [%]."""
    found = np.zeros((len(c.places), 2, WEEK_H))
    memory = work.read("bin_shape")
    for k, place in enumerate(c.places):
        row: ShapeMemory | None = memory.get(place)
        if row is not None:
            faded = float(fade(np.array(max(at_s - row.as_of_s, 0.0)), half_life_days))
            found[k] = unpacked(row.values, (2, WEEK_H)) * faded
    return found


def _remember(work: Work, c: OutlookColumns, week: Floats, taught: Floats, at_s: float) -> None:
    moved = taught.any(axis=(1, 2))
    for k in np.flatnonzero(moved).tolist():
        work.write("bin_shape")[c.places[k]] = ShapeMemory(at_s, packed(week[k] + taught[k]))


def _settle(
    work: Work, ctx: Context, c: OutlookColumns, shape: Floats, ends: settle.Ends, at_s: float
) -> Floats:
    """Return the sums of what came of told chances, with those that are settled now."""
    p = ctx.catalogue.outlook.parameters
    row: ChancesMemory | None = work.read("bin_chances").get(FLEET)
    sums = np.zeros((len(chances.SUMS), chances.BINS))
    if row is not None:
        faded = float(fade(np.array(max(at_s - row.as_of_s, 0.0)), p.watch.half_life_days))
        sums = unpacked(row.values, sums.shape) * faded
    if len(ends.rows) == 0:
        return sums
    first_s = min(float(c["told_s"][ends.rows].min()), at_s)
    gone_by = course(shape, first_s, max(float(ends.watched_s.max()), at_s), ctx.zone)
    sums = sums + settle.settled(c, ends, gone_by, p)
    work.write("bin_chances")[FLEET] = ChancesMemory(at_s, packed(sums))
    return sums


def _alphas(ctx: Context, c: OutlookColumns, at_s: float) -> Floats:
    """Return from which chance on each bin is to be collected."""
    p = ctx.catalogue.outlook.parameters
    found = np.where(c.is_sensitive, p.sensitive_alpha, p.alpha)
    for bin_id in ctx.own("bin"):
        i, own = c.index.get(bin_id), ctx.at("bin", bin_id, at_s).catalogue.outlook.parameters
        if i is not None:
            found[i] = own.sensitive_alpha if c.is_sensitive[i] else own.alpha
    return found


def _decide(c: OutlookColumns, rows: Rows, alpha: Floats) -> None:
    """Write which bins are to be collected by their chance: from alpha on, and until it is below half of it."""
    p = c["p"][rows]
    stays = (c["due"][rows] > 0.0) & (p >= alpha * ALPHA_KEPT)
    c["due"][rows] = np.where((p > alpha) | stays, 1.0, 0.0)
