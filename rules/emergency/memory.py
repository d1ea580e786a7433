"""A town and its stations in memory: for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devices.registry import Registry
from rules.core.emergency.roster import EmergencyRoster
from rules.emergency.ports import StateSeen


@dataclass
class MemoryEmergencyTown:
    """:class:`rules.emergency.ports.EmergencyTown` in memory."""

    installed: Registry
    seen: list[StateSeen] = field(default_factory=list)
    p_ice: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed."""
        return id(self.installed)

    async def registry(self) -> Registry:
        """Return what is installed."""
        return self.installed

    async def states(self) -> Sequence[StateSeen]:
        """Return what the rules know."""
        return self.seen

    async def ice(self, now_s: float) -> Mapping[str, float]:
        """Return chances of ice."""
        return self.p_ice

    async def treated(self) -> Mapping[str, float]:
        """Return when salt was spread."""
        return self.spread


@dataclass
class MemoryStations:
    """:class:`rules.emergency.ports.Stations` in memory."""

    rosters: list[EmergencyRoster] = field(default_factory=list)

    async def roster(self) -> EmergencyRoster | None:
        """Return the newest roster."""
        return self.rosters[-1] if self.rosters else None

    async def put_roster(self, roster: EmergencyRoster, by: str, reason: str) -> None:
        """Keep a roster."""
        self.rosters.append(roster)
