"""Every route that answers, in the order in which they are tried, each behind its rule."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from ops_api.access.enforce import enforce
from ops_api.rest.known_params import known_params
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
    claim_pages,
    claims,
    crew_acts,
    crew_pages,
    damp,
    device_pages,
    explain,
    exports,
    fleet,
    fleet_pages,
    health,
    home_assistant,
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
    identities,
    incident_pages,
    incidents,
    lab,
    late,
    ledger_pages,
    live,
    lorawan_codec_pages,
    lorawan_codecs,
    lorawan_webhook,
    missed_pages,
    ngsi,
    notification_state,
    notifications,
    ogc,
    open_data,
    ops_closures,
    ops_pages,
    ops_tools,
    ops_tools_pages,
    order_pages,
    orders,
    pages,
    platform,
    privacy_pages,
    problem_pages,
    readings_stream,
    resident_passkey,
    resident_phone,
    road_forecast,
    rounds,
    rules,
    scores,
    senml,
    shadow,
    sign_in_other,
    sign_in_pages,
    sta_write,
    update_pages,
    updates,
    weather_forecasts,
    winter,
    winter_board,
    work,
)
from ops_api.routers.schemas import ERRORS

ROUTERS = (
    readings_stream.router,
    exports.router,
    claims.router,
    identities.router,
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
    lorawan_webhook.router,
    lorawan_codecs.router,
    senml.router,
    health.router,
    lab.router,
    lab.pages,
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
    open_data.router,
    home_assistant.router,
    updates.router,
    audit.router,
    accounts.router,
    fleet.router,
)
STANDARDS = (sta_write.router, ogc.router, ngsi.router)  # sta's own router, with what writes
"""Their parameters are those of their standards: each says itself what it does not know."""
PAGES = (
    live.pages,
    platform.health,
    home_receipts.pages,
    resident_phone.pages,
    resident_passkey.pages,  # before home_pages: its addresses are no codes
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
    device_pages.router,
    claim_pages.router,
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
    sign_in_pages.router,
    sign_in_other.router,
    account_pages.router,
    accounts_pages.router,
    open_data.pages,
    problem_pages.pages,
    audit.pages,
    update_pages.router,  # before fleet_pages: "updates" is no device
    fleet_pages.router,
    privacy_pages.pages,
    updates.bundles,
    lorawan_codec_pages.router,
)

_HELD = (Depends(enforce),)
"""What every route stands behind: its rule."""


def routes() -> tuple[BaseRoute, ...]:
    """Return the routes, which hold nothing of an application."""
    return tuple(route for route, _ in _templates().values())


def template_of(route: BaseRoute) -> str | None:
    """Return the address that a route of an application is declared with (``/winter/{route_id}``); None where it is not known."""
    known = _templates().get(id(route))
    found: str | None = getattr(route, "path", None) if known is None else known[1]
    return found


@cache
def _templates() -> dict[int, tuple[BaseRoute, str | None]]:
    """Return the routes in order, each with its template, by identity.

    Each is included by itself, so that it can be tried by itself, and FastAPI works out what it takes and gives when it is
    first asked: two milliseconds a route, once a process.
    """
    all_of_them, templates = APIRouter(), list[str | None]()
    for routers, responses, before in (
        (STANDARDS, ERRORS, _HELD),
        (ROUTERS, ERRORS, (*_HELD, Depends(known_params))),
        (PAGES, None, _HELD),
    ):
        for router in routers:
            for route in router.routes:
                all_of_them.include_router(_alone(router, route), responses=responses, dependencies=before)
                templates.append(getattr(route, "path", None))
    found = zip(all_of_them.routes, templates, strict=True)
    return {id(route): (route, template) for route, template in found}


def _alone(router: APIRouter, route: BaseRoute) -> APIRouter:
    """Return a router of one route of another's."""
    return APIRouter(
        routes=[route],
        default_response_class=router.default_response_class,
        generate_unique_id_function=router.generate_unique_id_function,
        strict_content_type=router.strict_content_type,
    )


def page_paths() -> dict[str, frozenset[str]]:
    """Return the paths that answer GET, as they are declared (``/winter/{route_id}``), with the parameters each takes."""
    routes = [route for router in (*ROUTERS, *STANDARDS, *PAGES) for route in router.routes]
    return {
        r.path: frozenset(p.alias for p in r.dependant.query_params)
        if isinstance(r, APIRoute)
        else frozenset()
        for r in routes
        if isinstance(r, Route) and "GET" in (r.methods or ())
    }
