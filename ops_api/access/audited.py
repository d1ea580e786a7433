"""Writes down what a request saw or changed, before the first byte of its answer leaves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from secrets import token_hex
from typing import Any, Protocol, cast

from cityops.clock import Clock
from cityops.errors import TransientError
from ops_api.access.enforce import SAFE
from ops_api.access.model import Rule
from ops_api.access.noting import entry_of
from ops_api.access.ports import AuditLog
from ops_api.audit.core.model import Entry

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

REFUSED = "What you look at is written down, and that cannot be done now. Try again in a minute."


class _Front(Protocol):
    @property
    def audit(self) -> AuditLog | None: ...


class _Context(Protocol):
    @property
    def front(self) -> _Front: ...
    @property
    def clock(self) -> Clock: ...


class _NotWrittenDownError(Exception):
    """The answer is not sent; ends whatever makes it."""


class Audited:
    """ASGI middleware. A look that cannot be written down is refused; of an act that is done the line is kept aside."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = token_hex(8)
        begun = refused = False

        async def noted(message: Message) -> None:
            nonlocal begun, refused
            if refused:
                raise _NotWrittenDownError
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [
                    *(message.get("headers") or []),
                    (b"x-request-id", state["request_id"].encode()),
                ]
                if not await self._note(scope, message["status"]):
                    refused = True
                    await _refuse(send)
                    raise _NotWrittenDownError
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if refused:
                return
            if not begun:  # answered outside of this, with 500; what it had done by then is done
                await self._note(scope, 500)
            raise

    async def _note(self, scope: MutableMapping[str, Any], status: int) -> bool:
        """Return whether the answer may be sent."""
        rule: Rule | None = scope["state"].get("rule")
        if rule is None or rule.audit == "none":
            return True
        ctx = cast("_Context", scope["app"].state.context)
        entry = entry_of(scope, rule, status, ctx.clock.now())
        if ctx.front.audit is None or entry is None:
            return True
        return await _written(ctx.front.audit, entry, safe=scope["method"] in SAFE)


async def _written(audit: AuditLog, entry: Entry, *, safe: bool) -> bool:
    if not safe:
        await audit.done(entry)
        return True
    try:
        await audit.add(entry)
    except TransientError:
        return False
    return True


async def _refuse(send: Send) -> None:
    said = {"type": "/problems/unavailable", "title": "Not available now", "status": 503, "detail": REFUSED}
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
