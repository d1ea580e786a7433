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


async def set_some(dsn: str, registry: Registry, settings: Settings, *, wanted: bool = True) -> int:
    """Put some bins into a group that measures every twenty minutes; return how many.

    None in a town without bins, or where it is not ``wanted``: a check plays what its scenario says.
    """
    bins = [device.name for device in registry.devices if device.kind == "bin"][:_BINS]
    if not bins or not wanted:
        return 0
    async with await connect(dsn, application_name="cityops demo fleet", autocommit=False) as conn:
        desk = fleet_desk(OneConnection(conn), kinds_of(settings))
        await desk.make_group(GROUP, "Bins of the market place", "demo")
        await desk.book.put(GROUP, bins)
        seen = await desk.preview("group", GROUP, {"cadence_s": CADENCE_S})
        await desk.make(seen, "demo", "the market fills them quicker")
    return len(bins)
