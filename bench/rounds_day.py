"""The day of ``bench rounds``: bins beside the streets of a map's middle, lorries in one yard, tips at two edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rules.core.network.network import Network
from rules.core.places import METRES_PER_DEGREE
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.roster import checked

MIDNIGHT_S = 1_781_305_200
"""13 June 2026 in London."""

KG_PER_L = 0.07
"""Of loose litter; Enevo's figure for Edinburgh, derived and not measured."""


@dataclass(frozen=True)
class Size:
    """How much there is of everything; bins stand within so many metres of the middle of all junctions."""

    bins: int = 1000
    lorries: int = 6
    must_share: float = 0.35
    within_m: float = 4000.0
    seed: int = 1


def day(network: Network, size: Size) -> RoundRequest:
    """Return the day: the same for the same arguments."""
    latitude = float(np.median([n.latitude_deg for n in network.nodes]))
    longitude = float(np.median([n.longitude_deg for n in network.nodes]))
    middle = Place(latitude, longitude)
    return RoundRequest(
        network, _fleet(middle, size), _bins(network, middle, size), "2026-06-13", MIDNIGHT_S, roads="bench"
    )


def _fleet(middle: Place, size: Size) -> RoundFleet:
    yard, north, south = (_off(middle, *metres) for metres in ((1000, 1200), (-2000, 3300), (3500, -4400)))
    return checked(
        RoundFleet(
            depot=(DepotEntry(id="yard", latitude_deg=yard.latitude_deg, longitude_deg=yard.longitude_deg),),
            tip=(_tip("north", north, "06:30", "16:00"), _tip("south", south, "07:00", "17:00")),
            lorry=tuple(
                RoundLorry(id=f"lorry-{n + 1}", depot="yard", body_m3=14.0, compaction=3.0, max_kg=6000.0)
                for n in range(size.lorries)
            ),
        )
    )


def _tip(name: str, at: Place, opens: str, closes: str) -> TipEntry:
    return TipEntry(
        id=name, latitude_deg=at.latitude_deg, longitude_deg=at.longitude_deg, opens=opens, closes=closes
    )


def _off(middle: Place, east_m: float, north_m: float) -> Place:
    squeeze = math.cos(math.radians(middle.latitude_deg))
    return Place(
        middle.latitude_deg + north_m / METRES_PER_DEGREE,
        middle.longitude_deg + east_m / METRES_PER_DEGREE / squeeze,
    )


def _bins(network: Network, middle: Place, size: Size) -> list[Candidate]:
    rng = np.random.default_rng(size.seed)
    lines = [network.line(arcs[0]) for arcs in network.arcs_of]
    x, y = np.array([line[len(line) // 2] for line in lines]).T
    east = (x - middle.longitude_deg) * math.cos(math.radians(middle.latitude_deg))
    near = np.flatnonzero(np.hypot(east, y - middle.latitude_deg) * METRES_PER_DEGREE < size.within_m)
    chosen = rng.choice(near, size.bins, replace=len(near) < size.bins)
    return [_bin(rng, n, lines[segment], size.must_share) for n, segment in enumerate(chosen.tolist())]


def _bin(
    rng: np.random.Generator, number: int, line: list[tuple[float, float]], must_share: float
) -> Candidate:
    (x0, y0), (x1, y1) = line[len(line) // 2 - 1], line[len(line) // 2]
    share, aside = rng.uniform(0.2, 0.8), rng.normal(0.0, 5e-5, 2)
    must = bool(rng.random() < must_share)
    fill = float(rng.uniform(0.75, 1.05) if must else rng.uniform(0.2, 0.8))
    risk = 0.99 if must else min(0.99, max(0.0, (fill - 0.3) ** 3 * float(rng.uniform(0.3, 3.0))))
    return Candidate(
        bin_id=f"bin-{number:04d}",
        place=Place(y0 + share * (y1 - y0) + aside[0], x0 + share * (x1 - x0) + aside[1]),
        stream="litter",
        litres=1000.0 * fill,
        mass_kg=1000.0 * fill * KG_PER_L,
        must=must,
        code="full" if must else "may",
        p_overflow=risk,
    )
