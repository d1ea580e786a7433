"""From what somebody typed as a place to a point: coordinates, a stretch, an address, a street."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cityops.errors import ConfigurationError
from rules.core.bin_days.search import enough, names_a_house, words_of
from rules.core.emergency.finding import AskedWay
from rules.core.emergency.places import point_on
from rules.core.network.network import Network
from rules.emergency.service import NoWayError, WayDesk

_POINT = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[, ]\s*(-?\d{1,3}(?:\.\d+)?)\s*")
TYPED_MOST = 200
SHOWN_MOST = 30
STRETCHES_MOST = 500
"""So many may be closed at once: a district."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address and where it is [°, WGS 84]."""

    address: str
    latitude_deg: float
    longitude_deg: float


Addresses = Callable[[Sequence[str]], Awaitable[Sequence[Address]]]
"""Returns a few addresses that have all of some words; none where this installation has no addresses."""


def of_street(network: Network, name: str) -> list[str]:
    """Return the stretches of a street, or of a road's number; case does not matter."""
    wanted = name.strip().casefold()
    return [
        s.segment_id for s in network.segments if wanted and wanted in (s.street.casefold(), s.ref.casefold())
    ]


def streets_like(network: Network, text: str) -> list[str]:
    """Return names of streets with a text in them, by name."""
    wanted = text.strip().casefold()
    names = {s.street for s in network.segments if s.street and wanted in s.street.casefold()}
    return sorted(names)[:SHOWN_MOST]


def stretches_of(network: Network, segments: Sequence[str], streets: Sequence[str]) -> list[str]:
    """Return the stretches that are meant, each once.

    Args:
        network: the roads.
        segments: ids of stretches; unknown ones are left to whoever keeps them.
        streets: names of streets or numbers of roads, of which all stretches are meant.

    Raises:
        ConfigurationError: there are none, a street is unknown, or they are too many for one closure.
    """
    found = list(segments)
    for name in streets:
        own = of_street(network, name)
        if not own:
            like = ", ".join(streets_like(network, name))
            raise ConfigurationError(f"There is no street {name!r}{f'; there are {like}' if like else ''}.")
        found += own
    found = list(dict.fromkeys(found))
    if not found:
        raise ConfigurationError("Which road? Choose stretches on the map, or write a street's name.")
    if len(found) > STRETCHES_MOST:
        raise ConfigurationError(f"{len(found)} stretches; at most {STRETCHES_MOST} at once.")
    return found


async def place_of(ways: WayDesk, addresses: Addresses, text: str, vehicle: str, *, exempt: bool) -> AskedWay:
    """Return what is asked for.

    Raises:
        NoWayError: nothing is meant by the text, or several things, in words.
    """
    typed = text.strip()[:TYPED_MOST]
    if found := _POINT.fullmatch(typed):
        lat, lon = float(found[1]), float(found[2])
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
            raise NoWayError(f"{lat}, {lon} is no place in degrees")
        return AskedWay(lat, lon, vehicle, exempt, f"{lat:.5f}, {lon:.5f}")
    network = (await ways.ground()).network
    if typed in network.graph.segment_index:
        return _on(network, network.graph.segment_index[typed], vehicle, exempt, typed)
    words = words_of(typed)
    if enough(words) and names_a_house(words) and (some := await addresses(words)):
        if len(some) > 1:
            raise NoWayError(f"which one? {'; '.join(a.address for a in some)}")
        return AskedWay(some[0].latitude_deg, some[0].longitude_deg, vehicle, exempt, some[0].address)
    return _street(network, typed, vehicle, exempt)


def _street(network: Network, typed: str, vehicle: str, exempt: bool) -> AskedWay:
    """Return the middle of a street; what is before its name, as a house's number that nobody knows, is left out."""
    name = re.sub(r"^\d+\w?[, ]+", "", typed)
    own = of_street(network, name)
    if own:
        number = network.graph.segment_index[own[len(own) // 2]]
        label = name if name == typed else f"{name} (its middle: no address {typed!r} is known)"
        return _on(network, number, vehicle, exempt, label)
    like = ", ".join(streets_like(network, name))
    raise NoWayError(f"nothing is known as {typed!r}{f'; streets: {like}' if like else ''}")


def _on(network: Network, segment: int, vehicle: str, exempt: bool, label: str) -> AskedWay:
    lon, lat = point_on(network, segment, 0.5)
    return AskedWay(lat, lon, vehicle, exempt, label)
