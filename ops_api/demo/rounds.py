"""The demo town's bin lorries, yards and tip, as a waste service would write them down."""

from __future__ import annotations

from cityops.db.pool import connect
from devices.registry import Registry
from firmware_sim.world.collection_rounds import CAPACITY_KG
from firmware_sim.world.collection_streets import collection_sites
from ops_api.queries import OneConnection
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.roster import checked
from rules.rounds.store import PostgresRounds

BODY_M3, COMPACTION = 6.0, 2.0
"""Of a small litter lorry, that fits into the town's streets."""
WEIGHT_T, HEIGHT_M, WIDTH_M = 7.5, 2.8, 2.2


def lorries_of(registry: Registry) -> RoundFleet | None:
    """Return the town's lorries with their yards and the tip; None where it has none or no roads."""
    names = [d.name for d in registry.devices if d.kind == "lorry"]
    if not names or not registry.nodes:
        return None
    sites = collection_sites(registry.nodes, registry.depots)
    at = {n.node_id: (n.latitude_deg, n.longitude_deg) for n in registry.nodes}
    tip_lat, tip_lon = at[sites.tip]
    depots = {node: f"yard-{k}" for k, node in enumerate(dict.fromkeys(sites.yards), start=1)}
    streams = tuple(sorted({b.stream for b in registry.bins}))
    lorries = tuple(
        RoundLorry(
            id=name, depot=depots[sites.yards[k % len(sites.yards)]], streams=streams or ("litter",), max_kg=CAPACITY_KG,
            body_m3=BODY_M3, compaction=COMPACTION, weight_t=WEIGHT_T, height_m=HEIGHT_M, width_m=WIDTH_M,
        )
        for k, name in enumerate(names)
    )  # fmt: skip
    fleet = RoundFleet(
        depot=tuple(
            DepotEntry(id=name, latitude_deg=at[node][0], longitude_deg=at[node][1])
            for node, name in depots.items()
        ),
        tip=(TipEntry(id="tip", opens="06:00", closes="18:00", latitude_deg=tip_lat, longitude_deg=tip_lon),),
        lorry=lorries,
    )
    return checked(fleet)


async def load_lorries(dsn: str, registry: Registry) -> None:
    """Write down the town's lorries where nobody has written down any.

    Raises:
        TransientError: the database does not answer.
    """
    fleet = lorries_of(registry)
    if fleet is None:
        return
    async with await connect(dsn, application_name="cityops demo", autocommit=False) as conn:
        book = PostgresRounds(OneConnection(conn))
        if await book.fleet() is None:
            await book.put_fleet(fleet, "cityops demo", "the simulated town's lorries")
