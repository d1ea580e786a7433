"""The metrics of back-ups, from the book that `cityops backup` writes."""

from __future__ import annotations

import asyncio
import math

from ops_api.queries import DatabaseUnavailableError
from ops_api.routers.context import Context

MEASURE_S = 2.0


async def measure(ctx: Context) -> None:
    """Set the gauges of back-ups; not a number where the database does not answer, infinite where there never was one."""
    gauges = ctx.metrics
    try:
        async with asyncio.timeout(MEASURE_S):
            last = await ctx.db.one("last_backup")
    except (DatabaseUnavailableError, TimeoutError):
        for gauge in (
            gauges.backup_age_s,
            gauges.backup_verified_age_s,
            gauges.backup_bytes,
            gauges.backup_failed,
        ):
            gauge.set(math.nan)
        return
    now = ctx.clock.now()
    for gauge, at in (
        (gauges.backup_age_s, last["started_at"]),
        (gauges.backup_verified_age_s, last["verified_at"]),
    ):
        gauge.set(math.inf if at is None else (now - at).total_seconds())
    gauges.backup_bytes.set(last["bytes"] or 0)
    gauges.backup_failed.set(last["failed"])
