"""What uvicorn's protocol has to have for our deadlines to work: fails when a new version renames it."""

from __future__ import annotations

import inspect

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ops_api.hardening.limits import READ_RATE, Limits
from ops_api.hardening.protocol import Deadlined
from ops_api.hardening.sources import Sources, source_of

OVERRIDDEN = sorted(
    name
    for name, value in vars(Deadlined).items()
    if inspect.isfunction(value) and not name.startswith("_") and name in vars(HttpToolsProtocol)
)


def test_what_we_override_is_there() -> None:
    assert OVERRIDDEN == [
        "connection_lost", "connection_made", "data_received", "on_body", "on_header", "on_headers_complete",
        "on_message_begin", "on_message_complete", "on_response_complete", "on_url", "pause_writing",
        "resume_writing", "send_400_response", "timeout_keep_alive_handler",
    ]  # fmt: skip


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_we_override_takes_what_it_took(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(c, name)).parameters for c in (Deadlined, HttpToolsProtocol))
    assert list(ours) == list(theirs)


def test_what_we_read_is_there() -> None:
    source = inspect.getsource(HttpToolsProtocol) + inspect.getsource(RequestResponseCycle)
    for name in (
        "self.cycle",
        "self.flow",
        "self.url",
        "self.headers",
        "self.client",
        "self.loop",
        "self.connections",
    ):
        assert f"{name}:" in source or f"{name} =" in source, name
    for name in ("self.response_complete", "self.response_started", "self.on_response()"):
        assert name in source, name


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("/run/cityops.sock", "/run/cityops.sock"),
    ],
)
def test_one_source_is_one_address_or_one_homes_network(host: str, source: str) -> None:
    assert source_of(host) == source


def test_a_source_has_so_many_connections_and_others_theirs() -> None:
    sources = Sources(2, "127.0.0.1,10.0.0.0/8,::1")
    assert [sources.take("203.0.113.7") for _ in range(3)] == [True, True, False]
    assert sources.take("203.0.113.8")
    assert all(
        sources.take(host) for host in ("127.0.0.1", "10.9.8.7", "::1", "::ffff:10.1.1.1") for _ in range(9)
    )
    assert [sources.take(f"2001:db8::{n}") for n in range(1, 4)] == [True, True, False]
    sources.give("203.0.113.7")
    assert sources.take("203.0.113.7")


def test_nothing_is_kept_of_who_has_gone() -> None:
    sources = Sources(5, "127.0.0.1")
    for n in range(50):
        host = f"203.0.113.{n}"
        assert sources.take(host)
        sources.give(host)
    # A trusted one is never counted, and giving it back must not leave a debt that lets others have more.
    assert sources.take("127.0.0.1")
    sources.give("127.0.0.1")
    assert not sources._open


def test_everybody_may_be_trusted() -> None:
    sources = Sources(1, "*")
    assert all(sources.take("203.0.113.7") for _ in range(3))


def test_a_body_that_comes_has_longer_and_a_reader_that_reads_too() -> None:
    limits = Limits(body_s=60.0, stall_s=30.0)
    assert limits.body_left_s(60.0, 0) == 0.0
    assert limits.body_left_s(60.0, 20 * 2**20) > 600
    assert limits.reads(29.9, 0)
    assert not limits.reads(30.0, 0)
    assert limits.reads(100.0, 100 * READ_RATE)
    assert not limits.reads(100.0, 100 * READ_RATE - 1)
