"""HTTP/1.1 with deadlines: uvicorn's own protocol waits for ever for headers, bodies and readers.

uvicorn is pinned to the minor version whose names are used here, and ``tests/unit/test_hardening_names.py`` fails when one
is gone. What is held open and for how long: ``limits``. RFC 9110, RFC 9112; the attack: R. Hansen, Slowloris (2009).
"""

# What has no docstring here is asyncio's or uvicorn's.
# ruff: noqa: D102

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from ops_api.hardening.due import Due
from ops_api.hardening.limits import HEAD_MOST, HEADERS_MOST, LOOK_S, TARGET_MOST, Limits
from ops_api.hardening.room import Room
from ops_api.hardening.sources import Sources, source_of

BETWEEN, HEAD, BODY = range(3)
"""What of a request comes next."""
WORDS = {
    400: "This is no HTTP request.",
    408: "The rest did not come in time.",
    414: "What was asked for is too long.",
    431: "There are too many headers, or they are too long.",
    503: "Too many connections are open from here.",
}


class RefusedError(Exception):
    """What comes is too long: ends the parser."""


class Deadlined(HttpToolsProtocol):
    """One connection; :func:`deadlined` makes the class for a server."""

    limits: ClassVar[Limits] = Limits()
    sources: ClassVar[Sources] = Sources(Limits().per_source, "")
    room: ClassVar[Room] = Room(Limits().at_once)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head, self._body = Due(self.loop, self._head_late), Due(self.loop, self._body_late)
        self._reader = Due(self.loop, self._look_at_reader)
        self._stage, self._status, self._head_bytes = BETWEEN, 400, 0
        self._body_bytes, self._body_since = 0, 0.0
        self._unread, self._unread_since = 0, 0.0
        self._counted: str | None = None
        self._source = ""

    # From the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        if self.sources.take(host):
            self._counted, self._source = host, source_of(host)
            self._head.arm(self.limits.header_s)
            self.room.make(len(self.connections))
            self.room.wait(self, self._source)
        else:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        for due in (self._head, self._body, self._reader):
            due.cancel()
        self.room.busy(self)
        if self._counted is not None:
            self.sources.give(self._counted)
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._stage == BODY:
            self._body.arm(self.limits.body_s)
        elif self._stage == HEAD:
            self._count_head(len(data))
        elif (
            not self._is_answering()
        ):  # empty lines, which would put off the end of a quiet connection for ever
            self._head.arm(self.limits.header_s)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._reader.cancel()

    # From the parser.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stage, self._head_bytes = HEAD, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > TARGET_MOST:
            self._end(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MOST:
            self._end(431)

    def on_headers_complete(self) -> None:
        self._head.cancel()
        self.room.busy(self)
        if sum(len(name) + len(value) for name, value in self.headers) > HEAD_MOST:
            self._end(431)
        super().on_headers_complete()
        self._stage, self._body_bytes, self._body_since = BODY, 0, self.loop.time()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._body_bytes += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stage = BETWEEN
        self._head.cancel()
        self._body.cancel()

    # From uvicorn.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_reader()
        elif not self._is_answering() and self._stage != BODY:
            self.room.wait(self, self._source)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._status)

    def end_quietly(self) -> None:
        """End it at once: another needs its place."""
        self.transport.abort()

    # Deadlines.

    def _head_late(self) -> None:
        if self._is_answering():  # to the request before: this one's time begins when it has its answer
            self._head.arm(self.limits.header_s)
        else:
            self.transport.abort()

    def _body_late(self) -> None:
        left_s = self.limits.body_left_s(self.loop.time() - self._body_since, self._body_bytes)
        if self.flow.read_paused:  # we are slow, not they
            self._body.arm(self.limits.body_s)
        elif left_s > 0:
            self._body.arm(left_s)
        else:
            self._refuse(408)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_MOST + TARGET_MOST:
            self._refuse(431)
        else:
            self._head.arm(self.limits.header_s)

    def _watch_reader(self) -> None:
        if not self._reader.is_armed:
            self._unread, self._unread_since = self.transport.get_write_buffer_size(), self.loop.time()
            self._reader.arm(LOOK_S)

    def _look_at_reader(self) -> None:
        taken = self._unread - self.transport.get_write_buffer_size()
        if self.limits.reads(self.loop.time() - self._unread_since, taken):
            self._reader.arm(LOOK_S)
        else:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end(self, status: int) -> None:
        self._status = status
        raise RefusedError(WORDS[status])

    def _refuse(self, status: int) -> None:
        """Say why and close; nothing is said in the middle of another answer."""
        if self._is_answering() and (self.cycle.response_started or self._stage == HEAD):
            self.transport.abort()
            return
        words = WORDS[status].encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(words), words)
        )
        self.transport.close()
        self._watch_reader()


def deadlined(limits: Limits, trusted: str) -> type[Deadlined]:
    """Return the class of a server's connections; those of ``trusted`` (``Sources``) are not counted by source."""
    own = {"limits": limits, "sources": Sources(limits.per_source, trusted), "room": Room(limits.at_once)}
    return type("Deadlined", (Deadlined,), own)
