"""What the crews' pages are given; built by ``ops_api.wiring_crew``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.registry import BinSite
from ops_api.housing.team_door import TeamDoor
from rules.core.cab.roads import roads_sha256
from rules.core.crew_card.lines import Line, line_of, lines_of
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.plan import RoundPlan
from rules.crew_taps.service import CrewTaps
from rules.rounds.ports import NoRoundsError, Rounds
from rules.rounds.service import RoundDesk
from rules.winter.fleet.last_used import LastUsed

Way = list[tuple[float, float]]
"""Longitude and latitude [°]."""


@dataclass(frozen=True, slots=True)
class Told:
    """A plan as crews read it: each lorry's lines and its way."""

    lines: Mapping[str, tuple[Line, ...]]
    ways: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class CrewDesk:
    """The crews' side of the rounds.

    Attributes:
        rounds: plans and where lorries are.
        taps: takes what crews tap.
        door: lets crews act; None: there is no password, and they only look.
        told: plans in words, by their number.
        files: cards and tracks that were made.
    """

    rounds: RoundDesk
    taps: CrewTaps
    door: TeamDoor | None = None
    told: LastUsed[Told] = field(default_factory=lambda: LastUsed(4))
    files: LastUsed[bytes] = field(default_factory=lambda: LastUsed(64))

    async def words(self, rounds: Rounds) -> Told:
        """Return a plan in words; of roads that have changed since nothing is said."""

        async def make() -> Told:
            kept = await self.rounds.book.fleet()
            if kept is None:
                raise NoRoundsError("there are no lorries")
            registry = await self.rounds.town.registry()

            def in_thread() -> Told:
                try:
                    network = Network.of(registry)
                except ValueError:
                    network = None
                sites = {b.bin_id: b for b in registry.bins}
                if network is not None and roads_sha256(network) != rounds.plan.made_from.roads:
                    network = None
                return told_of(rounds.plan, sites, kept.fleet, network)

            return await asyncio.to_thread(in_thread)

        return await self.told.get(rounds.version, make)


def told_of(
    plan: RoundPlan, sites: Mapping[str, BinSite], fleet: RoundFleet, network: Network | None
) -> Told:
    """Return a plan in words."""
    candidates = plan.made_from.candidates
    return Told(
        {r.lorry_id: lines_of(r, candidates, sites, fleet, network) for r in plan.rounds},
        {r.lorry_id: line_of(r, network) for r in plan.rounds},
    )
