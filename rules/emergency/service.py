"""The desk of the emergency way: the town as it is now, its stations, and the way to a place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

import msgspec
import numpy as np

from cityops.errors import CityopsError
from devices.registry import Registry
from rules.closing.ports import Closures
from rules.closing.standing import closed_now
from rules.core.emergency.finding import AskedWay, NoPlaceError, WayAnswer, find_way
from rules.core.emergency.parameters import SURFACES, UNKNOWN, WayParameters
from rules.core.emergency.roster import STAND_IN, EmergencyRoster, checked, stand_ins
from rules.core.emergency.surface import Conditions
from rules.core.network.network import Network
from rules.emergency.ports import EmergencyTown, Stations

LASTS_S = 15.0
"""What is known of the roads is read again after so long [the town's s]."""
AT_ONCE, WAITING_MOST = 2, 20
"""So many ways are looked for at once, and so many questions wait: everybody may ask, and each takes a core for a while."""
NOTHING_KNOWN = "Nothing is known of the roads' surfaces: times are between those of dry and icy roads."


class NoWayError(CityopsError):
    """No way can be looked for, in words for whoever asked."""

    exit_code = 2


class TooManyError(CityopsError):
    """Too many ask for ways at once, in words."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The town's roads with nothing closed, and what is installed on them."""

    registry: Registry
    network: Network


class WayDesk:
    """Finds ways.

    Args:
        town: roads and what is known of them; ``stations``: where vehicles stand.
        closures: roads that are closed for a time; None: none is.
        parameters: of ``emergency_way.toml``.
        zone: of the town.
    """

    def __init__(
        self,
        town: EmergencyTown,
        stations: Stations,
        closures: Closures | None,
        parameters: WayParameters,
        zone: tzinfo,
    ) -> None:
        self.stations, self.parameters = stations, parameters
        self._town, self._closures, self.zone = town, closures, zone
        self._ground: tuple[object, Ground] | None = None
        self._known: tuple[tuple[object, float], Conditions] | None = None
        self._one, self._some, self._waiting = asyncio.Lock(), asyncio.Semaphore(AT_ONCE), 0

    async def ground(self) -> Ground:
        """Return the roads, read again where they may have changed.

        Raises:
            NoWayError: there are none, or they make no network.
            TransientError: the database does not answer.
        """
        stamp = await self._town.stamp()
        async with self._one:
            if self._ground is None or self._ground[0] != stamp:
                registry = await self._town.registry()
                if not registry.segments:
                    raise NoWayError("the registry has no roads: `cityops network import` brings them")
                try:
                    network = await asyncio.to_thread(Network.of, registry)
                except ValueError as error:
                    raise NoWayError(str(error)) from error
                self._ground, self._known = (stamp, Ground(registry, network)), None
            return self._ground[1]

    async def roster(self) -> tuple[EmergencyRoster, str]:
        """Return the stations, and what is to be said of them: that depots stand in for them."""
        written = await self.stations.roster()
        if written is not None:
            return written, ""
        registry = (await self.ground()).registry
        return stand_ins(registry.depots, registry.nodes), STAND_IN

    async def put_roster(self, roster: EmergencyRoster, by: str, reason: str) -> None:
        """Keep the stations; ValueError where they can't be, in words."""
        await self.stations.put_roster(checked(roster, self.parameters.vehicle), by, reason)

    async def closed(self, now_s: float) -> Network:
        """Return the roads with what is closed at this moment closed on them: a vehicle sets out now."""
        return await closed_now(self._closures, (await self.ground()).network, now_s, self.zone)

    async def conditions(self, now_s: float) -> Conditions:
        """Return what is known of each stretch now."""
        ground = await self.ground()
        held = self._known
        if held is None or held[0][0] is not ground or not 0.0 <= now_s - held[0][1] < LASTS_S:
            seen = {s.segment_id: (s.state, s.at_s) for s in await self._town.states()}
            ice, spread = await self._town.ice(now_s), await self._town.treated()
            held = self._known = (ground, now_s), _conditions(ground.network, seen, ice, spread, now_s)
        return held[1]

    async def find(self, asked: AskedWay, now_s: float) -> WayAnswer:
        """Return the quickest way from the best station as roads are now.

        Raises:
            NoWayError: there is no such vehicle, no station with one, or no road near the place.
            TooManyError: too many others ask.
            TransientError: the database does not answer.
        """
        if self._waiting >= WAITING_MOST:
            raise TooManyError("Too many ask for ways just now. Try again in some seconds.")
        self._waiting += 1
        try:
            async with self._some:
                return await self._find(asked, now_s)
        finally:
            self._waiting -= 1

    async def _find(self, asked: AskedWay, now_s: float) -> WayAnswer:
        network, conditions = await self.closed(now_s), await self.conditions(now_s)
        roster, said = await self.roster()
        stations = roster.of(asked.vehicle)
        if asked.vehicle in self.parameters.vehicle and not stations:
            raise NoWayError(f"no station has a vehicle {asked.vehicle!r}")
        try:
            found = await asyncio.to_thread(find_way, network, conditions, stations, asked, self.parameters)
        except NoPlaceError as error:
            raise NoWayError(str(error)) from error
        notes = [said] * bool(said) + [NOTHING_KNOWN] * bool((conditions.code == UNKNOWN).all())
        return msgspec.structs.replace(found, notes=(*found.notes, *notes))


def _conditions(
    network: Network,
    seen: Mapping[str, tuple[str, float]],
    ice: Mapping[str, float],
    spread: Mapping[str, float],
    now_s: float,
) -> Conditions:
    ids = [s.segment_id for s in network.segments]
    codes = {name: code for code, name in enumerate(SURFACES)}
    nothing = ("unknown", -np.inf)
    return Conditions(
        code=np.array([codes.get(seen.get(i, nothing)[0], UNKNOWN) for i in ids], dtype=np.int8),
        age_s=np.maximum(0.0, now_s - np.array([seen.get(i, nothing)[1] for i in ids], dtype=np.float64)),
        p_ice=np.array([ice.get(i, np.nan) for i in ids], dtype=np.float64),
        treated_s=np.maximum(0.0, now_s - np.array([spread.get(i, -np.inf) for i in ids], dtype=np.float64)),
    )
