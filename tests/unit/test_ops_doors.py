"""Who may use which address of the operations centre: all of them, written down. A new one is written down here, too."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from ops_api import routes
from ops_api.routers import ops_door

DOORS = {ops_door._program: "password", ops_door._reader: "all, names with password", ops_door._pass: "pass"}
"""What a route asks for, by what it depends on; ``pass``: a page that shows less and does nothing without one."""

WHO = {
    "all": """
        GET /ops  GET /ops/map.json  GET /ops/now.json  GET /ops/way  GET /api/v1/ops/way  GET /api/v1/ops/closures
        POST /ops/what-if/who  POST /incidents/who  POST /ops/bye""",
    "all, names with password": """
        GET /api/v1/incidents  GET /api/v1/incidents/handover  GET /api/v1/incidents/handover.pdf  GET /api/v1/incidents/{ref}
        GET /api/v1/incidents/{ref}/log  GET /api/v1/ops/what-if/{what_if_id}""",
    "pass": """
        GET /incidents  GET /incidents/live  GET /incidents/live/stream  GET /incidents/handover  GET /incidents/{ref}
        GET /incidents/{ref}/live  GET /incidents/{ref}/live/stream  GET /incidents/{ref}/place  POST /incidents  POST /incidents/{ref}
        GET /ops/what-if  POST /ops/what-if  GET /ops/what-if/{what_if_id}  POST /ops/closures  POST /ops/closures/{closure_id}/open""",
    "password": """
        POST /api/v1/incidents  POST /api/v1/incidents/{ref}/open  POST /api/v1/incidents/{ref}/claim
        POST /api/v1/incidents/{ref}/hand-over  POST /api/v1/incidents/{ref}/tasks  POST /api/v1/incidents/{ref}/tasks/{number}/done
        POST /api/v1/incidents/{ref}/log  POST /api/v1/incidents/{ref}/links  POST /api/v1/incidents/{ref}/contain
        POST /api/v1/incidents/{ref}/close  POST /api/v1/incidents/{ref}/reopen  POST /api/v1/incidents/{ref}/merge
        POST /api/v1/incidents/{ref}/split  POST /api/v1/ops/what-if/close  POST /api/v1/ops/closures
        POST /api/v1/ops/closures/{closure_id}/open  POST /api/v1/incidents/{ref}/place""",
}
"""``all``: looking without names, the form that asks for the password, and the one that forgets who it is."""
OURS = ("/ops", "/incidents", "/api/v1/ops", "/api/v1/incidents")


def ops_routes() -> Iterator[tuple[str, APIRoute]]:
    """Yield the operations centre's routes by method and path."""
    for route in (
        one for router in (*routes.ROUTERS, *routes.STANDARDS, *routes.PAGES) for one in router.routes
    ):
        if isinstance(route, APIRoute) and any(
            route.path == o or route.path.startswith(f"{o}/") for o in OURS
        ):
            for method in sorted(route.methods):
                yield f"{method} {route.path}", route


def needs(dependant: Dependant) -> Iterator[str]:
    """Yield what a route asks for, of all that it depends on."""
    for one in dependant.dependencies:
        if (door := DOORS.get(one.call)) is not None:  # type: ignore[call-overload]
            yield door
        yield from needs(one)


def test_every_address_is_written_down_with_who_may_use_it() -> None:
    written = {" ".join(line): who for who, text in WHO.items() for line in _pairs(text.split())}
    found = {name: "".join(sorted(set(needs(route.dependant)))) or "all" for name, route in ops_routes()}
    assert found == written


def test_whatever_changes_something_asks_for_a_password_or_a_pass() -> None:
    open_ = {"POST /ops/what-if/who", "POST /incidents/who", "POST /ops/bye"}
    changing = {
        name: set(needs(route.dependant)) for name, route in ops_routes() if not name.startswith("GET ")
    }
    assert {name for name, asked in changing.items() if not asked & {"password", "pass"}} == open_


def _pairs(words: list[str]) -> list[list[str]]:
    return [words[n : n + 2] for n in range(0, len(words), 2)]
