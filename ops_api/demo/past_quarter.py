"""The demo's past: a simulated quarter of bins before the demo's first minute, and the statements of its months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.registry import Device, Registry
from ingest.registry_store import store_registry
from ops_api.demo.rounds import lorries_of
from rules.catalogue.store import PostgresCatalogueStore

ABOUT = timedelta(days=85)
"""So far back at least; from there to the first of that month, so that whole months have statements."""
INSTALLED_BEFORE = timedelta(days=7)
BINS = 60
"""Of a demo with a past, unless its settings say how many: 400 would take five times as long."""


def with_few_bins(settings: Settings) -> Settings:
    """Return the settings with as many bins as a past can be played for while somebody waits."""
    if "bins" in settings.sim.model_fields_set:
        return settings
    return settings.model_copy(update={"sim": settings.sim.model_copy(update={"bins": BINS})})


def first_day(start: datetime) -> date:
    """Return when the past begins, for a demo that begins at ``start`` by the town's clock."""
    return (start.date() - ABOUT).replace(day=1)


def in_place_before(registry: Registry, first: date, zone: ZoneInfo) -> Registry:
    """Return the town whose bins and bin lorries were there already when the past begins."""
    at = datetime.combine(first, datetime.min.time(), zone) - INSTALLED_BEFORE

    def earlier(d: Device) -> Device:
        return replace(d, installed_at=at) if d.kind in ("bin", "lorry") else d

    return replace(registry, devices=tuple(earlier(d) for d in registry.devices))


def bins_alone(registry: Registry) -> Registry:
    """Return what of a town takes part in its bins' past: of roads and homes nothing was measured then, nor to be decided."""
    devices = tuple(d for d in registry.devices if d.kind in ("bin", "lorry"))
    return Registry(
        name=registry.name,
        devices=devices,
        bins=registry.bins,
        bin_models=registry.bin_models,
        wards=registry.wards,
    )


async def play_past(
    dsn: str, registry: Registry, settings: Settings, start: datetime, say: Callable[[str], None]
) -> int:
    """Play the past until the midnight before ``start``, and keep its months' statements; return how many days it has.

    Until then the database holds :func:`bins_alone`, afterwards the whole town.

    Raises:
        ConfigurationError: the town has no lorries, or its bins have reported already.
        TransientError: the database does not answer.
    """
    from ops_api.past_quarter.model import Quarter  # slow to import, and few demos have a past
    from ops_api.past_quarter.quarter import keep_quarter
    from ops_api.wiring_bins_ledger import statement_keeper

    zone = ZoneInfo(settings.api.time_zone)
    local = start.astimezone(zone)
    first, fleet = first_day(local), lorries_of(registry)
    if fleet is None:
        raise ConfigurationError("a past of bins needs bin lorries and roads: none are in this town")
    days = (local.date() - first).days
    quarter = Quarter(registry, fleet, first, days, settings.sim.seed, zone)
    await keep_quarter(dsn, quarter, SystemClock(), say)
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        keeper = statement_keeper(settings, pool, PostgresCatalogueStore(pool), CollectorRegistry())
        for month in await keeper.look():
            say(f"  ledger: the statement of {month:%B %Y} is kept")
    async with await connect(dsn, application_name="cityops demo") as conn:
        await store_registry(conn, registry)
    return days
