"""Bins, lorries and tips on the fleet's little town, for the rounds' tests: the same seed makes the same day."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from rules.core.network.network import Network
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.roster import checked
from rules.core.rounds.settings import RoundSettings
from tests.fakes.fleet_towns import BLOCK_DEG, fleet_town

SIDE = 4
FAR_CORNER = Place(52.0 + (SIDE - 1) * BLOCK_DEG, (SIDE - 1) * BLOCK_DEG * 1.6)
NEAR_CORNER = Place(52.0, 0.0)
MIDDLE = Place(52.0 + 2 * BLOCK_DEG, 2 * BLOCK_DEG * 1.6)


def day_of(
    bins: int = 12,
    seed: int = 1,
    network: Network | None = None,
    fleet: RoundFleet | None = None,
    **more: Any,
) -> RoundRequest:
    """Return a day on which some bins of the town must be emptied and others may."""
    roads = town(seed) if network is None else network
    return RoundRequest(
        roads,
        lorries() if fleet is None else fleet,
        more.pop("candidates", candidates(roads, bins, seed)),
        "2026-06-13",
        1_781_305_200,
        **more,
    )


def town(seed: int = 1, bans: int = 2) -> Network:
    """Return the streets."""
    return fleet_town(seed, SIDE, bans)


def candidates(
    network: Network, count: int, seed: int = 1, streams: tuple[str, ...] = ("litter",)
) -> list[Candidate]:
    """Return bins beside the streets, some of them with hours."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        arcs = network.arcs_of[int(rng.integers(0, len(network.segments)))]
        (x0, y0), *_, (x1, y1) = network.line(arcs[0])
        share, aside = rng.uniform(0.05, 0.95), rng.normal(0.0, 5e-5)
        must = bool(rng.random() < 0.4)
        litres = float(rng.uniform(200.0, 1000.0))
        hours = (25_200, 36_000) if rng.random() < 0.2 else (0, 172_800)
        found.append(
            Candidate(
                bin_id=f"b{number}",
                place=Place(y0 + share * (y1 - y0) + aside, x0 + share * (x1 - x0) + aside),
                stream=streams[int(rng.integers(0, len(streams)))],
                litres=litres,
                mass_kg=0.1 * litres,
                must=must,
                code="full" if must else "may",
                why="over 80 % on 2 of 3 readings" if must else "",
                p_overflow=1.0 if must else float(rng.uniform(0.0, 1.0)),
                from_s=hours[0],
                until_s=hours[1],
            )
        )
    return found


def lorries(count: int = 2, settings: RoundSettings | None = None, **lorry: Any) -> RoundFleet:
    """Return a fleet: a yard in a corner, a tip in the other and one in the middle that closes at noon."""
    usual: dict[str, Any] = {"max_kg": 300.0, "body_m3": 1.5, "compaction": 2.0, "hours": 6.0} | lorry
    return checked(
        RoundFleet(
            depot=(DepotEntry(id="yard", latitude_deg=52.0, longitude_deg=0.0),),
            tip=(
                TipEntry(
                    id="far", latitude_deg=FAR_CORNER.latitude_deg, longitude_deg=FAR_CORNER.longitude_deg
                ),
                TipEntry(
                    id="noon",
                    latitude_deg=MIDDLE.latitude_deg,
                    longitude_deg=MIDDLE.longitude_deg,
                    opens="06:30",
                    closes="12:00",
                    unload_min=10,
                ),
            ),
            lorry=tuple(RoundLorry(id=f"L{n}", depot="yard", **usual) for n in range(count)),
            settings=RoundSettings() if settings is None else settings,
        )
    )


def changed(fleet: RoundFleet, lorry: int, **fields: Any) -> RoundFleet:
    """Return a fleet with one lorry changed."""
    new = tuple(msgspec.structs.replace(v, **fields) if n == lorry else v for n, v in enumerate(fleet.lorry))
    return checked(msgspec.structs.replace(fleet, lorry=new))
