"""Rounds and a town in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from devices.registry import Registry
from rules.core.rounds.fleet import RoundFleet
from rules.rounds.ports import Decided, FleetKept, NewRounds, NoSuchRoundsError, Rounds, RoundsMovedError


@dataclass
class MemoryRounds:
    """:class:`rules.rounds.ports.RoundBook` in memory."""

    plans: list[Rounds] = field(default_factory=list)
    fleets: list[FleetKept] = field(default_factory=list)

    async def newest(self, day: str) -> Rounds | None:
        """Return the newest plan of a day."""
        return next((p for p in reversed(self.plans) if p.day == day), None)

    async def rounds(self, version: int) -> Rounds:
        """Return a plan."""
        if not 1 <= version <= len(self.plans):
            raise NoSuchRoundsError(f"There are no rounds {version}.")
        return self.plans[version - 1]

    async def numbers(self, day: str) -> Sequence[int]:
        """Return the numbers of a day's plans, ascending."""
        return [p.version for p in self.plans if p.day == day]

    async def known(self, request_id: str) -> Rounds | None:
        """Return the plan that a request made."""
        return next((p for p in self.plans if p.request_id == request_id), None)

    async def add(self, new: NewRounds) -> Rounds:
        """Keep a plan; see :class:`rules.rounds.ports.RoundBook`."""
        newest = await self.newest(new.day)
        if new.after != (None if newest is None else newest.version):
            raise RoundsMovedError("somebody else has made the day's next plan meanwhile")
        if not self.fleets or new.fleet_id != self.fleets[-1].fleet_id:
            raise RoundsMovedError("the lorries have changed meanwhile")
        fields = {f: getattr(new, f) for f in NewRounds.__struct_fields__}
        plan = Rounds(version=len(self.plans) + 1, **fields)
        # What is kept is what can be read again.
        self.plans.append(msgspec.json.decode(msgspec.json.encode(plan), type=Rounds))
        return self.plans[-1]

    async def fleet(self) -> FleetKept | None:
        """Return the lorries that count."""
        return self.fleets[-1] if self.fleets else None

    async def put_fleet(self, fleet: RoundFleet, by: str, reason: str) -> FleetKept:
        """Keep lorries."""
        self.fleets.append(FleetKept(fleet_id=len(self.fleets) + 1, fleet=fleet))
        return self.fleets[-1]


@dataclass
class MemoryRoundTown:
    """:class:`rules.rounds.ports.RoundTown` in memory."""

    installed: Registry
    decisions: list[Decided] = field(default_factory=list)

    async def registry(self) -> Registry:
        """Return what is installed."""
        return self.installed

    async def decided(self, from_s: float, to_s: float) -> Decided | None:
        """Return the newest decision of ``bins.round`` in a time."""
        found = [d for d in self.decisions if from_s <= d.at_s < to_s]
        return max(found, key=lambda d: (d.at_s, d.decision_id), default=None)
