"""A bin's filtered levels from its stored readings, as the rules filter them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec

from devices.registry import BinModel, BinSite
from ops_api.queries import Db, Row
from rules.bin_ledger.levels import trace_of
from rules.catalogue.loader import load
from rules.core.bin_ledger.values import Emptied, Trace
from rules.core.bin_level.geometry import measured_pct, shape_of
from rules.core.parameters import BinParameters

READINGS_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Levels:
    """Fills of a bin: times [s since 1970], fill and its standard deviation [%], and its emptyings then."""

    at_s: tuple[float, ...] = ()
    fill_pct: tuple[float, ...] = ()
    sd_pct: float = 0.0
    emptied: tuple[Emptied, ...] = ()


@cache
def parameters() -> BinParameters:
    """Return how the rules filter, as shipped: what a site overrides changes alarms, not what an echo means."""
    return load().full.parameters


async def levels(db: Db, bin_id: str, start: datetime, end: datetime) -> Levels:
    """Return a bin's levels from ``start`` to before ``end``, one each half hour at most."""
    given = {"bin_id": bin_id, "start": start, "end": end}
    of = await db.row("bin_model_of", bin_id=bin_id)
    rows = await db.rows("bin_readings", **given, limit=READINGS_MOST)
    emptied = [
        Emptied(**{**r, "bin_id": bin_id, "evidence": tuple(r["evidence"])})
        for r in await db.rows("bin_emptyings", **given)
    ]
    trace = None if of is None else await asyncio.to_thread(_trace, of, rows, emptied)
    if trace is None:
        return Levels(emptied=tuple(emptied))
    return Levels(tuple(trace.t_s.tolist()), tuple(trace.fill_pct.tolist()), trace.sd_pct, tuple(emptied))


async def newest(db: Db, bin_id: str, after: datetime, until: datetime) -> tuple[float, float | None] | None:
    """Return time [s since 1970] and fill [%] of a bin's last reading between two times; None where there is none, no fill without an echo."""
    of = await db.row("bin_model_of", bin_id=bin_id)
    rows = await db.rows("bin_readings", bin_id=bin_id, start=after, end=until, limit=READINGS_MOST)
    later = [r for r in rows if r["at_s"] > after.timestamp()]
    if of is None or not later:
        return None
    site, model = (
        msgspec.convert({"device": "", **of["site"]}, BinSite),
        msgspec.convert(of["model"], BinModel | None),
    )
    own, last = parameters().filter, later[-1]
    fill = measured_pct(
        last["distance_mm"],
        last["fill_pct"],
        last["temperature_c"],
        shape_of(site, model, own),
        own.reference_c,
    )
    return last["at_s"], fill


def _trace(of: Row, rows: Sequence[Row], emptied: Sequence[Emptied]) -> Trace | None:
    site = msgspec.convert({"device": "", **of["site"]}, BinSite)
    model = msgspec.convert(of["model"], BinModel | None)
    p = parameters()
    told = [(r["at_s"], r["distance_mm"], r["fill_pct"], r["temperature_c"], r["tilt_deg"]) for r in rows]
    return trace_of(site.bin_id, shape_of(site, model, p.filter), told, emptied, p)
