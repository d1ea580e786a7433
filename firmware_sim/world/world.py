"""The whole world of one scenario in one town.

The world moves on a fixed grid of five minutes counted from 1970: ``advance_to`` plays every
grid step up to its time, so that one long advance and many short ones give the same. Between
grid times sensors see the last step; gritters are where their tour says.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np

from devices.registry import Registry
from firmware_sim.world import readers
from firmware_sim.world.bin_demand import LocalTime
from firmware_sim.world.bins import BinModel
from firmware_sim.world.collection import Collection, CrewAct
from firmware_sim.world.collection_lorry import Call
from firmware_sim.world.fault_book import FaultBook
from firmware_sim.world.gritters import MOST_G_M2, Gritter, Leg, Ordered, Position, Streets
from firmware_sim.world.home_events import ACTIVITIES, Day
from firmware_sim.world.homes import HomeModel
from firmware_sim.world.local_air import ColdPool
from firmware_sim.world.roads import RoadModel
from firmware_sim.world.script import Scenario
from firmware_sim.world.truth import BinTruth, HomeEvent, HomeTruth, RoadTruth
from firmware_sim.world.weather import Sky, WeatherModel

STEP_S = 300
COARSE_STEPS = 3
"""During the day before the start three grid steps are taken at once."""
SPIN_UP_S = 30 * 3600
DAY_S = 86_400.0


class World:
    """A town under a scenario, from ``start`` on.

    Args:
        registry: the town; its order of segments, homes and bins is the world's.
        scenario: what happens.
        seed: every lot is drawn from it.
        start: when the scenario starts (aware); local time there is the scenario's
            ``start_local`` whatever the time zone, so that a frost night can be played at noon.

    Raises:
        ValueError: ``start`` without time zone, or a fault of a device that isn't there.
    """

    def __init__(self, registry: Registry, scenario: Scenario, seed: int, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start is {start}; give an aware datetime")
        self.registry, self.scenario, self.seed = registry, scenario, seed
        self.start, self.now = start, start
        self._start_s = start.timestamp()
        self._weekday = start.weekday() if scenario.weekday is None else scenario.weekday
        self._weather = WeatherModel(scenario, seed, self._start_s)
        self._pool = ColdPool()
        self._grid_s = (self._start_s - SPIN_UP_S) // STEP_S * STEP_S
        self.sky: Sky = self._weather.at(self._grid_s)
        self._build()
        self._play(self._start_s, coarse=True)

    def _build(self) -> None:
        registry, seed = self.registry, self.seed
        climate = self.scenario.weather.climate
        outdoor = self.sky.air_temperature_c
        vapour = 1000.0 * self.sky.vapour_pa / (461.5 * (outdoor + 273.15))
        self.roads = RoadModel(registry.segments, outdoor, climate.ground_c)
        self.homes = HomeModel(registry.homes, seed, outdoor, vapour)
        cadence = {d.name: float(d.cadence_s) for d in registry.devices}
        every_s = np.array([cadence.get(b.device, 1800.0) for b in registry.bins])
        self.bins = BinModel(registry.bins, seed, self.scenario.bins, every_s)
        self._streets = Streets(registry)
        self._gritters = {d.name: Gritter(self._streets) for d in registry.devices if d.kind == "gritter"}
        self._spreading: list[tuple[float, int, float]] = []
        self._emptying: list[tuple[float, int]] = []
        self._bin_row = {b.bin_id: i for i, b in enumerate(registry.bins)}
        self._home_row = {h.code: i for i, h in enumerate(registry.homes)}
        self.faults = FaultBook(self.scenario.faults, registry.devices, seed, self._start_s)
        self.collection = Collection(
            registry,
            self._streets,
            self.bins,
            seed,
            self._start_s,
            self.scenario.bins.rounds,
            self.faults.by_device,
        )
        self._bin_air_c = outdoor
        self._published = readers.Published(
            registry, seed, self.scenario, self.roads, self.bins, self._position, self.collection.state
        )

    # ---- time

    def advance_to(self, time: datetime) -> None:
        """Play the world up to ``time``; earlier than now does nothing."""
        target_s = time.timestamp()
        if target_s > self._start_s:
            self._play(target_s, coarse=False)
        if time > self.now:
            self.now = time

    def _play(self, target_s: float, *, coarse: bool) -> None:
        moved = False
        while self._grid_s + STEP_S <= target_s:
            steps = COARSE_STEPS if coarse and self._grid_s + COARSE_STEPS * STEP_S <= target_s else 1
            self._step(steps * STEP_S, before_start=coarse)
            moved = True
        if moved or coarse:
            self._publish()

    def _step(self, dt_s: int, *, before_start: bool) -> None:
        previous, now_s = self._grid_s, self._grid_s + dt_s
        self._grid_s = now_s
        self.sky = sky = self._weather.at(now_s)
        self._pool.step(sky, dt_s)
        while self._spreading and self._spreading[0][0] <= now_s:
            _, row, rate = heapq.heappop(self._spreading)
            self.roads.water.spread(row, rate)
        self.roads.step(sky, self._pool.strength, dt_s)
        weekday = self._weekday_at(now_s)
        self.homes.step(sky, self._days(now_s), dt_s, weekend=weekday >= 5)
        if not before_start:
            local = LocalTime(sky.hour_local, weekday, self._local_day(now_s))
            self.bins.step(int(now_s) // STEP_S, local, dt_s)
            self._collect(now_s)
        self._bin_air_c += (sky.air_temperature_c + sky.shortwave_w_m2 / 60.0 - self._bin_air_c) * min(
            dt_s / 3600.0, 1.0
        )
        self._catch_stuck(previous, now_s)

    def _local_day(self, time_s: float) -> int:
        return int((self.scenario.start_hour_local * 3600.0 + time_s - self._start_s) // DAY_S)

    def _weekday_at(self, time_s: float) -> int:
        return (self._weekday + self._local_day(time_s)) % 7

    def _days(self, time_s: float) -> list[Day]:
        today = self._local_day(time_s)
        return [self._day(today - 1), self._day(today)]

    def _day(self, number: int) -> Day:
        midnight_s = self._start_s + number * DAY_S - self.scenario.start_hour_local * 3600.0
        return self.homes.day(number, midnight_s, weekend=(self._weekday + number) % 7 >= 5)

    def _collect(self, now_s: float) -> None:
        while self._emptying and self._emptying[0][0] <= now_s:
            time_s, row = heapq.heappop(self._emptying)
            self.bins.empty(row, time_s)
        self.collection.step(now_s)

    def _catch_stuck(self, previous_s: float, now_s: float) -> None:
        """Remember what a sensor said when it got stuck."""
        for name in self.faults.newly_stuck(previous_s, now_s):
            self._publish()
            self.faults.hold(name, self._published.read(name, int(now_s * 1000.0)))

    def _publish(self) -> None:
        self._published.refresh(self.sky, self._pool.strength, self.homes, self._bin_air_c)

    # ---- what devices say

    def sense(self, device: str, time: datetime) -> dict[str, float]:
        """Return what a device's sensors say: field values of its kind, never NaN.

        Call :meth:`advance_to` first. Fields that a faulty sensor can't give are left out;
        a device that gives nothing returns an empty mapping.

        Raises:
            KeyError: no such device.
        """
        time_s = time.timestamp()
        tick = int(time_s * 1000.0)
        return self.faults.corrupt(device, self._published.read(device, tick), tick, time_s)

    def clock_offset_s(self, device: str, time: datetime) -> float:
        """Return by how much the device's clock is wrong [s], 0 for a good one."""
        return self.faults.clock_offset_s(device, time.timestamp())

    def uplink_up(self, device: str, time: datetime) -> bool:
        """Whether the device's link to the broker works."""
        return self.faults.uplink_up(device, time.timestamp())

    def has_power(self, device: str, time: datetime) -> bool:
        """Whether the device's supply holds."""
        return self.faults.has_power(device, time.timestamp())

    def card_takes(self, device: str, time: datetime) -> bool:
        """Whether the device's card has room."""
        return self.faults.card_takes(device, time.timestamp())

    def is_on(self, device: str, time: datetime) -> bool:
        """Whether the device is switched on: a bin lorry that is parked says only once an hour that it is there."""
        return self.collection.is_on(device, time.timestamp())

    # ---- commands

    def treat(
        self,
        gritter: str,
        segment_ids: Sequence[str],
        rate_g_m2: float,
        at: datetime | None = None,
        spread: Iterable[bool] | None = None,
    ) -> datetime:
        """Send a gritter over segments in driving order; return when it is back.

        Gaps are driven on the shortest way, without spreading; so are the ways from and to
        the depot. ``spread`` says per segment whether it is gritted (default: all).

        Raises:
            KeyError: no such gritter or segment.
            ValueError: a rate outside 0..400 g/m², a start in the past, or a lorry still out.
        """
        if not 0.0 <= rate_g_m2 <= MOST_G_M2:
            raise ValueError(f"rate_g_m2 is {rate_g_m2}; allowed are 0 to {MOST_G_M2:g}")
        start = self.now if at is None else at
        if start < self.now:
            raise ValueError(f"at is {start}; the world is already at {self.now}")
        rows = [self._streets.row[s] for s in segment_ids]
        wanted = [True] * len(rows) if spread is None else list(spread)
        legs = self._gritters[gritter].order(rows, wanted, rate_g_m2, start.timestamp())
        for leg in legs:
            if leg.rate_g_m2 > 0.0:
                heapq.heappush(self._spreading, self._spread(leg))
        back_s = legs[-1].end_s if legs else start.timestamp()
        return start + timedelta(seconds=back_s - start.timestamp())

    def follow(self, gritter: str, ordered: Sequence[Ordered], *, stays: bool = False) -> None:
        """Let a gritter drive a plan from now on; see :meth:`firmware_sim.world.gritters.Gritter.follow`.

        Raises:
            KeyError: no such gritter or segment.
            ValueError: a rate outside 0..400 g/m².
        """
        for o in ordered:
            if not 0.0 <= o.rate_g_m2 <= MOST_G_M2:
                raise ValueError(f"rate_g_m2 is {o.rate_g_m2}; allowed are 0 to {MOST_G_M2:g}")
        given_up, legs = self._gritters[gritter].follow(ordered, self.now.timestamp(), stays=stays)
        lost = [self._spread(leg) for leg in given_up if leg.rate_g_m2 > 0.0]
        for one in lost:
            if one in self._spreading:
                self._spreading.remove(one)
        self._spreading += [self._spread(leg) for leg in legs if leg.rate_g_m2 > 0.0]
        heapq.heapify(self._spreading)

    def _spread(self, leg: Leg) -> tuple[float, int, float]:
        """Return when a leg's salt lies on its segment, and how much [g/m²] of all its width."""
        whole_m = self._streets.segments[leg.row].width_m
        return leg.end_s, leg.row, leg.rate_g_m2 * (1.0 if leg.width_m is None else leg.width_m / whole_m)

    def empty_bins(self, bin_ids: Iterable[str], at: datetime | None = None) -> None:
        """Let a crew empty bins at a time (default now); it shows at the next grid step.

        Raises:
            KeyError: no such bin.
        """
        time_s = max((self.now if at is None else at).timestamp(), self.now.timestamp())
        for bin_id in bin_ids:
            heapq.heappush(self._emptying, (time_s, self._bin_row[bin_id]))

    def drive_round(self, lorry: str, calls: Sequence[Call]) -> None:
        """Let a bin lorry make these calls from now on; see :meth:`firmware_sim.world.collection_lorry.Lorry.follow`.

        Raises:
            KeyError: no such lorry, bin, junction or street.
            ValueError: a place that no way leads to.
        """
        self.collection.follow(lorry, calls, self.now.timestamp())

    def collect(self, bin_ids: Sequence[str]) -> list[str]:
        """Let the bin lorries that are free share these bins out and collect them from now on; return which do.

        Raises:
            KeyError: no such bin.
            ValueError: no lorry is free.
        """
        return self.collection.send(bin_ids, self.now.timestamp())

    def crew_acts(self, after: int = 0) -> list[CrewAct]:
        """Return what crews have said of bins, in order of time, without the first ``after`` of it."""
        return self.collection.acts[after:]

    # ---- truth

    def gritter_free(self, gritter: str, time: datetime) -> bool:
        """Whether a gritter stands at the depot."""
        back = self._gritters[gritter].returns_at_s()
        return back is None or back <= time.timestamp()

    def road(self, segment_id: str) -> RoadTruth:
        """Return what is really on a segment."""
        i, roads, water = self._streets.row[segment_id], self.roads, self.roads.water
        return RoadTruth(
            segment_id=segment_id,
            surface_temperature_c=float(roads.surface_c[i]),
            air_temperature_c=float(roads.air.temperature_c[i]),
            humidity_pct=float(roads.air.humidity_pct[i]),
            water_mm=float(water.water[i]),
            ice_mm=float(water.ice[i]),
            hoar_mm=float(water.hoar[i]),
            snow_mm=float(water.snow[i]),
            salt_g_m2=float(water.salt[i]),
            freezing_point_c=float(water.freezing_point()[i]),
            state=int(water.state()[i]),
        )

    def home(self, code: str) -> HomeTruth:
        """Return how a home really is."""
        i, homes = self._home_row[code], self.homes
        return HomeTruth(
            code=code,
            temperature_c=float(homes.temperature_c[i]),
            humidity_pct=float(homes.humidity_pct[i]),
            surface_temperature_c=float(homes.surface_c[i]),
            surface_humidity_pct=float(homes.surface_humidity_pct[i]),
            temperature_factor=float(homes.fabric.factor[i]),
            damp=bool(homes.fabric.damp[i]),
            underheated=bool(homes.fabric.underheated[i]),
        )

    def bin(self, bin_id: str) -> BinTruth:
        """Return how full a bin really is."""
        i = self._bin_row[bin_id]
        return BinTruth(
            bin_id=bin_id,
            fill_pct=100.0 * float(self.bins.fill[i]),
            distance_mm=float(self.bins.distance_mm()[i]),
            last_emptied_s=float(self.bins.last_emptied_s[i]),
        )

    def home_events(self, since: datetime, until: datetime) -> list[HomeEvent]:
        """Return what households did that began in [since, until), in order of time."""
        from_s, to_s = since.timestamp(), until.timestamp()
        found: list[HomeEvent] = []
        for number in range(self._local_day(from_s) - 1, self._local_day(to_s) + 2):
            day = self._day(number)
            for row in np.flatnonzero((day.start_s >= from_s) & (day.start_s < to_s)).tolist():
                home = self.registry.homes[int(day.home[row])]
                found.append(
                    HomeEvent(
                        code=home.code,
                        device=home.devices[0] if home.devices else "",
                        activity=ACTIVITIES[int(day.activity[row])],
                        start_s=float(day.start_s[row]),
                        end_s=float(day.end_s[row]),
                    )
                )
        return sorted(found, key=lambda e: (e.start_s, e.code))

    def _position(self, gritter: str, time_s: float) -> Position:
        return self._gritters[gritter].at(time_s)
