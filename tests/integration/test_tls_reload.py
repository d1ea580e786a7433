"""A certificate that is renewed reaches new connections without a restart, and cuts none that is open."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from cityops.errors import ConfigurationError
from cityops.settings_api import ApiSettings
from ops_api.hardening.tls import server_context
from ops_api.web.headers import SecurityHeaders
from ops_api.wiring_api import _Server
from ops_api.wiring_http import certificate_watched, server_config
from tests.fakes.certificates import make

USABLE = "cityops_api_certificate_usable"


def trusting(cert: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cert)


async def serial_of(port: int) -> int:
    """Return the serial number of the certificate that a new connection gets."""
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=blind)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(found).serial_number


def app() -> FastAPI:
    made = FastAPI()
    made.get("/quick")(lambda: "here")
    made.add_middleware(SecurityHeaders)
    return made


@asynccontextmanager
async def served(cert: Path, key: Path, registry: CollectorRegistry) -> AsyncIterator[int]:
    """A server with this certificate, whose files are looked at every 50 ms; yields its port."""
    api = ApiSettings(port=0, tls_cert=cert, tls_key=key)
    config = server_config(app(), api)
    server = _Server(config)
    with certificate_watched(config.ssl, api, registry, every_s=0.05):
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def becomes(port: int, serial: int) -> None:
    async with asyncio.timeout(10):
        while await serial_of(port) != serial:
            await asyncio.sleep(0.02)


async def test_a_renewed_certificate_is_taken_and_an_open_connection_stays(tmp_path: Path) -> None:
    cert, key, registry = tmp_path / "cert.pem", tmp_path / "key.pem", CollectorRegistry()
    first = make(cert, key)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(served(cert, key, registry))
        assert await serial_of(port) == first
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trusting(cert), limits=limits)
        )
        assert (await http.get("/quick")).json() == "here"
        second = make(cert, key)
        await becomes(port, second)
        # The client trusts the first certificate alone: this can only be the connection that it had.
        answer = await http.get("/quick")
    assert answer.json() == "here"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert registry.get_sample_value(USABLE) == 1.0


async def test_half_a_renewal_and_nonsense_keep_the_old_one_and_the_second_half_is_taken(
    tmp_path: Path,
) -> None:
    cert, key, registry = tmp_path / "cert.pem", tmp_path / "key.pem", CollectorRegistry()
    first = make(cert, key)
    async with served(cert, key, registry) as port:
        other = make(tmp_path / "new.pem", tmp_path / "new.key")
        (tmp_path / "new.pem").replace(cert)  # its key has not come yet
        await asyncio.sleep(0.3)
        assert await serial_of(port) == first
        assert registry.get_sample_value(USABLE) == 0.0
        (tmp_path / "new.key").replace(key)
        await becomes(port, other)
        assert registry.get_sample_value(USABLE) == 1.0
        cert.write_text("nonsense")
        await asyncio.sleep(0.2)
        assert await serial_of(port) == other
        cert.unlink()
        await asyncio.sleep(0.2)
        assert await serial_of(port) == other


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make(cert, key)
    assert server_context(cert, key).minimum_version == ssl.TLSVersion.TLSv1_2
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with served(cert, key, CollectorRegistry()) as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)


def test_what_is_no_pair_does_not_start(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make(cert, key)
    make(tmp_path / "other.pem", key)
    for wrong in (cert, key, tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match="no certificate with its key"):
            server_context(wrong, key)
