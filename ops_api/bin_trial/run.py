"""A trial: every way of choosing in every town, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from devices.registry import Registry
from firmware_sim.world.bin_town import BinTown
from firmware_sim.world.town import TownSizes, generate_town
from ops_api.bin_trial.seen import seen_h
from ops_api.bin_trial.ways import Way, way_of
from ops_api.demo.rounds import lorries_of
from ops_api.simulated_street import SimulatedStreet
from ops_api.wiring_rounds import planner_of
from rules.bin_ledger.settings import shipped_tariffs
from rules.catalogue.loader import load
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_trial.figures import Weeks, weeks_of
from rules.core.bin_trial.playing import Played, Service, play
from rules.core.bin_trial.watching import Watcher
from rules.core.context import build_context
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.policies import FixedDays, Policy
from rules.rounds.making import make

LEARNT_ON = FixedDays(frozenset({0, 2, 4}))
"""While the rules learn, every bin is emptied on these days, whatever is compared."""
INSTALLED_BEFORE = timedelta(days=7)


@dataclass(frozen=True)
class Trial:
    """What is played.

    Attributes:
        ways: as written, see :mod:`ops_api.bin_trial.ways`.
        seeds: of towns and of what is thrown in.
        first: day; it is followed by ``lead_days`` in which the rules learn, then by ``days``.
        bins, lorries: of a simulated town.
        own: a registry and lorries of one's own instead.
        iterations: of the search for each day's rounds; 0: insertion alone.
        cadence_s: between two readings of a sensor [s].
        tariffs: what a kilometre and an hour cost.
    """

    ways: tuple[str, ...]
    seeds: tuple[int, ...]
    first: date
    days: int
    lead_days: int
    bins: int
    lorries: int
    iterations: int
    own: tuple[Registry, RoundFleet] | None = None
    cadence_s: float = 3600.0
    tariffs: Tariffs = field(default_factory=shipped_tariffs)

    @property
    def dates(self) -> list[date]:
        """Return all days."""
        return [self.first + timedelta(days=k) for k in range(self.lead_days + self.days)]


@dataclass(frozen=True)
class One:
    """A way in a town: its weeks, hours of overflow as the ledger finds them in the readings, and what it took [s].

    ``lost_l``: litres that were thrown in and are nowhere, of all bins; 0 but for rounding. ``put_l``: thrown in.
    """

    way: str
    seed: int
    weeks: Weeks
    seen_h: float
    put_l: float
    lost_l: float
    took_s: float


def run(trial: Trial, jobs: int, tell: Callable[[One], None]) -> list[One]:
    """Return what came of each way in each town, in order of ways, then seeds; ``tell`` is called as they are ready."""
    cases = [(trial, way, seed) for seed in trial.seeds for way in trial.ways]
    found = []
    with ProcessPoolExecutor(max_workers=min(jobs, len(cases))) as pool:
        for one in pool.map(_play, cases):
            tell(one)
            found.append(one)
    return sorted(found, key=lambda o: (trial.ways.index(o.way), trial.seeds.index(o.seed)))


def _play(case: tuple[Trial, str, int]) -> One:
    began_s = time.process_time()
    trial, text, seed = case
    played, watcher, put_l, lost_l = played_of(trial, way_of(text), seed)
    seen = seen_h(played, watcher, trial.dates[trial.lead_days :], trial.tariffs)
    weeks = weeks_of(played, trial.tariffs, trial.lead_days)
    return One(text, seed, weeks, seen, put_l, lost_l, time.process_time() - began_s)


def played_of(trial: Trial, way: Way, seed: int) -> tuple[Played, Watcher, float, float]:
    """Return a way played in a town, the rules that watched it, litres thrown in, and litres lost."""
    registry, fleet = trial.own or simulated(trial, seed)
    fleet, catalogue = way.fleet(fleet), load()
    zone = ZoneInfo(catalogue.gritting.parameters.time_zone)
    # Roads say nothing of bins, and take most of the time of a step.
    bare = replace(registry, nodes=(), segments=(), routes=(), depots=(), homes=())
    watcher = Watcher(build_context(bare, catalogue, zone))
    planner = planner_of(trial.iterations, seed)
    service = Service(registry, Network.of(registry), fleet, lambda request: make(request, planner), zone)
    start_s, weekday = midnight_s(trial.first, zone), trial.first.weekday()
    street = SimulatedStreet(BinTown(registry.bins, seed, start_s, weekday=weekday, step_s=trial.cadence_s))
    learnt = trial.dates[trial.lead_days]

    def policy_of(day: date) -> Policy:
        return LEARNT_ON if day < learnt else way.policy

    played = play(street, watcher, service, trial.dates, policy_of)
    t = street.truth()
    lost_l = float(np.abs(t.put_l - t.held_l - t.beside_l - t.lifted_l).sum())
    return played, watcher, float(t.put_l.sum()), lost_l


def simulated(trial: Trial, seed: int) -> tuple[Registry, RoundFleet]:
    """Return a simulated town of bins, lorries and streets alone.

    Raises:
        ValueError: a size that no town can have.
    """
    sizes = TownSizes(
        homes=0, road_sensors=0, weather_stations=0, bins=trial.bins, gritters=0, lorries=trial.lorries
    )
    installed = datetime.combine(trial.first, datetime.min.time(), UTC) - INSTALLED_BEFORE
    registry = generate_town(seed, sizes, installed)
    fleet = lorries_of(registry)
    if fleet is None:
        raise ValueError("a trial needs at least one lorry")
    return registry, fleet


def seeds_of(given: Sequence[int]) -> tuple[int, ...]:
    """Return seeds without those that come twice."""
    return tuple(dict.fromkeys(given))
