"""Builds the SensorThings service from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from cityops.clock import Clock, SystemClock
from cityops.db.pool import open_pool, session
from cityops.settings import Settings
from devices.contract.kind import Kind
from ops_api.queries import Pool
from ops_api.sensorthings.door import SensorThings
from ops_api.sensorthings.mqtt import Broker, Teller
from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.store import Store
from ops_api.sensorthings.writing import Writing


async def sta_pool(settings: Settings, role: str) -> AsyncConnectionPool[Any]:
    """Return connections of SensorThings' own, made as they are needed: dear questions leave the pages' alone."""
    own = {"dsn": settings.api.dsn or settings.db.dsn, "pool_min": 0}
    return await open_pool(settings.db.model_copy(update=own), application_name="cityops-sta", role=role)


def sensorthings(
    settings: Settings, pool: Pool, residents: Pool, kinds: Mapping[str, Kind], clock: Clock | None = None
) -> SensorThings:
    """Return the service.

    Args:
        settings: its part is ``sta``.
        pool: connections that may take the role ``cityops_open`` and call ``sta_sync``.
        residents: connections that may take the role ``cityops_resident``.
        kinds: kinds of device.
        clock: source of "now"; the machine's where not given.
    """
    store = Store(pool, residents, settings.sta)
    reading = Sta(store, settings.sta, kinds, clock or SystemClock(), pool, settings.sta.mqtt_url)
    return SensorThings(reading, Writing(reading, pool))


def teller(settings: Settings, sta: Sta, role: str) -> Teller | None:
    """Return what publishes observations; None where no user of the broker is set for it.

    Args:
        settings: its parts are ``sta``, ``mqtt``, ``api`` and ``db``.
        sta: the service whose links it names.
        role: the database role of the website.
    """
    chosen = settings.sta
    if not chosen.mqtt_username:
        return None
    password = chosen.mqtt_password
    broker = Broker(
        host=settings.mqtt.host,
        port=settings.mqtt.port,
        username=chosen.mqtt_username,
        password="" if password is None else password.get_secret_value(),
        tls_ca=None if settings.mqtt.tls_ca is None else str(settings.mqtt.tls_ca),
    )
    site = settings.api.public_url.rstrip("/") or f"http://{settings.api.host}:{settings.api.port}"

    @asynccontextmanager
    async def connected() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        made = await psycopg.AsyncConnection.connect(
            settings.api.dsn or settings.db.dsn, autocommit=True, **session("cityops-sta", role)
        )
        async with made:
            yield made

    return Teller(connected, broker, sta.kinds, sta.fresh, f"{site}/sta/v1.1", chosen.mqtt_per_s)


def start_telling(settings: Settings, sta: Sta, role: str) -> asyncio.Task[None] | None:
    """Start publishing, where a user of the broker is set for it; cancel the task to end it."""
    made = teller(settings, sta, role)
    return None if made is None else asyncio.create_task(made.run(), name="sensorthings-mqtt")
