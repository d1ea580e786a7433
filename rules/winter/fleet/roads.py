"""The roads that lorries are planned on, as installed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from devices.registry import Registry
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Plan
from rules.core.cab.roads import known_as
from rules.core.network.check import stopping
from rules.core.network.network import Network
from rules.winter.fleet.asking import changed_roads_words
from rules.winter.fleet.last_used import LastUsed
from rules.winter.fleet.ports import NotPlannedError, Town

PLANS = 16
"""Plans that are kept on their roads."""


@dataclass(frozen=True, eq=False)
class Roads:
    """What is installed, as lorries drive it; ``known_as``: the hashes by which plans name it."""

    registry: Registry
    network: Network
    known_as: frozenset[str]


class InstalledRoads:
    """The town's roads, read again where they may have changed."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._kept: tuple[object, Roads | str] | None = None
        self._plans: LastUsed[OnRoads] = LastUsed(PLANS)
        self._one = asyncio.Lock()

    async def found(self) -> Roads | str:
        """Return the directed roads, or why there are none that lorries can be planned on."""
        stamp = await self._town.stamp()
        async with self._one:
            if self._kept is None or self._kept[0] != stamp:
                registry = await self._town.registry()
                self._kept = stamp, await asyncio.to_thread(_directed, registry)
            return self._kept[1]

    async def roads(self) -> Roads:
        """Return the directed roads; NotPlannedError, in words, where the town has none."""
        found = await self.found()
        if isinstance(found, str):
            raise NotPlannedError(found)
        return found

    async def on_roads(self, plan: Plan) -> OnRoads:
        """Return a plan on its roads; NotPlannedError where they are others than those it was made for."""
        roads = await self.roads()
        if plan.contents.roads not in roads.known_as:
            raise NotPlannedError(f"{changed_roads_words(plan, roads.network)}: plan tonight again")

        async def on() -> OnRoads:
            return OnRoads(roads.network, plan.contents)

        return await self._plans.get((plan.version, roads), on)

    async def are_of(self, plan: Plan) -> bool:
        """Whether the roads are still the ones that a plan was made for."""
        return plan.contents.roads in (await self.roads()).known_as


def _directed(registry: Registry) -> Roads | str:
    """Return the roads, or why no lorry can be planned on them."""
    if not registry.segments or not registry.depots:
        return f"the registry has no {'depot' if registry.segments else 'roads'}"
    try:
        network = Network.of(registry)
    except ValueError as error:
        return str(error)
    errors = [f.text for f in stopping(network, registry.depots)]
    if errors:
        return f"the roads can't be driven as they are: {errors[0]}"
    return Roads(registry, network, known_as(network))
