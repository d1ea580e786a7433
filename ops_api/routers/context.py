"""What every route is given: database port, kinds, clock, brand, hub, feed, templates, metrics, counts, desk, households, cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Annotated, BinaryIO, Protocol, cast

from fastapi import Depends, HTTPException, Request

from cityops.clock import Clock
from cityops.settings_retention import RetentionSettings
from devices.contract.kind import Kind
from ingest.fleet.desk import FleetDesk
from ops_api.access.limits import Buckets
from ops_api.access.ports import AuditLog, Identity
from ops_api.alarm_feed import AlarmFeed
from ops_api.bin_desk import BinDesk
from ops_api.cached import Cached
from ops_api.codec_desk import CodecDesk
from ops_api.crew_desk import CrewDesk
from ops_api.households.joining import Joining
from ops_api.households.people import People
from ops_api.households.ports import Eraser
from ops_api.households.sessions import Sessions
from ops_api.housing.team_door import TeamDoor
from ops_api.identity.desk import IdentityDesk
from ops_api.incident_desk import IncidentDesk
from ops_api.lorawan_door import LorawanDoor
from ops_api.missing import Missing
from ops_api.opendata.shelf import Shelf
from ops_api.ops_tools import OpsTools
from ops_api.provisioning.door import DeviceDoor
from ops_api.queries import Db, Pool
from ops_api.queries.database import DatabaseState
from ops_api.queries.town import town_now
from ops_api.rest.export import Exporter
from ops_api.rest.places import Places
from ops_api.rest.reading_feed import ReadingFeeds
from ops_api.routers.metrics import Metrics
from ops_api.sensorthings.door import SensorThings
from ops_api.stream import Hub
from ops_api.updates_door import UpdatesDoor
from ops_api.wall_map import WallMap
from ops_api.web.brand import Brand
from ops_api.web.render import Templates
from ops_api.winter_roads import Roads
from rules.core.evidence.scope import Order
from rules.core.legal_clock import Law, WorkingDays
from rules.desk.ports import AlarmDesk
from rules.evidence.ports import Album, CaseBook, Pack
from rules.rounds.service import RoundDesk
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.ports import OrderDesk
from rules.winter.scores.ports import ScoreBook
from rules.winter.weather.ports import WeatherForecasts


class Book(CaseBook, Album, Protocol):
    """Cases, contacts and photos of homes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What routes about cases are given.

    Attributes:
        book_on: makes the book of what households write down, on connections: a resident's see her homes alone.
        law, days: limits, and the calendar that counts.
        pack: makes the pack of the resident with this token, in the caller's thread: it takes seconds of a core.
        public_key: returns the key that packs are checked with, as PEM and in groups of digits; None: none yet.
    """

    book_on: Callable[[Pool], Book]
    law: Law
    days: WorkingDays
    pack: Callable[[str, Order, BinaryIO], Pack]
    public_key: Callable[[], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Officers:
    """The duty officer's desk, the door that lets officers act (without one they only look), the nights' scores, the road forecasts, the lorries' plans."""

    desk: OrderDesk
    door: TeamDoor | None = None
    scores: ScoreBook | None = None
    roads: Roads = field(default_factory=lambda: Roads(None))
    plans: PlanDesk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """Who somebody is, where it is written down, and the key that forms and cursors are marked with.

    ``desk``: where people sign in, and accounts and keys are made. ``retention``: how long what is kept. ``secret``: made of chance where it is not given, so that no form is marked with a key that anybody knows.
    """

    identity: Identity | None = None
    desk: IdentityDesk | None = None
    audit: AuditLog | None = None
    secret: bytes = field(default_factory=lambda: token_bytes(32))
    public_url: str = ""
    retention: RetentionSettings = field(default_factory=RetentionSettings)


@dataclass(frozen=True, slots=True)
class Exports:
    """What makes bulk exports, and the places there are for them."""

    exporter: Exporter
    places: Places


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one application; built once by ``ops_api.app.create_app``."""

    db: Db
    kinds: Mapping[str, Kind]
    clock: Clock
    brand: Brand
    hub: Hub
    feed: AlarmFeed
    templates: Templates
    metrics: Metrics
    missing: Cached[Missing | None]
    database: Cached[DatabaseState]
    desk: AlarmDesk
    sessions: Sessions
    joining: Joining
    people: People
    eraser: Eraser
    cases: Cases | None = None
    map_min_count: int = 5
    team: TeamDoor | None = None
    forecasts: WeatherForecasts | None = None
    officers: Officers | None = None
    bin_desk: BinDesk | None = None
    crew: CrewDesk | None = None
    rounds: RoundDesk | None = None
    wall: WallMap = field(default_factory=WallMap)
    incidents: IncidentDesk | None = None
    updates: UpdatesDoor | None = None
    lorawan: LorawanDoor | None = None
    codecs: CodecDesk | None = None
    tools: OpsTools | None = None
    readings: ReadingFeeds | None = None
    devices: DeviceDoor | None = None
    exports: Exports | None = None
    sta: SensorThings | None = None
    fleet: FleetDesk | None = None
    front: FrontDoor = field(default_factory=FrontDoor)
    shelf: Shelf = field(default_factory=Shelf)
    buckets: Buckets = field(default_factory=Buckets)

    async def town_now(self) -> datetime:
        """Return the time it is in the town.

        See :func:`ops_api.queries.town.town_now`.
        """
        return await town_now(self.db, self.clock.now())

    def kind(self, name: str) -> Kind:
        """Return a kind by name; 404 where there is none."""
        if name not in self.kinds:
            raise HTTPException(404, f"There is no kind {name!r}. Kinds: {', '.join(self.kinds)}.")
        return self.kinds[name]


async def _context(request: Request) -> Context:
    # Not a plain function, as no dependency is one: FastAPI runs those in a thread, a third of a millisecond each.
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]
