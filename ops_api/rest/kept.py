"""Open answers are kept for a second, with an entity tag, and made once for all who ask at the same time.

Only of routes that everybody may read and whose answer does not depend on who asks (:data:`KEPT`; a test holds them to
rules of the kind ``open``). What a household has is never among them. An answer is at most a second older than it says,
so nothing is told longer than that after it became private.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ops_api.access.rules import RULES
from ops_api.rest.core.etag import is_known, tag_of
from ops_api.web.headers import App, Message, Receive, Send

KEPT = (
    "/api/v1/kinds", "/api/v1/kinds/{kind}", "/api/v1/kinds/{kind}/schema", "/api/v1/devices", "/api/v1/devices/{name}",
    "/api/v1/devices/{name}/latest", "/api/v1/devices/{name}/series", "/api/v1/readings/latest",
    "/api/v1/depots", "/api/v1/segments", "/api/v1/routes", "/api/v1/bins", "/api/v1/openapi.json",
)  # fmt: skip
"""Templates of the routes."""
KEEP_S = 1.0
ENTRIES_MOST = 256
BYTES_MOST = 64 * 2**20
PACK_BYTES = 800
IN_THREAD_BYTES = 64 * 2**10
GZIP_WINDOW = 31
_PATHS = re.compile("|".join(f"({re.sub(r'{[^}]*}', '[^/]+', template)})" for template in KEPT))


@dataclass
class Answer:
    """An answer: what was sent, whole."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    packed: bytes | None = None
    made_s: float = 0.0
    route: Any = None
    tag: str = ""


class KeepAnswers:
    """ASGI middleware; ``keep_s``: how long an answer is kept [s], 0: it is tagged and made anew for each who asks."""

    def __init__(self, app: App, keep_s: float = KEEP_S) -> None:
        self._app, self._keep_s = app, keep_s
        self._kept: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()
        self._bytes = 0
        self._making: dict[tuple[str, bytes], asyncio.Task[Answer]] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        answer = self._kept.get(key)
        if answer is None or _now_s() - answer.made_s >= self._keep_s:
            answer = await asyncio.shield(self._made(key, scope))
        scope["route"] = answer.route
        await _send(answer, dict(scope["headers"]), send)

    def _made(self, key: tuple[str, bytes], scope: MutableMapping[str, Any]) -> asyncio.Task[Answer]:
        """Return the one making of an answer that is under way."""
        task = self._making.get(key) if self._keep_s > 0 else None
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, scope), name="an open answer")
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return task

    async def _make(self, key: tuple[str, bytes], scope: MutableMapping[str, Any]) -> Answer:
        inside = dict(scope)
        inside[
            "headers"
        ] = []  # one answer for all: nothing that this one sent can be in it, not even the host asked for
        inside["state"] = dict(scope.get("state") or {})
        answer, asked_s = Answer(), _now_s()

        async def nothing_more() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        pieces: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message.get("headers") or [])
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))

        await self._app(inside, nothing_more, take)
        answer.body, answer.route = b"".join(pieces), inside.get("route")
        if answer.status == 200:
            answer.made_s, answer.tag = asked_s, tag_of(answer.body)
            if self._keep_s > 0:
                self._keep(key, answer)
        return answer

    def _keep(self, key: tuple[str, bytes], answer: Answer) -> None:
        before = self._kept.pop(key, None)
        self._bytes += _size(answer) - (0 if before is None else _size(before))
        self._kept[key] = answer
        while len(self._kept) > ENTRIES_MOST or self._bytes > BYTES_MOST:
            self._bytes -= _size(self._kept.popitem(last=False)[1])


def _is_open(path: str) -> bool:
    """Whether a path is one of those kept, and its route's rule as it is now lets everybody in unseen."""
    found = _PATHS.fullmatch(path)
    if found is None or found.lastindex is None:
        return False
    rule = RULES.get(f"GET {KEPT[found.lastindex - 1]}")
    return rule is not None and rule.who == "open" and rule.audit == "none"


def _size(answer: Answer) -> int:
    """Return how much is counted for an answer, packed or not [bytes]."""
    return 2 * len(answer.body)


async def _send(answer: Answer, asked: dict[bytes, bytes], send: Send) -> None:
    if answer.status != 200:
        await _sent(answer.status, answer.headers, answer.body, send)
        return
    headers = [
        *(h for h in answer.headers if h[0] not in (b"content-length", b"etag", b"vary", b"cache-control")),
        (b"etag", answer.tag.encode()), (b"vary", b"Accept-Encoding"), (b"cache-control", b"no-cache"),
    ]  # fmt: skip
    if is_known(answer.tag, asked.get(b"if-none-match", b"").decode("latin-1") or None):
        headers = [h for h in headers if h[0] != b"content-type"]
        await _sent(304, headers, None, send)
    elif len(answer.body) >= PACK_BYTES and b"gzip" in asked.get(b"accept-encoding", b""):
        body = await _packed(answer)
        await _sent(200, [*headers, (b"content-encoding", b"gzip")], body, send)
    else:
        await _sent(200, headers, answer.body, send)


async def _packed(answer: Answer) -> bytes:
    if answer.packed is None:
        large = len(answer.body) > IN_THREAD_BYTES
        answer.packed = await asyncio.to_thread(_gzip, answer.body) if large else _gzip(answer.body)
    return answer.packed


def _gzip(body: bytes) -> bytes:
    press = zlib.compressobj(level=6, wbits=GZIP_WINDOW)
    return press.compress(body) + press.flush()


async def _sent(status: int, headers: list[tuple[bytes, bytes]], body: bytes | None, send: Send) -> None:
    length = [] if body is None else [(b"content-length", str(len(body)).encode())]
    kept = [h for h in headers if h[0] != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": kept + length})
    await send({"type": "http.response.body", "body": body or b""})


def _now_s() -> float:
    return asyncio.get_running_loop().time()
