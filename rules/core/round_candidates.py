"""The bins that a round may serve: those it must, with why, and those it may, with the chance that they overflow if it does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np

from rules.core.bin_level.geometry import litres
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_trouble.why import Due
from rules.core.context import Context
from rules.core.effects import Json, num
from rules.core.memory import BinMemory
from rules.core.work import Work

FORECAST, MAY = "forecast", "may"


def due_by_forecast(work: Work, ctx: Context) -> tuple[str, ...]:
    """Return the bins that are to be collected by their chance of an overflow, in order."""
    c = work.table("bin_outlook", ctx, OutlookColumns)
    return tuple(sorted(c.ids[i] for i in _standing(work, c, np.flatnonzero(c["due"] > 0.0))))


def candidates(
    work: Work, ctx: Context, why: Mapping[str, Due], due: Sequence[str], apart: Collection[str] = ()
) -> list[Json]:
    """Return the candidates of the coming round, in the registry's order.

    Args:
        work: memory.
        ctx: what is installed.
        why: why bins must be collected by what is in them or since when.
        due: bins that must by their chance.
        apart: bins that are no candidates: separate jobs, and those that a crew has emptied since their last level.
    """
    c, p = work.table("bin_outlook", ctx, OutlookColumns), ctx.catalogue.outlook.parameters
    likely = _standing(work, c, np.flatnonzero(c["p"] >= p.may_from))
    known = dict.fromkeys([*likely, *(c.index[b] for b in due)])
    wanted = sorted(i for i in {*known, *(c.index[b] for b in why)} if c.ids[i] not in apart)
    must_by_chance = frozenset(due)
    found: list[Json] = []
    for i in wanted:
        bin_id = c.ids[i]
        must, code = why.get(bin_id), MAY
        if must is not None:
            code = must.code
        elif bin_id in must_by_chance:
            code = FORECAST
        row = _row(work, ctx, c, i) if i in known else _level_alone(work, ctx, bin_id)
        words = _why(ctx, c, i) if must is None else must.text
        found.append({"bin_id": bin_id, "must": code != MAY, "code": code, "why": words, **row})
    return found


def _standing(work: Work, c: OutlookColumns, rows: Rows) -> list[int]:
    """Return those of ``rows`` that have not been emptied since their outlook."""
    memory: Mapping[str, BinMemory] = work.read("bin")
    cycles = c["cycle_s"]
    return [i for i in rows.tolist() if cycles[i] == (memory[c.ids[i]].fills.emptied_s or 0.0)]


def _row(work: Work, ctx: Context, c: OutlookColumns, i: int) -> Json:
    bin_id, expected = c.ids[i], float(c["service_pct"][i])
    shape = ctx.shape(bin_id, ctx.catalogue.full.parameters.filter)
    return {
        "p_overflow": num(float(c["p"][i]), 4),
        "fill_pct": num(work.read("bin")[bin_id].fills.fill_pct, 1),
        "expected_fill_pct": num(expected, 1),
        "litres": num(litres(min(expected, 100.0), shape) * max(1.0, expected / 100.0), 0),
    }


def _level_alone(work: Work, ctx: Context, bin_id: str) -> Json:
    """Return the same of a bin without an outlook: what is in it now is what is expected."""
    fill = work.read("bin")[bin_id].fills.fill_pct
    return {
        "p_overflow": None,
        "fill_pct": num(fill, 1),
        "expected_fill_pct": num(fill, 1),
        "litres": None
        if fill is None
        else num(litres(fill, ctx.shape(bin_id, ctx.catalogue.full.parameters.filter)), 0),
    }


def _why(ctx: Context, c: OutlookColumns, i: int) -> str:
    local = datetime.fromtimestamp(float(c["next_s"][i]), ctx.zone)
    p = float(c["p"][i])
    chance = "less than 1 %" if p < 0.01 else "more than 99 %" if p > 0.99 else f"{100.0 * p:.0f} %"
    return f"{chance} likely to overflow before the round of {local:%a} {local.day} {local:%b}"
