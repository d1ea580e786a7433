"""Errors as people and programs get them: RFC 9457 problems, or a page. Never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from cityops.errors import TransientError
from ingest.fleet import ports as fleet
from ops_api.queries import TooSlowError, UnusableValueError
from ops_api.rest.core.problem_types import ProblemType, of_status
from ops_api.rest.problem import ProblemError
from ops_api.rest.route_index import NEAR, TEMPLATE
from ops_api.routers.context import Context
from ops_api.web.error_view import error_page
from ops_api.web.headers import headers_of
from rules.closing import ports as closing
from rules.core.desk.commands import DeskRefusedError
from rules.core.incidents.commands import IncidentRefusedError
from rules.core.winter_orders.commands import OrderRefusedError
from rules.desk.ports import NoSuchAlarmError, UnusableTextError
from rules.emergency.service import TooManyError
from rules.incidents import ports as incidents
from rules.winter.fleet.ports import NoSuchPlanError, NotPlannedError, PlanMovedError
from rules.winter.orders import ports as orders
from rules.winter.orders.ports import NoSuchOrderError

log = structlog.get_logger(__name__)

UNAVAILABLE = "The database does not answer. Try again in a minute."
TOO_LONG = "That took too long and was given up. Ask for less, or again in a minute."
UNUSABLE = "A value is too large or too small, or has a character in it that cannot be stored."
BROKEN = "Something went wrong on our side. It has been logged."
WALL_REFRESH_S = "15"
_PROGRAMS = (
    "/api/",
    "/sta/",
    "/open/",
    "/ogc",
    "/ngsi-ld/",
    "/live/",
    "/lorawan/",
    "/healthz",
    "/readyz",
    "/metrics",
)


def problem(
    request: Request,
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    *,
    kind: ProblemType | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Return an error as JSON for programs and as a page for people; ``errors``: each wrong value by itself."""
    headers = {"Vary": "Accept", **(headers or {})}
    if _is_program(request):
        return _document(request, status, detail, headers, kind or of_status(status), errors)
    context: Context = request.app.state.context
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    shown = error_page(
        status,
        detail,
        retry_after=headers.get("Retry-After", ""),
        asked=asked,
        request_id=getattr(request.state, "request_id", ""),
    )
    html = context.templates.render("error.html", error=shown)
    if request.url.path == "/ops" and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Nobody stands before a wall to load it again.
        headers = {**headers, "Refresh": WALL_REFRESH_S}
    return HTMLResponse(html, status, headers)


def _is_program(request: Request) -> bool:
    """Whether a program asks: at addresses of programs all but browsers that open one, elsewhere who wants JSON and no page."""
    accept = request.headers.get("accept", "")
    if request.url.path.startswith(_PROGRAMS):
        return "text/html" not in accept
    return "json" in accept and "text/html" not in accept and "*/*" not in accept


def _document(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None,
    kind: ProblemType,
    errors: Sequence[Mapping[str, str]],
) -> Response:
    body = {"type": kind.address, "title": kind.title, "status": status, "detail": detail}
    request_id = getattr(request.state, "request_id", "")
    more = {
        **({"errors": list(errors)} if errors else {}),
        **({"request_id": request_id} if request_id else {}),
        **({"message": detail} if request.url.path.startswith("/sta/") else {}),  # what its clients show
    }
    return JSONResponse({**body, **more}, status, headers, media_type="application/problem+json")


def _field_errors(error: RequestValidationError) -> str:
    parts = []
    for e in error.errors():
        where = ".".join(str(p) for p in e["loc"] if p not in ("query", "path", "body"))
        parts.append(f"{where or 'body'}: {e['msg']}")
    return "; ".join(parts)


def _each_error(error: RequestValidationError) -> list[dict[str, str]]:
    """Return each wrong value: of a body its JSON pointer (RFC 6901), else the parameter's name."""
    found = []
    for e in error.errors():
        where, path = str(e["loc"][0]), [str(p) for p in e["loc"][1:]]
        if where == "body":
            pointer = "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in path)
            found.append({"pointer": f"#{pointer}", "detail": str(e["msg"])})
        else:
            found.append({"parameter": ".".join(path[:1]) or where, "detail": str(e["msg"])})
    return found


def install(app: FastAPI) -> None:
    """Add the handlers to an application."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        kind = error.kind if isinstance(error, ProblemError) else None
        return problem(request, error.status_code, str(error.detail), _headers(request, error), kind=kind)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return problem(request, 422, _field_errors(error), errors=_each_error(error))

    @app.exception_handler(UnusableValueError)
    async def unusable(request: Request, _: UnusableValueError) -> Response:
        return problem(request, 422, UNUSABLE)

    @app.exception_handler(orders.UnusableTextError)
    @app.exception_handler(closing.UnusableTextError)
    @app.exception_handler(incidents.UnusableTextError)
    @app.exception_handler(fleet.UnusableTextError)
    @app.exception_handler(UnusableTextError)
    async def unusable_text(request: Request, _: Exception) -> Response:
        return problem(request, 422, UNUSABLE)

    @app.exception_handler(NoSuchAlarmError)
    async def no_such_alarm(request: Request, error: NoSuchAlarmError) -> Response:
        return problem(request, 404, str(error))

    @app.exception_handler(NoSuchOrderError)
    @app.exception_handler(NoSuchPlanError)
    @app.exception_handler(incidents.NoSuchIncidentError)
    async def no_such_order(request: Request, error: Exception) -> Response:
        return problem(request, 404, str(error))

    @app.exception_handler(OrderRefusedError)
    @app.exception_handler(closing.ClosureRefusedError)
    @app.exception_handler(IncidentRefusedError)
    @app.exception_handler(DeskRefusedError)
    @app.exception_handler(NotPlannedError)
    @app.exception_handler(PlanMovedError)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(request, 409, str(error))

    @app.exception_handler(TooManyError)
    @app.exception_handler(TransientError)
    async def unavailable(request: Request, error: Exception) -> Response:
        return problem(request, 503, _unavailable(request, error), {"Retry-After": "10"})

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        log.error("request failed", route=_route(request), error=repr(error))
        # This handler runs outside the middleware that adds these headers.
        return problem(
            request,
            500,
            BROKEN,
            {
                "Cache-Control": "no-store",
                **{n.decode(): v.decode() for n, v in headers_of(request.url.scheme)},
            },
        )


def _unavailable(request: Request, error: Exception) -> str:
    """Return why nobody can answer now, and log it where that is not how many ask."""
    if isinstance(error, TooManyError):
        return str(error)
    if isinstance(error, TooSlowError):
        log.warning("a statement took too long", route=_route(request))
        return TOO_LONG
    log.warning("database unavailable", route=_route(request), error=str(error.__cause__ or error))
    return UNAVAILABLE


def _headers(request: Request, error: HTTPException) -> dict[str, str]:
    allow = (
        {"Allow": ", ".join(_methods(request))} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    )
    return {**(error.headers or {}), **allow}


def _methods(request: Request) -> list[str]:
    """Return the methods that an address takes: the router names those of its first route alone.

    Where an address is a template word for word, as ``/codecs/try`` beside ``/codecs/{name}``, it is that one's alone (OpenAPI
    3.1, Paths Object).
    """
    near: Sequence[BaseRoute] = request.scope.get(NEAR, request.app.router).routes
    template: Callable[[BaseRoute], str | None] = request.scope.get(TEMPLATE, lambda _: None)
    own = [route for route in near if template(route) == request.url.path] or near
    tried = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    found = [m for m in tried if any(_takes(route, request, m) for route in own)]
    return found or ["GET", "HEAD"]  # of a file below a mount, which no route of ours is


def _takes(route: BaseRoute, request: Request, method: str) -> bool:
    return route.matches({**request.scope, "method": method})[0] is Match.FULL


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "unmatched"))
