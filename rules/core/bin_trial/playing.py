"""One way of choosing bins, played day by day: the rules see readings, the policy sees the rules, lorries drive plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo

from devices.registry import Registry
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_ledger.driven import planned
from rules.core.bin_ledger.values import Driven
from rules.core.bin_outlook.services import is_served
from rules.core.bin_trial.ports import Call, Street, Truth
from rules.core.bin_trial.watching import Watcher
from rules.core.network.network import Network
from rules.core.readings import Readings
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.policies import Policy
from rules.core.rounds.request import RoundRequest

Plans = Callable[[RoundRequest], RoundPlan]
"""Plans a day's rounds and checks them."""
PLAN_AT_S = 5 * 3600.0
"""Rounds are planned so long after local midnight [s]: before the first lorry leaves."""


@dataclass(frozen=True)
class Service:
    """What lorries drive with and on.

    Attributes:
        registry: bins and where they stand.
        network: its streets.
        fleet: lorries, depots, tips and settings.
        plans: see ``Plans``.
        zone: of service days.
    """

    registry: Registry
    network: Network
    fleet: RoundFleet
    plans: Plans
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class DayPlayed:
    """A day.

    Attributes:
        asked, musts: bins that the policy named, and that it demanded.
        plan: None where nothing was asked for; ``driven``: by lorry, as planned.
        truth: at its end.
    """

    day: date
    asked: int
    musts: int
    plan: RoundPlan | None
    driven: tuple[Driven, ...]
    truth: Truth

    @property
    def missed(self) -> int:
        """Must-go bins that no lorry could take."""
        return 0 if self.plan is None else len(self.plan.missed)


@dataclass
class Played:
    """A way of choosing, played: the truth before its first day, its days, and what the sensors said on them."""

    before: Truth
    days: list[DayPlayed] = field(default_factory=list)
    readings: list[Readings] = field(default_factory=list)


def play(
    street: Street,
    watcher: Watcher,
    service: Service,
    days: Sequence[date],
    policy_of: Callable[[date], Policy],
) -> Played:
    """Play days from the first one's midnight, where the street has to stand; ``policy_of``: who chooses on a day."""
    found = Played(street.truth())
    for day in days:
        start_s = midnight_s(day, service.zone)
        end_s = midnight_s(day + timedelta(days=1), service.zone)
        found.readings.append(_see(street, watcher, start_s + PLAN_AT_S, ()))
        bins = watcher.bins_today(service.registry, service.fleet.settings, start_s + PLAN_AT_S)
        is_on = is_served(day, watcher.ctx.catalogue.outlook.parameters.service)
        asked = policy_of(day)(day, bins) if is_on else []
        plan = None
        if asked:
            plan = service.plans(
                RoundRequest(service.network, service.fleet, asked, day.isoformat(), round(start_s))
            )
        calls = [] if plan is None else list(calls_of(plan))
        found.readings.append(_see(street, watcher, end_s, calls))
        driven = () if plan is None else planned([(start_s + PLAN_AT_S, plan)])
        musts = sum(c.must for c in asked)
        found.days.append(DayPlayed(day, len(asked), musts, plan, driven, street.truth()))
    return found


def calls_of(plan: RoundPlan) -> Iterator[Call]:
    """Yield when a plan's lorries have emptied which bins."""
    for of in plan.rounds:
        yield from (Call(s.ref, float(plan.day_s + s.ends_s)) for s in of.stops if s.kind == "bin")


def _see(street: Street, watcher: Watcher, until_s: float, calls: Sequence[Call]) -> Readings:
    readings = street.live(until_s, calls)
    watcher.take(readings, until_s)
    return readings
