"""A simulated town with bin lorries and plans of its rounds, without a broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from devices.registry import BinSite, Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.service import Simulation
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from ops_api.bin_crews import BinCrews
from ops_api.demo.rounds import lorries_of
from rules.core.cab.roads import roads_sha256
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Lock, LorryNow, Place
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting
from rules.core.rounds.request import RoundRequest
from rules.rounds.making import make
from rules.rounds.ports import NewRounds, RoundBook, Rounds

ZONE = ZoneInfo("Europe/London")
DAY = date(2026, 3, 14)
MIDNIGHT_S = round(datetime.combine(DAY, time(), ZONE).timestamp())
PLANNED_S = MIDNIGHT_S + 5.25 * 3600.0
SIZES = TownSizes(
    homes=4, road_sensors=4, weather_stations=1, bins=24, gritters=1, lorries=2, segments=120, routes=1
)


class Playing:
    """Stands for a simulation: its world takes calls at once."""

    def __init__(self, world: World) -> None:
        self.world, self.running = world, True

    def call(self, action: Callable[[World], Any]) -> Future[Any]:
        found: Future[Any] = Future()
        try:
            found.set_result(action(self.world))
        except Exception as error:
            found.set_exception(error)
        return found

    def until(self, hour: float) -> None:
        """Play to an hour of the day."""
        self.world.advance_to(datetime.fromtimestamp(MIDNIGHT_S + 3600.0 * hour, UTC))


def town(seed: int = 4) -> Registry:
    return generate_town(seed, SIZES, datetime(2026, 1, 1, tzinfo=UTC))


def fleet_of(registry: Registry, **settings: Any) -> RoundFleet:
    fleet = lorries_of(registry)
    assert fleet is not None
    return msgspec.structs.replace(fleet, settings=msgspec.structs.replace(fleet.settings, **settings))


def playing(registry: Registry, hour: float = 5.0, seed: int = 4) -> Playing:
    start = datetime.fromtimestamp(MIDNIGHT_S + 3600.0 * hour, UTC)
    return Playing(World(registry, load_scenario("market_day"), seed, start))


def crews_of(town: Playing, book: RoundBook, registry: Registry) -> BinCrews:
    return BinCrews(cast("Simulation", town), book, registry, ZONE)


def plan_of(
    registry: Registry, fleet: RoundFleet, bins: Sequence[BinSite], now: Sequence[LorryNow] = ()
) -> RoundPlan:
    """Return a plan in which all of these bins must be emptied, every other one by each lorry."""
    network = Network.of(registry)
    candidates = [
        Candidate(
            bin_id=b.bin_id, place=Place(b.latitude_deg, b.longitude_deg), stream=b.stream, litres=80.0, mass_kg=8.0,
            must=True, code="full", why="full: 90 %, threshold 80 %", p_overflow=1.0,
        )
        for b in bins
    ]  # fmt: skip
    names = [v.id for v in fleet.lorry]
    locks = tuple(
        Lock(kind="lorry", bins=tuple(b.bin_id for b in mine), lorry_id=name, reason="its side of town")
        for n, name in enumerate(names)
        if (mine := bins[n :: len(names)])
    )
    request = RoundRequest(
        network, fleet, candidates, str(DAY), MIDNIGHT_S, tuple(now), locks, None, roads_sha256(network)
    )
    plan = make(request, Inserting())
    assert not plan.missed
    return plan


async def kept(
    book: RoundBook, plan: RoundPlan, fleet: RoundFleet, at_s: float = PLANNED_S, day: date = DAY
) -> Rounds:
    """Keep a plan as the day's newest."""
    lorries = await book.fleet() or await book.put_fleet(fleet, "test", "")
    before = await book.newest(str(day))
    return await book.add(
        NewRounds(
            day=str(day), after=None if before is None else before.version, decision_id=None,
            fleet_id=lorries.fleet_id, at_s=at_s, by="cityops", role="service", via="automatic", reason="", plan=plan,
        )
    )  # fmt: skip
