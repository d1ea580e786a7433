"""Plans and a town in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from devices.registry import Registry
from rules.core.cab.model import NewPlan, Plan, Service
from rules.core.fleet.roster import Roster
from rules.core.treatment import Pass
from rules.winter.fleet.ports import Marks, NoSuchPlanError, PlanMovedError, Seen


@dataclass
class MemoryPlans:
    """:class:`rules.winter.fleet.ports.PlanBook` in memory."""

    plans: list[Plan] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    rosters: list[Roster] = field(default_factory=list)

    async def newest(self, night: str) -> Plan | None:
        """Return the newest plan of a night."""
        return next((p for p in reversed(self.plans) if p.night == night), None)

    async def before(self, night: str) -> Plan | None:
        """Return the newest plan of an earlier night."""
        return max(
            (p for p in self.plans if p.night < night), key=lambda p: (p.night, p.version), default=None
        )

    async def plan(self, version: int) -> Plan:
        """Return a plan."""
        if not 1 <= version <= len(self.plans):
            raise NoSuchPlanError(f"There is no plan {version}.")
        return self.plans[version - 1]

    async def versions(self, night: str) -> Sequence[Plan]:
        """Return the plans of a night, oldest first."""
        return [p for p in self.plans if p.night == night]

    async def numbers(self, night: str) -> Sequence[int]:
        """Return the numbers of a night's plans, ascending."""
        return [p.version for p in self.plans if p.night == night]

    async def known(self, request_id: str) -> Plan | None:
        """Return the plan that a request made."""
        return next((p for p in self.plans if p.request_id == request_id), None)

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry."""
        return next((s for s in self.services if s.request_id == request_id), None)

    async def marks(self) -> Marks:
        """Return what a plan that is kept later must have been made from."""
        return Marks(len(self.services), len(self.rosters))

    async def add(self, new: NewPlan, marks: Marks) -> Plan:
        """Keep a plan; see :class:`rules.winter.fleet.ports.PlanBook`."""
        newest = await self.newest(new.night)
        if new.after != (None if newest is None else newest.version):
            raise PlanMovedError("somebody else has made the night's next plan meanwhile")
        if marks != await self.marks():
            raise PlanMovedError("lorries or their service have changed meanwhile")
        fields = {f: getattr(new, f) for f in NewPlan.__struct_fields__}
        plan = Plan(version=len(self.plans) + 1, **fields)
        # What is kept is what can be read again.
        self.plans.append(msgspec.json.decode(msgspec.json.encode(plan), type=Plan))
        return self.plans[-1]

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back."""
        if service.request_id is None or all(s.request_id != service.request_id for s in self.services):
            self.services.append(service)

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service."""
        newest = {s.lorry: s for s in self.services}
        return {lorry: newest[lorry] for lorry in sorted(newest) if newest[lorry].what == "broken"}

    async def roster(self) -> Roster | None:
        """Return the newest roster."""
        return self.rosters[-1] if self.rosters else None

    async def put_roster(self, roster: Roster, by: str, reason: str) -> None:
        """Keep a roster."""
        self.rosters.append(roster)


@dataclass
class MemoryTown:
    """:class:`rules.winter.fleet.ports.Town` in memory."""

    installed: Registry
    seen: list[Seen] = field(default_factory=list)
    passes: dict[str, Sequence[Pass]] = field(default_factory=dict)

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed."""
        return id(self.installed)

    async def registry(self) -> Registry:
        """Return what is installed."""
        return self.installed

    async def readings(self, devices: Sequence[str], from_s: float, to_s: float) -> Sequence[Seen]:
        """Return gritters' readings in a time, by time."""
        found = [s for s in self.seen if s.device in devices and from_s <= s.ts_s <= to_s]
        return sorted(found, key=lambda s: (s.ts_s, s.device))

    async def heard(self, devices: Sequence[str], from_s: float, to_s: float) -> object:
        """Return a value that differs where ``readings`` would."""
        return sum(s.device in devices and from_s <= s.ts_s <= to_s for s in self.seen)

    async def treated(self) -> Mapping[str, Sequence[Pass]]:
        """Return what gritters have spread."""
        return self.passes
