"""The page's server: the standard library's, in threads, with bounds.

``http.server`` says of itself that it is not for the open internet; here it stands on a home
network, takes nothing from outside it, eight connections at a time, each for one request and at most
half a minute. It costs no dependency and two megabytes; a WSGI server of better name (waitress)
would bring its own loop and as much memory again for a page that is looked at twice a day.
"""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from devices.log import get_logger
from devices.page.app import MAX_FORM_BYTES, FrogApp, Request, Response, with_security
from devices.page.guard import is_home

log = get_logger(__name__)

CONNECTIONS = 8
LONGEST_S = 30.0
_POLL_S = 1.0


class PageServer:
    """Serves ``app`` until :meth:`stop`.

    Args:
        host: address to listen on; ``0.0.0.0`` all of IPv4, ``::`` all of IPv6.
        port: 0 takes a free one.
        public: whether connections from outside home networks are taken.

    Raises:
        OSError: the address can't be listened on.
    """

    def __init__(self, app: FrogApp, host: str, port: int, *, public: bool = False) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = _Server((host, port), family, app, public=public)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="frog page", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serve from now on, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections and close."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], family: int, app: FrogApp, *, public: bool) -> None:
        self.address_family = family
        self.app = app
        self._public = public
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether both ends are in a home network; else it is closed unread."""
        return self._public or (is_home(client_address[0]) and is_home(request.getsockname()[0]))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, where one is free; a connection too many is closed."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._since[request] = time.monotonic()
        threading.Thread(target=self._answer, args=(request, client_address), daemon=True).start()

    def service_actions(self) -> None:
        """Cut what has lasted too long: a client that sends a byte now and then holds no thread for ever."""
        limit_s = time.monotonic() - LONGEST_S
        with self._lock:
            for connection, since_s in self._since.items():
                if since_s < limit_s:
                    self._cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of a fault of ours, without who asked what; a client that went away is none."""
        e = sys.exception()
        if not isinstance(e, OSError):
            log.warning("the frog's page failed", error=f"{type(e).__name__}: {e}")

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            with self._lock:
                self._since.pop(request, None)
            self.shutdown_request(request)
            self._free.release()

    @staticmethod
    def _cut(connection: socket.socket) -> None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has gone by itself


class _Handler(BaseHTTPRequestHandler):
    """One request; HTTP/1.0, so that the connection ends with it."""

    server: _Server
    timeout = 10
    server_version = "frog"
    sys_version = ""

    def do_GET(self) -> None:
        self._respond(b"")

    def do_HEAD(self) -> None:
        self._respond(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= MAX_FORM_BYTES):
            self._send(Response(413, b"Too much.\n", "text/plain; charset=utf-8"))
            return
        self._respond(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """When somebody looks at the page is nobody's business."""

    def _respond(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.app.handle(Request(self.command, self.path, headers, body)))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in with_security(response):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
