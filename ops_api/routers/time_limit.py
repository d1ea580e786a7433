"""An answer begins in time or is given up: 503, with the database's statement cancelled.

What streams is over its limit as soon as it begins; the pieces have deadlines of their own (``event_stream``, ``download``,
and whoever does not read: ``protocol``). A route that makes something for minutes says so by :data:`LONG`.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import structlog
from fastapi import Depends, Request

from ops_api.routers.problems import TOO_LONG, problem
from ops_api.web.headers import App, Message, Receive, Send

log = structlog.get_logger(__name__)

LONG_S = 900.0
"""Seconds for what makes plans of a night or a day: its own limits are shorter and say more."""
_KEY = "cityops.deadline"


class LimitTime:
    """ASGI middleware.

    Args:
        app: what answers.
        answer_s: seconds from the end of the request's body to the beginning of the answer.
    """

    def __init__(self, app: App, answer_s: float) -> None:
        self._app, self._answer_s = app, answer_s

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        try:
            async with asyncio.timeout(self._answer_s) as deadline:
                scope[_KEY] = deadline

                async def send_begun(message: Message) -> None:
                    nonlocal begun
                    begun = True
                    deadline.reschedule(None)
                    await send(message)

                await self._app(scope, _extending(receive, deadline, self._answer_s), send_begun)
        except TimeoutError:
            if begun:
                raise
            await self._give_up(scope, receive, send)

    async def _give_up(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        log.warning("an answer took too long", route=_route(scope), answer_s=self._answer_s)
        await problem(Request(scope), 503, TOO_LONG, {"Retry-After": "60"})(scope, receive, send)


def _extending(receive: Receive, deadline: asyncio.Timeout, answer_s: float) -> Receive:
    """Return ``receive`` that begins the time anew with each piece of the body: how long that takes has its own limit."""

    async def received() -> Message:
        message = await receive()
        if message["type"] == "http.request" and deadline.when() is not None:
            deadline.reschedule(asyncio.get_running_loop().time() + answer_s)
        return message

    return received


def _route(scope: MutableMapping[str, Any]) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))


async def _take_long(request: Request) -> None:
    deadline: asyncio.Timeout | None = request.scope.get(_KEY)
    if deadline is not None and deadline.when() is not None:
        deadline.reschedule(asyncio.get_running_loop().time() + LONG_S)


LONG = Depends(_take_long)
"""Of a route: its answer may take ``LONG_S``."""
