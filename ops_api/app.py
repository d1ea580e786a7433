"""The web application: pages, REST and live streams on one database pool.

It must not know how pools, brokers or settings are made: ``ops_api.wiring_api`` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from cityops.clock import Clock, SystemClock
from devices.contract.kind import Kind, discover
from ingest.fleet.desk import FleetDesk
from ops_api.access.audited import Audited
from ops_api.alarm_feed import AlarmFeed
from ops_api.bin_desk import BinDesk
from ops_api.cached import Cached
from ops_api.codec_desk import CodecDesk
from ops_api.crew_desk import CrewDesk
from ops_api.households.gone import GoneBook
from ops_api.households.parts import Households, households_on
from ops_api.households.ports import Eraser
from ops_api.housing.team_door import TeamDoor
from ops_api.incident_desk import IncidentDesk
from ops_api.lifespan import lifespan
from ops_api.live_versions import hub_on
from ops_api.lorawan_door import LorawanDoor
from ops_api.opendata.shelf import Shelf
from ops_api.ops_tools import OpsTools
from ops_api.provisioning.door import DeviceDoor
from ops_api.queries import Db, Pool
from ops_api.queries.database import database_state
from ops_api.queries.missing import count_fleet
from ops_api.rest.described import bare_app
from ops_api.rest.export import Exporter
from ops_api.rest.head import HeadAsGet
from ops_api.rest.kept import KEEP_S, KeepAnswers
from ops_api.rest.places import Places
from ops_api.rest.reading_feed import ReadingFeeds
from ops_api.rest.route_index import RouteIndex
from ops_api.routers import alarm_stream, problems
from ops_api.routers.body_limit import LimitBody
from ops_api.routers.context import Cases, Context, Exports, FrontDoor, Officers
from ops_api.routers.keep_signed_in import KeepSignedIn
from ops_api.routers.metrics import CountRequests, Metrics
from ops_api.routers.time_limit import LimitTime
from ops_api.routes import routes, template_of
from ops_api.sensorthings.door import SensorThings
from ops_api.sensorthings.kept import KeepThings
from ops_api.stream import Hints, Hub
from ops_api.updates_door import UpdatesDoor
from ops_api.web.brand import Brand
from ops_api.web.headers import SecurityHeaders
from ops_api.web.render import STATIC, Templates
from rules.desk.ports import AlarmDesk
from rules.rounds.service import RoundDesk
from rules.winter.weather.ports import WeatherForecasts


def create_app(
    pool: Pool,
    *,
    desk: AlarmDesk,
    residents: Pool | None = None,
    eraser: Eraser | None = None,
    gone: GoneBook | None = None,
    hints: Hints | None = None,
    brand: Brand | None = None,
    kinds: Mapping[str, Kind] | None = None,
    clock: Clock | None = None,
    poll_s: float = 2.0,
    pace_s: float = 0.5,
    case_book: Cases | None = None,
    map_min_count: int = 5,
    team: TeamDoor | None = None,
    forecasts: WeatherForecasts | None = None,
    officers: Officers | None = None,
    bin_desk: BinDesk | None = None,
    crew: CrewDesk | None = None,
    round_desk: RoundDesk | None = None,
    incidents: IncidentDesk | None = None,
    tools: OpsTools | None = None,
    shelf: Shelf | None = None,
    answer_s: float = 30.0,
    front: FrontDoor | None = None,
    export_places: Places | None = None,
    keep_s: float = KEEP_S,
    things: SensorThings | None = None,
    updates: UpdatesDoor | None = None,
    fleet: FleetDesk | None = None,
    devices: DeviceDoor | None = None,
    lorawan: LorawanDoor | None = None,
    codecs: CodecDesk | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        pool: an open ``psycopg_pool.AsyncConnectionPool`` or anything like it.
        desk: takes what people do with alarms.
        residents: connections for what residents read; ``pool`` where not given.
        eraser: deletes what residents want deleted.
        gone: where it is written down beside the database who moved out.
        hints: makes an iterator that yields when something changed (LISTEN); polling
            every ``poll_s`` seconds goes on without it.
        brand: council's name, time zone, sample home.
        kinds: kinds of device; all declared ones where not given.
        clock: source of "now"; the machine's where not given.
        poll_s: seconds between looks for a change while streams are open.
        pace_s: least seconds between two renderings of live state.
        case_book: cases of homes and the evidence key; without it their routes answer 503.
        map_min_count: least number of homes that the map of wards may tell of.
        team: lets the housing team in; without it its pages answer 404.
        forecasts: weather forecasts; without them their routes answer 503.
        officers: the winter service's duty officers; without it there are no orders.
        bin_desk: households' bin days and reports; without it their routes answer 503.
        crew: the rounds of bin lorries for their crews; without it their pages answer 503.
        round_desk: the bin lorries' rounds; without it their routes answer 503.
        incidents: the operations centre's incidents; without them their routes answer 503.
        tools: what-if of closures and the emergency way; without them their routes answer 503.
        shelf: open data, with its licence.
        answer_s: seconds within which an answer begins.
        export_places: how many bulk exports there may be; as an installation that sets nothing has them.
        keep_s: for how long open answers are kept; 0: not at all [s].
        front: who somebody is and where it is written down; without it nobody has an account or a key.
        things: OGC SensorThings; without it its routes answer 503.
        updates: acts on updates over the air; without it its routes answer 503.
        fleet: settings of devices; without it their routes answer 503.
        devices: devices' identities; without them their routes answer 503.
        lorawan: takes LoRaWAN servers' webhooks; without it their route answers 503.
        codecs: codecs of LoRaWAN sensors; without it their routes answer 503.
    """
    db, brand, clock = Db(pool), brand or Brand(), clock or SystemClock()
    hub = hub_on(db, clock, hints, poll_s=poll_s, pace_s=pace_s)
    feed = AlarmFeed(alarm_stream.AlarmLog(db, desk, brand, clock), poll_s=poll_s)
    hub.tell(feed.touch)
    kinds = kinds if kinds is not None else discover()
    reading_feeds = ReadingFeeds(db, pool, kinds, poll_s=poll_s)
    hub.tell(reading_feeds.touch)
    app = _bare_app()
    homes_parts = households_on(db, residents or pool, gone, eraser)
    known = _context(db, hub, feed, brand, kinds, clock, desk, homes_parts)
    app.state.context = replace(
        known,
        cases=case_book,
        map_min_count=map_min_count,
        team=team,
        forecasts=forecasts,
        officers=officers,
        bin_desk=bin_desk,
        crew=crew,
        rounds=round_desk,
        incidents=incidents,
        updates=updates,
        tools=tools,
        shelf=shelf or Shelf(),
        readings=reading_feeds,
        exports=Exports(Exporter(db, pool), export_places or Places()),
        front=front or FrontDoor(),
        sta=things,
        fleet=fleet,
        devices=devices,
        lorawan=lorawan,
        codecs=codecs,
    )
    _mount(app, answer_s, keep_s)
    return app


def _bare_app() -> FastAPI:
    return bare_app(lifespan)


def _context(
    db: Db,
    hub: Hub,
    feed: AlarmFeed,
    brand: Brand,
    kinds: Mapping[str, Kind],
    clock: Clock,
    desk: AlarmDesk,
    parts: Households,
) -> Context:
    return Context(
        db=db,
        kinds=kinds,
        clock=clock,
        brand=brand,
        hub=hub,
        feed=feed,
        templates=Templates(brand),
        metrics=Metrics(),
        missing=Cached(lambda: count_fleet(db, kinds, clock)),
        database=Cached(lambda: database_state(db, kinds)),
        desk=desk,
        sessions=parts.sessions,
        joining=parts.joining,
        people=parts.people,
        eraser=parts.eraser,
    )


def _mount(app: FastAPI, answer_s: float, keep_s: float) -> None:
    app.router.routes.extend(routes())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.router.middleware_stack = RouteIndex(app.router, template_of)
    problems.install(app)
    app.add_middleware(LimitBody)
    app.add_middleware(LimitTime, answer_s=answer_s)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=6)
    app.add_middleware(KeepAnswers, keep_s=keep_s)
    app.add_middleware(KeepThings, keep_s=keep_s)
    app.add_middleware(HeadAsGet)
    app.add_middleware(KeepSignedIn)  # outside of what is kept: a cookie is somebody's
    app.add_middleware(Audited)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, metrics=app.state.context.metrics)
