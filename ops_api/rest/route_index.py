"""Finds the few routes that an address can be of, instead of trying some 400 one after the other.

FastAPI tries every route's expression in turn, twice, half a millisecond for the last. Here routes lie in a tree by the words
that their templates begin with; those that lie on an address's way are tried by FastAPI itself, in the order in which
they were declared, so that the same one answers (docs/adr/037-route-index.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match, Mount

from ops_api.web.headers import Receive, Send

Template = Callable[[BaseRoute], str | None]
NEAR = "cityops.near"
"""In a request's scope: the router with the few routes that its address can be of."""
TEMPLATE = "cityops.template"
"""In a request's scope: what returns a route's template."""


@dataclass
class _Word:
    """A place in the tree.

    Attributes:
        below: the words that may follow.
        here: routes whose template ends here, with their places in the order.
        onward: routes whose template goes on with a parameter: of every longer address too.
        tried: makes FastAPI try what may answer here; made when it is first needed.
    """

    below: dict[str, _Word] = field(default_factory=dict)
    here: list[tuple[int, BaseRoute]] = field(default_factory=list)
    onward: list[tuple[int, BaseRoute]] = field(default_factory=list)
    tried: APIRouter | None = None


class RouteIndex:
    """ASGI application that answers as its router does.

    Args:
        router: holds the routes; those added to it later are found too.
        template: returns a route's template (``/bins/{bin_id}``); None: it is tried for every address.
    """

    def __init__(self, router: APIRouter, template: Template) -> None:
        self._router, self._template = router, template
        self._count, self._root = -1, _Word()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http" or scope.get("root_path") or "\n" in scope["path"]:
            await self._router.app(
                scope, receive, send
            )  # "$" in an expression is before a last line's end too
            return
        scope.setdefault("router", self._router)
        scope[NEAR] = near = self.near(scope["path"])
        scope[TEMPLATE] = self._template
        await near.app(scope, receive, send)

    def near(self, path: str) -> APIRouter:
        """Return a router with every route that this path can be of, in order, and few others."""
        if len(self._router.routes) != self._count:
            self._plant()
        way = list(_way(self._root, path))
        found = way[-1]
        if found.tried is None:
            routes = sorted((*found.here, *(r for word in way for r in word.onward)), key=lambda r: r[0])
            found.tried = APIRouter(
                routes=[route for _, route in routes], redirect_slashes=False, default=self._nothing
            )
        return found.tried

    def _plant(self) -> None:
        root, routes = _Word(), list(self._router.routes)
        for place, route in enumerate(routes):
            template = self._template(route)
            words, is_whole = ([], False) if template is None else _words(template)
            at = root
            for word in words:
                at = at.below.setdefault(word, _Word())
            (at.here if is_whole and not isinstance(route, Mount) else at.onward).append((place, route))
        self._root, self._count = root, len(routes)

    async def _nothing(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer where no route is: there may be one with the last slash, or without."""
        path: str = scope["path"]
        other = {**scope, "path": path.rstrip("/") if path.endswith("/") else f"{path}/"}
        if any(r.matches(other)[0] is not Match.NONE for r in self.near(other["path"]).routes):
            await self._router.app(scope, receive, send)
        else:
            await self._router.default(scope, receive, send)


def _way(root: _Word, path: str) -> Iterator[_Word]:
    """Yield the places in the tree that a path goes through, as far as its words are known."""
    at: _Word | None = root
    for word in path.split("/")[1:]:
        assert at is not None
        yield at
        at = at.below.get(word)
        if at is None:
            return
    if at is not None:
        yield at


def _words(template: str) -> tuple[list[str], bool]:
    """Return the words before the first parameter, and whether that is all of the template."""
    words = template.split("/")[1:]
    known = next((n for n, word in enumerate(words) if "{" in word), len(words))
    return words[:known], known == len(words)
