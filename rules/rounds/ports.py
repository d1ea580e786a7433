"""What the rounds' plans need of the outside: Protocols with two implementations each; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from cityops.errors import CityopsError
from devices.registry import Registry
from rules.core.cab.model import Service
from rules.core.crew.model import Fix, SeenBin
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest


class NoSuchRoundsError(CityopsError):
    """There is no plan of that number."""

    exit_code = 2


class RoundsMovedError(CityopsError):
    """Somebody else has made the day's next plan, or changed the lorries, meanwhile; plan again."""


class NoRoundsError(CityopsError):
    """No plan can be made, in words for whoever asked."""


class FleetKept(msgspec.Struct, frozen=True, kw_only=True):
    """The lorries that count, with the number by which plans name them."""

    fleet_id: int
    fleet: RoundFleet


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of ``bins.round``: its time [s since 1970] and the candidates of its result as they were written."""

    decision_id: int
    at_s: float
    candidates: tuple[dict[str, Any], ...]


class NewRounds(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that is to be kept.

    Attributes:
        day: local date; ``after``: number of the day's plan whose place it takes.
        decision_id: that it was made from; None where candidates came otherwise.
        fleet_id: of the lorries; ``at_s``: the town's time [s since 1970].
        by, role, via, reason: who asked, how and why; with a known ``request_id`` nothing is done again.
    """

    day: str
    after: int | None
    decision_id: int | None
    fleet_id: int
    at_s: float
    by: str
    role: str
    via: str
    reason: str
    plan: RoundPlan
    request_id: str | None = None


class Rounds(NewRounds, frozen=True, kw_only=True):
    """A plan that is kept, with its number."""

    version: int


Makes = Callable[[RoundRequest, RoundPlanner], Awaitable[RoundPlan]]
"""Makes and checks a plan as :func:`rules.rounds.making.make` does, beside the event loop."""


class RoundBook(Protocol):
    """Plans and lorries; TransientError where the database does not answer."""

    async def newest(self, day: str) -> Rounds | None:
        """Return the newest plan of a day (ISO 8601)."""
        ...

    async def rounds(self, version: int) -> Rounds:
        """Return a plan; NoSuchRoundsError where there is none."""
        ...

    async def numbers(self, day: str) -> Sequence[int]:
        """Return the numbers of a day's plans, ascending; cheap."""
        ...

    async def known(self, request_id: str) -> Rounds | None:
        """Return the plan that a request made."""
        ...

    async def add(self, new: NewRounds) -> Rounds:
        """Keep a plan.

        Raises:
            RoundsMovedError: ``new.after`` is not the day's newest plan, or ``new.fleet_id`` not the newest lorries;
                nothing was written.
        """
        ...

    async def fleet(self) -> FleetKept | None:
        """Return the lorries that count; None where nobody has written any."""
        ...

    async def put_fleet(self, fleet: RoundFleet, by: str, reason: str) -> FleetKept:
        """Keep lorries; they count from the next plan on."""
        ...

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back; with a known ``request_id`` nothing again."""
        ...

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry's service."""
        ...

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service, with what was said."""
        ...


class RoundReports(Protocol):
    """What lorries and bins reported; TransientError where the database does not answer."""

    async def tracks(self, devices: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Fix]]:
        """Return by device its reports in a time, both ends included, by time; devices that said nothing are not in it."""
        ...

    async def seen(self, from_s: float, to_s: float) -> Sequence[SeenBin]:
        """Return what bins' series showed in a time, both ends included: emptied, or not though a lorry was there."""
        ...


class RoundTown(Protocol):
    """Roads, bins and decisions; TransientError where the database does not answer."""

    async def registry(self) -> Registry:
        """Return what is installed."""
        ...

    async def decided(self, from_s: float, to_s: float) -> Decided | None:
        """Return the newest decision of ``bins.round`` in a time [s since 1970]; None where there is none."""
        ...
