"""From what an operator types or points at to the place of an incident: a thing, a street, degrees. No home is found by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops_api.ops_places import Address, Addresses, place_of
from rules.core.emergency.places import nearest, point_on
from rules.emergency.service import NoWayError, WayDesk

NEAR_M = 500.0
"""A place is in the street that is nearest, within so much [m]."""

Things = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns the bins and devices of a name: latitude_deg, longitude_deg, street."""


async def no_addresses(_words: Sequence[str]) -> Sequence[Address]:
    """Where no addresses are at hand."""
    return ()


@dataclass(frozen=True, slots=True)
class Spot:
    """A place [°], and the street that it is in; empty: in none that is known."""

    latitude_deg: float
    longitude_deg: float
    street: str

    @property
    def fields(self) -> dict[str, Any]:
        """Return it as a command has it."""
        return {
            "latitude_deg": self.latitude_deg,
            "longitude_deg": self.longitude_deg,
            "place": self.street,
        }


async def _spot_at(ways: WayDesk | None, latitude_deg: float, longitude_deg: float) -> Spot:
    """Return a place with the street that is nearest to it."""
    try:
        network = None if ways is None else (await ways.ground()).network
    except NoWayError:
        network = None
    hit = None if network is None else nearest(network, latitude_deg, longitude_deg, NEAR_M)
    street = "" if network is None or hit is None else network.segments[hit[0]].street
    return Spot(latitude_deg, longitude_deg, street)


async def spot_of(ways: WayDesk | None, addresses: Addresses, things: Things, text: str) -> Spot:
    """Return the place that is meant by a text: a bin, a device, a stretch, a street, degrees; of an address its street.

    Raises:
        NoWayError: nothing is meant by it, or several things, in words.
    """
    # A bin and the device in it may have one name.
    found = {
        (row["latitude_deg"], row["longitude_deg"]): row["street"]
        for row in reversed(await things(text.strip()))
    }
    if len(found) > 1:
        raise NoWayError(f"which one? {text.strip()!r} is at {len(found)} places")
    for (lat, lon), street in found.items():
        return Spot(lat, lon, street)
    if ways is None:
        raise NoWayError(f"nothing is known as {text.strip()!r}")
    asked = await place_of(ways, addresses, text, "", exempt=False)
    network = (await ways.ground()).network
    hit = nearest(network, asked.latitude_deg, asked.longitude_deg, NEAR_M)
    if hit is None or asked.label == f"{asked.latitude_deg:.5f}, {asked.longitude_deg:.5f}":
        return await _spot_at(ways, asked.latitude_deg, asked.longitude_deg)
    # The middle of the stretch: near enough, and of a house no more than its street is told to everybody who reads.
    lon, lat = point_on(network, hit[0], 0.5)
    return Spot(round(lat, 6), round(lon, 6), network.segments[hit[0]].street)
