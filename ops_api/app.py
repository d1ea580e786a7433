"""The web application: pages, REST and live streams on one database pool.

It must not know how pools, brokers or settings are made: ``ops_api.wiring_api`` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Route

from cityops.clock import Clock, SystemClock
from devices.contract.kind import Kind, discover
from ops_api.access.audited import Audited
from ops_api.access.enforce import enforce
from ops_api.alarm_feed import AlarmFeed
from ops_api.bin_desk import BinDesk
from ops_api.cached import Cached
from ops_api.crew_desk import CrewDesk
from ops_api.households.gone import GoneBook
from ops_api.households.parts import Households, households_on
from ops_api.households.ports import Eraser
from ops_api.housing.team_door import TeamDoor
from ops_api.incident_desk import IncidentDesk
from ops_api.lifespan import lifespan
from ops_api.live_versions import hub_on
from ops_api.ops_tools import OpsTools
from ops_api.queries import Db, Pool
from ops_api.queries.database import database_state
from ops_api.queries.missing import count_fleet
from ops_api.routers import (
    account_pages,
    accounts,
    accounts_pages,
    alarm_pages,
    alarm_stream,
    alarms,
    audit,
    bin_days,
    bin_days_pages,
    bin_reminder_pages,
    bin_report_pages,
    bin_reports,
    bins,
    bins_open,
    bins_pages,
    cab,
    cab_pages,
    cases,
    catalogue,
    crew_acts,
    crew_pages,
    damp,
    explain,
    health,
    home_case,
    home_data,
    home_days,
    home_evidence,
    home_pages,
    home_people,
    home_receipts,
    home_sharing,
    homes,
    households,
    housing,
    housing_pages,
    incident_pages,
    incidents,
    late,
    ledger_pages,
    live,
    missed_pages,
    notification_state,
    notifications,
    ops_closures,
    ops_pages,
    ops_tools,
    ops_tools_pages,
    order_pages,
    orders,
    pages,
    platform,
    privacy_pages,
    problems,
    road_forecast,
    rounds,
    rules,
    scores,
    shadow,
    sign_in_other,
    sign_in_pages,
    sta_write,
    weather_forecasts,
    winter,
    winter_board,
    work,
)
from ops_api.routers.body_limit import LimitBody
from ops_api.routers.context import Cases, Context, FrontDoor, Officers
from ops_api.routers.keep_signed_in import KeepSignedIn
from ops_api.routers.metrics import CountRequests, Metrics
from ops_api.routers.schemas import Problem
from ops_api.sensorthings.door import SensorThings
from ops_api.stream import Hints, Hub
from ops_api.web.brand import Brand
from ops_api.web.headers import SecurityHeaders
from ops_api.web.render import STATIC, Templates
from rules.desk.ports import AlarmDesk
from rules.rounds.service import RoundDesk
from rules.winter.weather.ports import WeatherForecasts

DESCRIPTION = """What the council's sensors measure and what the rules decide.

Times are RFC 3339 with offset; units are in the names of fields. Errors are RFC 9457
problems. Devices that stand in homes appear under the home's code only.
"""

_ROUTERS = (
    catalogue.router,
    homes.router,
    winter.router,
    bins_open.router,  # before bins.router: "open" is no bin
    bin_reports.router,
    rounds.router,  # before bins.router: "rounds" is no bin
    bins.router,
    bin_days.router,
    alarm_stream.router,  # before alarms.router: "stream" is no alarm's number
    alarms.router,
    platform.router,
    health.router,
    live.router,
    rules.router,
    notifications.router,
    explain.router,
    work.router,
    notification_state.router,
    shadow.router,
    late.router,
    damp.router,
    households.router,
    home_receipts.router,
    cases.router,
    cases.evidence,
    home_evidence.router,
    housing.router,
    weather_forecasts.router,
    orders.router,
    scores.router,
    road_forecast.router,
    winter_board.router,
    cab.router,
    incidents.router,
    ops_tools.router,
    ops_closures.router,
    sta_write.router,
    accounts.router,
    audit.router,
)
_PAGES = (
    live.pages,
    platform.health,
    home_receipts.pages,
    home_people.pages,  # before home_pages: their addresses are no codes
    home_sharing.pages,
    home_data.pages,
    home_days.pages,
    home_case.pages,
    home_evidence.pages,
    home_pages.router,
    bin_reminder_pages.router,  # before bin_days_pages: their addresses are no UPRNs
    bin_report_pages.router,
    missed_pages.router,
    bin_days_pages.router,
    crew_acts.router,
    crew_pages.router,
    cab_pages.router,  # before pages: "cab" is no route
    winter_board.pages,
    ledger_pages.router,
    ops_pages.router,
    bins_pages.router,  # last of those below /bins: their addresses are no bins
    pages.router,
    rules.pages,
    shadow.pages,
    alarm_pages.router,
    explain.pages,
    work.pages,
    notification_state.pages,
    late.pages,
    housing_pages.router,
    order_pages.router,
    incident_pages.router,
    ops_tools_pages.router,
    ops_closures.pages,
    privacy_pages.pages,
    sign_in_pages.router,
    sign_in_other.router,
    account_pages.router,
    accounts_pages.router,
    audit.pages,
)

_HELD = (Depends(enforce),)
"""What every route stands behind: its rule."""


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
    front: FrontDoor | None = None,
    things: SensorThings | None = None,
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
        front: who somebody is and where it is written down; without it nobody has an account or a key.
        things: OGC SensorThings; without it its routes answer 503.
    """
    db, brand, clock = Db(pool), brand or Brand(), clock or SystemClock()
    hub = hub_on(db, clock, hints, poll_s=poll_s, pace_s=pace_s)
    feed = AlarmFeed(alarm_stream.AlarmLog(db, desk, brand, clock), poll_s=poll_s)
    hub.tell(feed.touch)
    app = _bare_app()
    kinds = kinds if kinds is not None else discover()
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
        tools=tools,
        front=front or FrontDoor(),
        sta=things,
    )
    _mount(app)
    return app


def _bare_app() -> FastAPI:
    return FastAPI(
        title="cityops",
        description=DESCRIPTION,
        version=_version(),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )


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


def _mount(app: FastAPI) -> None:
    app.router.routes.extend(_routes())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.install(app)
    app.add_middleware(LimitBody)
    app.add_middleware(KeepSignedIn)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=6)
    app.add_middleware(Audited)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, metrics=app.state.context.metrics)


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes, which hold nothing of an application.

    FastAPI works out what each takes and gives when it is first asked: most of a second, once a process.
    """
    errors: dict[int | str, dict[str, object]] = {
        401: {"model": Problem},
        403: {"model": Problem},
        404: {"model": Problem},
        409: {"model": Problem},
        422: {"model": Problem},
        429: {"model": Problem},
        503: {"model": Problem},
    }
    all_of_them = APIRouter()
    for router in _ROUTERS:
        all_of_them.include_router(router, responses=errors, dependencies=_HELD)
    for router in _PAGES:
        all_of_them.include_router(router, dependencies=_HELD)
    return tuple(all_of_them.routes)


def page_paths() -> dict[str, frozenset[str]]:
    """Return the paths that answer GET, as they are declared (``/winter/{route_id}``), with the parameters each takes."""
    routes = [route for router in (*_ROUTERS, *_PAGES) for route in router.routes]
    return {
        r.path: frozenset(p.alias for p in r.dependant.query_params)
        if isinstance(r, APIRoute)
        else frozenset()
        for r in routes
        if isinstance(r, Route) and "GET" in (r.methods or ())
    }


def _version() -> str:
    try:
        return version("cityops")
    except PackageNotFoundError:
        return "0"
