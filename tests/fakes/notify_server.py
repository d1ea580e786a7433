"""A small HTTP server that plays GOV.UK Notify, a webhook's receiver or what apprise posts to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """What it was asked, and what it answers: status, headers and body by method and path."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    document: Any = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    drop: bool = False

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Return status and document; replaced by tests that need more."""
        return self.status, self.document


@contextmanager
def serving(server: Server | None = None) -> Iterator[Server]:
    """Run a server on a free port of the loopback address."""
    state = Server() if server is None else server
    state.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked = Asked(
                self.command,
                self.path,
                {k.lower(): v for k, v in self.headers.items()},
                self.rfile.read(length),
            )
            state.asked.append(asked)
            state.gate.wait(60)
            if state.drop:
                self.close_connection = True
                return
            status, document = state.answer(asked)
            raw = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**state.headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _any

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    state.port = httpd.server_address[1]
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.gate.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join(10)
