"""No dependency of a route is a plain function: FastAPI would run it in a thread, for every request."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import iscoroutinefunction

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from ops_api.access.enforce import enforce
from ops_api.rest.known_params import known_params
from ops_api.routes import PAGES, ROUTERS, STANDARDS


def calls(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from calls(one)


def test_every_route_and_what_it_depends_on_runs_on_the_loop() -> None:
    routes = [
        r for router in (*ROUTERS, *STANDARDS, *PAGES) for r in router.routes if isinstance(r, APIRoute)
    ]
    found = {
        enforce,
        known_params,
        *(r.endpoint for r in routes),
        *(c for r in routes for c in calls(r.dependant)),
    }
    assert len(routes) > 250
    assert {call for call in found if not iscoroutinefunction(call)} == set()
