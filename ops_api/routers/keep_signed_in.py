"""Gives a browser of staff its session's new token, with whatever answer it gets next."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from fastapi import Request
from fastapi.responses import Response

from cityops.errors import TransientError
from ops_api.access.principal import staff_cookie
from ops_api.identity.model import Signed
from ops_api.routers.context import Context
from ops_api.routers.staff_browser import keep_token
from ops_api.web.headers import App, Message, Receive, Send


class KeepSignedIn:
    """ASGI middleware: where the session of who asks is due for a new token, the answer carries it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})

        async def renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                who = scope["state"].get("principal")
                if isinstance(who, Signed) and who.stale:
                    await _renew(Request(scope), who, message)
            await send(message)

        await self._app(scope, receive, renewed)


async def _renew(request: Request, who: Signed, message: Message) -> None:
    name, headers = staff_cookie(request), list(message.get("headers") or [])
    ours = f"{name}=".encode()
    if any(k.lower() == b"set-cookie" and v.startswith(ours) for k, v in headers):
        return  # signed in or out by this very request
    ctx = cast("Context", request.app.state.context)
    if ctx.front.desk is None:
        return
    try:
        token = await ctx.front.desk.sessions.rotate(request.cookies.get(name, ""), who, ctx.clock.now())
    except TransientError:
        return  # the old token holds: the next answer brings another
    if token is not None:
        carrier = Response()
        keep_token(request, carrier, token, ctx.front.desk.terms.life)
        message["headers"] = headers + [h for h in carrier.raw_headers if h[0] == b"set-cookie"]
