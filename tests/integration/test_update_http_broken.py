"""A web server, or something on the way to it, that breaks off in the middle of an update: what came stays, the rest is asked for later."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.agent.update.files import RealFiles
from devices.agent.update.http_fetch import fetch
from devices.agent.update.job import Job
from devices.contract.update.manifest import BundleError

BUNDLE = "ab" * 32


@contextmanager
def answering(said: bytes) -> Iterator[str]:
    """Serve ``said`` to whoever connects, then hang up."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/bundle"
        server.shutdown()


def job(root: Path, url: str) -> Job:
    return Job(
        root=str(root), bundle=BUNDLE, size=1000, slot="a", running_slot="", keys_file="", kind="frog",
        machine="any", python=(3, 11), running=0, floor=0, back_to=(), now_s=None, url=url, tls_ca="",
        rate_bytes_s=10_000_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "came"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + b"x" * 100 + b"\r\n64\r\nhalf", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 300, 300),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300, 300),
        (b"this is not HTTP\r\n\r\n", 0),
        (b"HTTP/1.1 302 Found\r\nLocation: ftp://elsewhere/\r\n\r\n", 0),
        (b"HTTP/1.1 503 Busy\r\n\r\n", 0),
        (b"", 0),
    ],
)
def test_what_breaks_off_is_the_networks_fault_and_waits(tmp_path: Path, said: bytes, came: int) -> None:
    with answering(said) as url, pytest.raises(BundleError) as told:
        fetch(RealFiles(), job(tmp_path, url))
    assert told.value.code == "network"
    assert (RealFiles().size(tmp_path / "fetch" / BUNDLE) or 0) == came
