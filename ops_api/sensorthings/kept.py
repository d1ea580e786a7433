"""Open answers of SensorThings are kept for a second and made once for all who ask the same at the same time (ASGI).

Only of who shows nothing of themselves, neither cookie nor key: what they are told is told to everybody. Links name the host that was
asked, so it is part of the question. What this process writes is seen at once: an answer that was begun before a change ended is not
kept. So nothing is told for longer than a second after it became private.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ops_api.web.headers import App, Message, Receive, Send

PREFIX = "/sta/v1.1/"
KEEP_S = 1.0
ENTRIES_MOST = 256
BYTES_MOST = 64 * 2**20
_SHOWN = frozenset({b"cookie", b"authorization", b"x-api-key"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_UNHEARD = frozenset({401, 403, 405, 413, 429})
"""Statuses of who was not let in, by whom nothing can have changed: anybody could have all be made anew otherwise."""
_Key = tuple[str, bytes, str, bytes, bool]


@dataclass(slots=True)
class _Answer:
    asked_s: float
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    status: int = 500
    route: Any = None


class KeepThings:
    """ASGI middleware; ``keep_s``: how long an answer is kept [s], 0: not at all."""

    def __init__(self, app: App, keep_s: float = KEEP_S) -> None:
        self._app, self._keep_s = app, keep_s
        self._kept: OrderedDict[_Key, _Answer] = OrderedDict()
        self._making: dict[_Key, asyncio.Task[_Answer]] = {}
        self._bytes = self._changes = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http" or self._keep_s <= 0 or not f"{scope['path']}/".startswith(PREFIX):
            await self._app(scope, receive, send)
        elif scope["method"] not in _SAFE:
            await self._change(scope, receive, send)
        elif scope["method"] != "GET" or any(name in _SHOWN for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
        else:
            answer = await self._answer(scope)
            scope["route"] = answer.route
            for message in answer.messages:
                await send(dict(message))

    async def _change(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Keep nothing of before a change; who may not change anything does not get that far."""
        refused = False

        async def noting(message: Message) -> None:
            nonlocal refused
            refused = refused or message.get("status", 0) in _UNHEARD
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if not refused:
                self._forget()

    async def _answer(self, scope: MutableMapping[str, Any]) -> _Answer:
        key = _question(scope)
        answer = self._kept.get(key)
        if answer is not None and _now_s() - answer.asked_s < self._keep_s:
            return answer
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, scope), name="an open answer")
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    async def _make(self, key: _Key, scope: MutableMapping[str, Any]) -> _Answer:
        inside = dict(scope)
        # One answer for all: of what this one sent there is in it what the question names, and nothing else.
        asked = ((b"host", key[1]), (b"accept-encoding", b"gzip" if key[4] else b""))
        inside["headers"] = [header for header in asked if header[1]]
        inside["state"] = dict(scope.get("state") or {})
        answer, changes = _Answer(_now_s()), self._changes

        async def nothing_more() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def take(message: Message) -> None:
            answer.messages.append(message)
            answer.size += len(message.get("body", b""))
            answer.status = message.get("status", answer.status)

        await self._app(inside, nothing_more, take)
        answer.route = inside.get("route")
        if answer.status == 200 and changes == self._changes:
            self._keep(key, answer)
        return answer

    def _made(self, key: _Key, task: asyncio.Task[_Answer]) -> None:
        if self._making.get(key) is task:
            del self._making[key]

    def _keep(self, key: _Key, answer: _Answer) -> None:
        before = self._kept.pop(key, None)
        self._bytes += answer.size - (0 if before is None else before.size)
        self._kept[key] = answer
        while len(self._kept) > ENTRIES_MOST or self._bytes > BYTES_MOST:
            self._bytes -= self._kept.popitem(last=False)[1].size

    def _forget(self) -> None:
        """Keep nothing of before: something may have changed."""
        self._changes += 1
        self._kept.clear()
        self._making.clear()
        self._bytes = 0


def _question(scope: MutableMapping[str, Any]) -> _Key:
    headers = dict(scope["headers"])
    packed = b"gzip" in headers.get(b"accept-encoding", b"")
    return scope["scheme"], headers.get(b"host", b""), scope["path"], scope["query_string"], packed


def _now_s() -> float:
    return asyncio.get_running_loop().time()
