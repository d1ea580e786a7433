"""HEAD is answered as GET is, without the body: who harvests feeds, and who checks links, asks so first (RFC 9110, 9.3.2).

Not where an answer has no end, or costs much: those say 405.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from ops_api.web.headers import App, Message, Receive, Send

_NOT = re.compile(r"/live/.*|/api/v1/.*/(stream|export)")
"""Streams and bulk exports."""


class HeadAsGet:
    """ASGI middleware."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or _NOT.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        inside = {**scope, "method": "GET"}

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        try:
            await self._app(inside, receive, without_body)
        finally:
            if "route" in inside:
                scope["route"] = inside["route"]
