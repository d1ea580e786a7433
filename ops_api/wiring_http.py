"""How the web server listens: deadlines, number of connections, certificate."""

from __future__ import annotations

import asyncio
import resource
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge

from cityops.settings_api import ApiSettings
from ops_api.hardening.limits import Limits
from ops_api.hardening.protocol import deadlined
from ops_api.hardening.tls import server_context, watch

GRACE_S = 2
"""Seconds that open requests get when the server stops; streams end at once."""
CONNECTIONS = 2500
"""Open at once, streams included: more get 503. A stream costs some 40 kB."""
ROOM = 100
"""Of these are kept free by ending connections that wait: who asks something is not told 503 for those who ask nothing."""
KEEP_ALIVE_S = 5
FILES_BESIDE = 500
"""Open files beside the connections: the database's, pages', those of processes that plan."""


def server_config(app: FastAPI, api: ApiSettings) -> uvicorn.Config:
    """Return how ``app`` is served.

    Raises:
        ConfigurationError: the certificate can't be used.
    """
    allow_files(CONNECTIONS + FILES_BESIDE)
    limits = Limits(
        api.header_s, api.body_s, per_source=api.connections_per_source, at_once=CONNECTIONS - ROOM
    )
    config = uvicorn.Config(
        app,
        host=api.host,
        port=api.port,
        http=deadlined(limits, api.trusted_proxies),
        ws="none",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=512,
        log_config=None,
        access_log=False,
        proxy_headers=bool(api.trusted_proxies.strip()),
        forwarded_allow_ips=api.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    config.load()
    if api.tls_cert is not None and api.tls_key is not None:
        config.ssl = server_context(api.tls_cert, api.tls_key)
    return config


@contextmanager
def certificate_watched(
    context: ssl.SSLContext | None, api: ApiSettings, registry: CollectorRegistry, every_s: float = 30.0
) -> Iterator[None]:
    """Renew the certificate of ``context`` when its files change, for the time of the block."""
    if context is None or api.tls_cert is None or api.tls_key is None:
        yield
        return
    watching = asyncio.create_task(
        watch(context, api.tls_cert, api.tls_key, _told(registry), every_s), name="api-certificate"
    )
    try:
        yield
    finally:
        watching.cancel()


def allow_files(wanted: int) -> None:
    """Let this process have so many files open, as far as the system lets it: its usual 1,024 are fewer than connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft not in (resource.RLIM_INFINITY,) and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _told(registry: CollectorRegistry) -> Callable[[bool], None]:
    usable = Gauge(
        "cityops_api_certificate_usable",
        "Whether the certificate in the files is the one that new connections get; 0: the renewed one can't be used",
        registry=registry,
    )
    usable.set(1)
    return lambda done: usable.set(1 if done else 0)
