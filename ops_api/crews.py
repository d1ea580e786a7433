"""Gritters and bin crews of a simulated town: they do what the platform decides and the duty officer orders.

Reads decisions and officers' acts as a depot would and acts on the world: when it is time to
leave, a gritter that is free drives the route as last proposed, or as an officer changed it, and none
that was cancelled. Bin lorries: :mod:`ops_api.bin_crews`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import structlog
from psycopg.rows import dict_row

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from firmware_sim.service import Simulation
from firmware_sim.world.world import World
from ops_api.bin_crews import BinCrews
from ops_api.crews_plan import PLANS, PlanTours, tours_of
from rules.core.network.network import Network
from rules.core.routing import Drive
from rules.core.winter_nights import night_of
from rules.core.winter_orders.model import Treatment

log = structlog.get_logger(__name__)

POLL_S = 0.5

DECISIONS = """
select decision_id, subject, outcome, decided_at, result
from decision
where decision_id > %s and subject_kind = 'route' and outcome in ('treat', 'monitor', 'no_action', 'refer', 'collect')
order by decision_id limit 500
"""


ACTS = """
select act_id, ref, route_id, what, treatment from treatment_act
where act_id > %s order by act_id limit 500
"""
DriveOf = Callable[[str, tuple[str, ...]], Drive]
"""Returns the drive of a route that treats some stretches."""


@dataclass(frozen=True, slots=True)
class Tour:
    """A gritting run that a driver is asked to make: legs in driving order, when he leaves, and by which order."""

    route_id: str
    segments: tuple[str, ...]
    spread: tuple[bool, ...]
    rate_g_m2: float
    leaves_at: datetime
    ref: str = ""


@dataclass
class Crews:
    """Who carries decisions out.

    Attributes:
        conn: reads the decisions.
        simulation: where they take effect.
        gritters: names of the lorries.
        zone: the town's time zone.
        drive_of: makes the drive of an order that is not as proposed; without it such orders are not driven.
        network: the roads, as a plan of the night's lorries has them; without it plans are not driven.
        bins: who empties bins; None: nobody does.
    """

    conn: psycopg.AsyncConnection[Any]
    simulation: Simulation
    gritters: Sequence[str]
    zone: ZoneInfo
    drive_of: DriveOf | None = None
    network: Network | None = None
    bins: BinCrews | None = None
    _plan: PlanTours | None = None
    _plans_seen: int = 0
    _plans_driven: int = 0
    _planned: set[str] = field(default_factory=set)
    _seen: int = 0
    _acts_seen: int = 0
    _answered: set[str] = field(default_factory=set)
    _tours: deque[Tour] = field(default_factory=deque)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow decisions until ``stop``."""
        while self.simulation.running and not await sleep_until_stop(stop, POLL_S):
            with contextlib.suppress(psycopg.OperationalError, TransientError):
                await self.step()

    async def step(self) -> None:
        """Read what is new and act on it."""
        await self._read()
        if self._plan is not None:
            await self._act(self._follow_plan)
        if self._tours:
            await self._act(self._send_gritters)
        if self.bins is not None:
            await self.bins.step()

    async def _act(self, action: Any) -> None:
        await asyncio.wrap_future(self.simulation.call(action))

    async def _read(self) -> None:
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = await (await cursor.execute(DECISIONS, (self._seen,))).fetchall()
        # Acts after decisions: whatever was answered before a decision that is read here is known then.
        acts = await self._read_acts()
        self._answered |= {a["ref"] for a in acts if a["what"] != "unanswered"}
        for row in rows:
            self._seen = row["decision_id"]
            if row["subject"] != "bins":
                self._propose(row)
            elif self.bins is not None:
                self.bins.take_list([c["bin_id"] for c in row["result"].get("candidates", ()) if c["must"]])
        for act in acts:
            self._answer(act)
        if self.network is not None:
            await self._read_plans(self.network)

    async def _read_plans(self, network: Network) -> None:
        """Take the newest plan: what it carries out is no tour of its own."""
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = await (await cursor.execute(PLANS, (self._plans_seen,))).fetchall()
        for row in rows:
            self._plans_seen = row["version"]
            self._plan = tours_of(network, row["at_s"], row["contents"], self._plan, row["night"])
            self._planned |= self._plan.refs
        self._tours = deque(t for t in self._tours if t.ref not in self._planned)

    def _follow_plan(self, world: World) -> None:
        plan = self._plan
        if plan is None or self._plans_driven == self._plans_seen:
            return
        self._plans_driven = self._plans_seen
        if plan.night != str(night_of(world.now.timestamp(), self.zone)):
            return  # read again after a restart: that night is over
        for gritter in (plan.returned | plan.idle) & set(self.gritters):
            world.follow(gritter, ())
        for gritter in plan.failed & set(self.gritters):
            world.follow(gritter, (), stays=True)
        for gritter, way in plan.ways.items():
            if gritter in self.gritters and way:
                world.follow(gritter, way)
        log.info("gritters drive a plan", plan=self._plans_seen, gritters=len(plan.ways))

    def _propose(self, row: dict[str, Any]) -> None:
        """Take a decision: it replaces proposals on its route that nobody answered or began, and no orders."""
        route_id = row["subject"]
        self._tours = deque(t for t in self._tours if t.route_id != route_id or t.ref in self._answered)
        if row["outcome"] == "treat":
            self._tours.append(tour_of(route_id, row["result"], f"P{row['decision_id']}"))

    async def _read_acts(self) -> list[dict[str, Any]]:
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = await (await cursor.execute(ACTS, (self._acts_seen,))).fetchall()
        self._acts_seen = rows[-1]["act_id"] if rows else self._acts_seen
        return rows

    def _answer(self, act: dict[str, Any]) -> None:
        if act["what"] == "confirmed" or (act["what"] == "unanswered" and act["treatment"]):
            return  # as it was proposed
        self._tours = deque(t for t in self._tours if t.ref != act["ref"])
        if act["treatment"] is not None and self.drive_of is not None:
            self._tours.append(_ordered(act, self.drive_of))

    def _send_gritters(self, world: World) -> None:
        free = [g for g in self.gritters if world.gritter_free(g, world.now)]
        due = [t for t in self._tours if t.leaves_at <= world.now]
        for tour, gritter in zip(due, free, strict=False):
            self._tours.remove(tour)
            world.treat(gritter, tour.segments, tour.rate_g_m2, spread=tour.spread)
            log.info("gritter sent", gritter=gritter, route=tour.route_id, rate_g_m2=tour.rate_g_m2)


def _ordered(row: dict[str, Any], drive_of: DriveOf) -> Tour:
    """Return the tour that an officer's act describes; without a time to leave it is at once."""
    treatment = msgspec.convert(row["treatment"], type=Treatment, strict=False)
    legs = drive_of(row["route_id"], treatment.segments).legs * treatment.passes
    return Tour(
        row["route_id"], tuple(leg.segment_id for leg in legs), tuple(leg.treat for leg in legs), treatment.g_m2,
        datetime.fromtimestamp(treatment.start_s or 0.0, UTC), row["ref"],
    )  # fmt: skip


def tour_of(route_id: str, result: dict[str, Any], ref: str = "") -> Tour:
    """Return the tour that a gritting decision's result describes."""
    legs = result["drive"]["legs"] * int(result["passes"])
    return Tour(
        route_id,
        tuple(leg["segment_id"] for leg in legs),
        tuple(bool(leg["treat"]) for leg in legs),
        float(result["spread_rate_g_m2"]),
        datetime.fromisoformat(result.get("leave_by") or result["call_out_by"]),
        ref,
    )


def simulated_now(simulation: Simulation, zone: ZoneInfo) -> datetime:
    """Return the simulated time in the town's zone."""
    return datetime.fromtimestamp(simulation.statistics().simulated_s, zone)
