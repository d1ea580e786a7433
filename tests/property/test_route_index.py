"""Whatever the address, the index of routes leaves out none that could answer, and keeps their order."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast
from unittest.mock import Mock

from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.routing import BaseRoute, Match, Mount
from starlette.staticfiles import StaticFiles

from ops_api.app import create_app
from ops_api.rest.route_index import RouteIndex
from ops_api.routes import routes, template_of
from ops_api.web.render import STATIC


@cache
def site() -> FastAPI:
    return create_app(Mock(), desk=cast("Any", None))


@cache
def templates() -> tuple[str, ...]:
    return tuple(str(template_of(route)) for route in site().router.routes)


def that_match(tried: list[BaseRoute], path: str) -> list[int]:
    """Return the routes of a path, by whatever method: the first of the right one answers, or the first of all says 405."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    return [id(route) for route in tried if route.matches(dict(scope))[0] is not Match.NONE]


def index() -> RouteIndex:
    found = site().router.middleware_stack
    assert isinstance(found, RouteIndex)
    return found


def check(path: str) -> int:
    near = index().near(path).routes
    expected = that_match(site().router.routes, path)
    assert that_match(near, path) == expected
    return len(near)


def test_each_route_is_found_by_its_own_address_among_few() -> None:
    tried = [check(re.sub(r"{[^}]*}", "17", template)) for template in templates()]
    assert sum(tried) / len(tried) < 20
    assert len(tried) > 350


def _paths() -> st.SearchStrategy[str]:
    known = sorted({word for template in templates() for word in template.split("/") if "{" not in word})
    words = st.sampled_from([*known, "17", "A B", "..", "é", "%2F"])
    return st.lists(words, max_size=6).map(lambda some: "/" + "/".join(some))


@given(st.deferred(_paths))
@example("")
@example("//")
@example("/static")
@example("/static/../x")
@example("*")
def test_whatever_the_address_the_same_routes_match(path: str) -> None:
    check(path)


def made() -> FastAPI:
    """Return a small site whose answers say which route gave them."""

    def says(what: str) -> Any:
        async def answer() -> PlainTextResponse:
            return PlainTextResponse(what)

        return answer

    app, late = FastAPI(openapi_url=None), APIRouter(prefix="/a")
    for path, methods in (
        ("/a/{x}", ["GET"]), ("/a/b", ["GET", "POST"]), ("/a/b", ["PUT"]), ("/a/{x}/c", ["GET"]), ("/slash/", ["GET"]),
        ("/deep/{rest:path}", ["GET"]), ("/deep/er/still", ["DELETE"]), ("/T({n:int})/x", ["GET"]), ("/", ["GET"]),
    ):  # fmt: skip
        app.add_api_route(path, says(f"{path} {methods}"), methods=methods)
    late.add_api_route("/late", says("late"), methods=["GET", "PATCH"])
    app.include_router(late)  # has no template of its own: tried for every address
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


PLACES = st.sampled_from(
    ["", "a", "b", "c", "late", "slash", "deep", "er", "still", "T(1)", "T(x)", "x", "b\n", "static"]
)


@given(
    st.lists(PLACES, max_size=5),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
)
@example(["a", "b\n"], "PUT")
@example(["slash"], "GET")
@example(["a", "b", ""], "POST")
@example(["", "", "", ""], "GET")  # two slashes at the beginning are a host where no host is given
def test_the_same_is_answered_with_and_without_it(words: list[str], method: str) -> None:
    plain, indexed = clients()
    path = "http://testserver/" + "/".join(word.replace("\n", "%0A") for word in words)
    one, other = (client.request(method, path, follow_redirects=False) for client in (plain, indexed))
    assert (one.status_code, one.content, sorted(one.headers.items())) == (
        other.status_code,
        other.content,
        sorted(other.headers.items()),
    )


@cache
def clients() -> tuple[TestClient, TestClient]:
    plain, indexed = made(), made()
    indexed.router.middleware_stack = RouteIndex(indexed.router, lambda r: getattr(r, "path", None))
    return TestClient(plain), TestClient(indexed)


def test_a_route_that_is_added_later_is_found() -> None:
    app = FastAPI(openapi_url=None)
    app.router.middleware_stack = RouteIndex(app.router, lambda r: getattr(r, "path", None))
    client = TestClient(app)
    assert client.get("/new").status_code == 404

    async def answer() -> PlainTextResponse:
        return PlainTextResponse("here")

    app.add_api_route("/new", answer)
    assert client.get("/new").text == "here"


def test_every_route_of_the_site_has_a_template() -> None:
    assert all(template_of(route) is not None for route in routes())
    assert isinstance(site().router.routes[-1], Mount)
