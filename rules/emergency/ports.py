"""What the emergency way needs of the outside: Protocols with two implementations each; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from devices.registry import Registry
from rules.core.emergency.roster import EmergencyRoster


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A stretch as the rules last saw it: state of its surface, and when [s since 1970]."""

    segment_id: str
    state: str
    at_s: float


class EmergencyTown(Protocol):
    """Roads and what is known of them; TransientError where the database does not answer."""

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed; cheap."""
        ...

    async def registry(self) -> Registry:
        """Return what is installed."""
        ...

    async def states(self) -> Sequence[StateSeen]:
        """Return each stretch that the rules know of."""
        ...

    async def ice(self, now_s: float) -> Mapping[str, float]:
        """Return by stretch the chance that it is icy within this hour (0..1); empty where no fresh forecast is there."""
        ...

    async def treated(self) -> Mapping[str, float]:
        """Return by stretch when salt was last spread on it [s since 1970]."""
        ...


class Stations(Protocol):
    """Which stations there are."""

    async def roster(self) -> EmergencyRoster | None:
        """Return the newest roster; None where nobody has written one."""
        ...

    async def put_roster(self, roster: EmergencyRoster, by: str, reason: str) -> None:
        """Keep a roster; it counts at once."""
        ...
