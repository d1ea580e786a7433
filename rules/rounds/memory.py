"""Rounds and a town in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from devices.registry import Registry
from rules.core.cab.model import Service
from rules.core.crew.model import Fix, SeenBin
from rules.core.rounds.fleet import RoundFleet
from rules.rounds.ports import Decided, FleetKept, NewRounds, NoSuchRoundsError, Rounds, RoundsMovedError


@dataclass
class MemoryRounds:
    """:class:`rules.rounds.ports.RoundBook` in memory."""

    plans: list[Rounds] = field(default_factory=list)
    fleets: list[FleetKept] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

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

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back."""
        if service.request_id is None or await self.said(service.request_id) is None:
            self.services.append(service)

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry."""
        return next((s for s in self.services if s.request_id == request_id), None)

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service."""
        newest = {s.lorry: s for s in self.services}
        return {lorry: newest[lorry] for lorry in sorted(newest) if newest[lorry].what == "broken"}


@dataclass
class MemoryReports:
    """:class:`rules.rounds.ports.RoundReports` in memory: by device its reports, and what bins' series showed."""

    fixes: dict[str, list[Fix]] = field(default_factory=dict)
    bins: list[SeenBin] = field(default_factory=list)

    async def tracks(self, devices: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Fix]]:
        """Return by device its reports in a time."""
        found = {
            d: sorted((f for f in self.fixes.get(d, ()) if from_s <= f.at_s <= to_s), key=lambda f: f.at_s)
            for d in devices
        }
        return {d: fixes for d, fixes in found.items() if fixes}

    async def seen(self, from_s: float, to_s: float) -> Sequence[SeenBin]:
        """Return what bins' series showed in a time."""
        return sorted((b for b in self.bins if from_s <= b.at_s <= to_s), key=lambda b: b.at_s)


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
