"""What tonight's plans need of the outside: Protocols with two implementations each; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cityops.errors import CityopsError
from devices.registry import Registry
from rules.core.cab.making import Wish
from rules.core.cab.model import Contents, NewPlan, Plan, Service
from rules.core.fleet.planner import FleetPlanner
from rules.core.fleet.roster import Roster
from rules.core.treatment import Pass


class NoSuchPlanError(CityopsError):
    """There is no plan of that number, or no lorry of that name in it."""

    exit_code = 2


class PlanMovedError(CityopsError):
    """Somebody else has made the night's next plan meanwhile; it is read and tried again."""


class NotPlannedError(CityopsError):
    """No plan can be made, in words for whoever asked."""


class PlanBusyError(NotPlannedError):
    """A plan is being made, and one is made at a time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading of a gritter: time [s since 1970], place [°], speed [m/s], rate [g/m²], salt left [kg]."""

    device: str
    ts_s: float
    latitude_deg: float
    longitude_deg: float
    speed_m_s: float
    spread_rate_g_m2: float | None
    salt_remaining_kg: float | None


@dataclass(frozen=True, slots=True)
class Marks:
    """How many changes of service, of the roster and of closed roads there have been: what a plan was made from is still so where these are."""

    services: int
    rosters: int
    closures: int = 0


Makes = Callable[[Wish, FleetPlanner], Awaitable[Contents]]
"""Makes a plan as ``rules.core.cab.making.make`` does, beside the event loop."""


class PlanBook(Protocol):
    """Plans, the roster and what is out of service; TransientError where the database does not answer."""

    async def newest(self, night: str) -> Plan | None:
        """Return the newest plan of a night (ISO 8601, the day on which it began)."""
        ...

    async def before(self, night: str) -> Plan | None:
        """Return the newest plan of an earlier night."""
        ...

    async def plan(self, version: int) -> Plan:
        """Return a plan; NoSuchPlanError where there is none."""
        ...

    async def versions(self, night: str) -> Sequence[Plan]:
        """Return the plans of a night, oldest first."""
        ...

    async def numbers(self, night: str) -> Sequence[int]:
        """Return the numbers of a night's plans, ascending; cheap."""
        ...

    async def known(self, request_id: str) -> Plan | None:
        """Return the plan that a request made."""
        ...

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry."""
        ...

    async def marks(self) -> Marks:
        """Return what a plan that is kept later must have been made from."""
        ...

    async def add(self, new: NewPlan, marks: Marks) -> Plan:
        """Keep a plan that was made from what ``marks`` stand for.

        Raises:
            PlanMovedError: ``new.after`` is not the newest plan of its night, or a lorry has gone out of service or come
                back, or the roster has changed meanwhile; nothing was written.
        """
        ...

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back; with a known ``request_id`` nothing again."""
        ...

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service, with what was said."""
        ...

    async def roster(self) -> Roster | None:
        """Return the newest roster; None where nobody has written one."""
        ...

    async def put_roster(self, roster: Roster, by: str, reason: str) -> None:
        """Keep a roster; it counts from the next plan on."""
        ...


class Town(Protocol):
    """Roads, gritters' readings and what they have spread; TransientError where the database does not answer."""

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed; cheap."""
        ...

    async def registry(self) -> Registry:
        """Return what is installed."""
        ...

    async def readings(self, devices: Sequence[str], from_s: float, to_s: float) -> Sequence[Seen]:
        """Return gritters' readings in a time [s since 1970], by time."""
        ...

    async def heard(self, devices: Sequence[str], from_s: float, to_s: float) -> object:
        """Return a value that differs where ``readings`` would; cheap."""
        ...

    async def treated(self) -> Mapping[str, Sequence[Pass]]:
        """Return what gritters have spread in the last day, by stretch, as the rules have found it."""
        ...
