"""What the demo sets of its devices, so that the fleet's page has something to say: one group measures oftener."""

from __future__ import annotations

from cityops.db.pool import connect
from cityops.settings import Settings
from devices.registry import Registry
from ops_api.queries import OneConnection
from ops_api.wiring import kinds_of
from ops_api.wiring_fleet import fleet_desk

GROUP = "market-place"
_BINS = 12
CADENCE_S = 1200


def market_bins(registry: Registry, *, wanted: bool = True) -> list[str]:
    """Return the bins of the market place; none where they are not ``wanted``: a check plays what its scenario says."""
    return [device.name for device in registry.devices if device.kind == "bin"][:_BINS] if wanted else []


async def set_some(dsn: str, bins: list[str], settings: Settings) -> None:
    """Put these bins into a group that measures every twenty minutes."""
    if not bins:
        return
    async with await connect(dsn, application_name="cityops demo fleet", autocommit=False) as conn:
        desk = fleet_desk(OneConnection(conn), kinds_of(settings))
        await desk.make_group(GROUP, "Bins of the market place", "demo")
        await desk.book.put(GROUP, bins)
        seen = await desk.preview("group", GROUP, {"cadence_s": CADENCE_S})
        await desk.make(seen, "demo", "the market fills them quicker")
