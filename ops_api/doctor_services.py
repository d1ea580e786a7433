"""Checks of the services we use: broker and database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import psycopg

from cityops.db import migrate
from cityops.db.flavour import MINIMUM_SERVER
from cityops.db.pool import connect
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.postgres import wheel_binaries
from cityops.errors import CityopsError, ConfigurationError
from cityops.finding import Finding, fail, ok, warn
from cityops.redact import redact
from cityops.settings import MqttSettings, Settings
from ops_api.doctor_certificates import certificates
from ops_api.doctor_homes import homes
from ops_api.doctor_identity import accounts
from ops_api.doctor_lorawan import lorawan
from ops_api.doctor_role import website_role
from ops_api.mqtt_probe import probe
from ops_api.own_database import running_database
from ops_api.web.words import plural

CLOCK_TOLERANCE_S = 2.0
CURSOR_AHEAD = "select max(xid) > pg_snapshot_xmax(pg_current_snapshot()) from rule_cursor"
OLD_MOSQUITTO = (2, 0, 13)
"""Before it the broker counts a receiver's window wrongly (its change log)."""


async def broker(settings: Settings) -> list[Finding]:
    """The configured broker, or the program to start a private one."""
    mqtt = settings.mqtt
    if mqtt.tls_ca is not None and not mqtt.tls_ca.is_file():
        return [fail("broker", f"{mqtt.tls_ca}: no such certificate file", "correct CITYOPS_MQTT__TLS_CA")]
    if mqtt == MqttSettings():
        try:
            said = await probe(mqtt)
        except (OSError, TimeoutError):
            return [_own_broker(settings)]
        return [ok("broker", f"{mqtt.host}:{mqtt.port} {said}")]
    address = f"{mqtt.host}:{mqtt.port}"
    try:
        said = await probe(mqtt)
    except (OSError, TimeoutError) as problem:
        reason = str(problem) or "no answer"
        return [fail("broker", f"{address}: {reason}", "start it, or correct CITYOPS_MQTT__HOST and __PORT")]
    if said.startswith("refused"):
        return [
            fail(
                "broker", f"{address} {said}", "MQTT 5 is needed; check CITYOPS_MQTT__USERNAME and __PASSWORD"
            )
        ]
    return [ok("broker", f"{address} {said}")]


def _own_broker(settings: Settings) -> Finding:
    try:
        found = find_mosquitto(settings.data_dir)
    except ConfigurationError as problem:
        return fail("broker", "no mosquitto found", str(problem).partition("; ")[2])
    detail = f"mosquitto {'.'.join(map(str, found.version))} at {found.path} (started when needed)"
    if found.version < OLD_MOSQUITTO:
        return warn(
            "broker", detail, "fine for a demo; use 2.1 or newer in production: it can keep its queue safe"
        )
    return ok("broker", detail)


async def database(settings: Settings) -> list[Finding]:
    """The configured or running embedded database; else that the embedded one could start."""
    dsn = settings.db.dsn or running_database(settings.data_dir)
    if not dsn and settings.api.dsn:  # where the website runs on a login of its own
        return await website_role(settings.api.dsn, own_login=True)
    if not dsn:
        return [_own_database()]
    try:
        async with asyncio.timeout(settings.db.connect_timeout_s):
            async with await connect(dsn, application_name="cityops-doctor") as conn:
                found = [_server(conn), *await _inside(conn)]
            if any(one.level == "fail" for one in found):
                return found
            return [*found, *await website_role(settings.api.dsn or dsn, bool(settings.api.dsn))]
    except (CityopsError, TimeoutError, psycopg.Error) as problem:
        reason = redact(" ".join(str(problem).split())) or "no answer"
        return [fail("database", reason, "start it, or correct CITYOPS_DB__DSN")]


def _own_database() -> Finding:
    try:
        wheel_binaries()
    except ConfigurationError as problem:
        return fail("database", "none configured and no embedded one", str(problem).partition("; ")[2])
    return ok("database", "embedded PostgreSQL 18 (started when needed)")


def _server(conn: psycopg.AsyncConnection[Any]) -> Finding:
    version = conn.info.server_version
    detail = f"PostgreSQL {version // 10000}.{version % 10000} at {conn.info.host}:{conn.info.port}"
    if version < MINIMUM_SERVER:
        return fail("database", detail, "upgrade it to PostgreSQL 15 or newer")
    return ok("database", detail)


async def _inside(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    state = await migrate.status(conn)
    cursor = await conn.execute("select clock_timestamp()")
    row = await cursor.fetchone()
    assert row is not None
    found = [
        _extension(state.flavour.timescaledb),
        _migrations(state),
        _clocks((row[0] - datetime.now(UTC)).total_seconds()),
    ]
    if not state.current:
        return found
    return [
        *found, *await _cursor(conn), *await homes(conn), *await accounts(conn), *await lorawan(conn), *await certificates(conn),
    ]  # fmt: skip


async def _cursor(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    """Whether the rules' cursor is of this cluster: a logical restore brings another's."""
    row = await (await conn.execute(CURSOR_AHEAD)).fetchone()
    if row is None or not row[0]:
        return []
    detail = "ahead of this cluster's transaction ids, as after a restore: the rules would read nothing"
    return [
        fail(
            "rules cursor", detail, "stop the services, then `cityops db renumber` (docs/runbook.md, restore)"
        )
    ]


def _extension(version: str | None) -> Finding:
    if version is None:
        fix = "fine up to some 1,000 devices; for a city install TimescaleDB and run `cityops db upgrade`"
        return warn("TimescaleDB", "not installed in this database", fix)
    return ok("TimescaleDB", version)


def _migrations(state: migrate.Status) -> Finding:
    if state.edited:
        return fail("tables", f"history edited: {', '.join(state.edited)}", "restore the migration files")
    if state.pending:
        return fail("tables", f"{plural(len(state.pending), 'migration')} to apply", "cityops db upgrade")
    return ok("tables", f"up to date ({plural(len(state.applied), 'migration')})")


def _clocks(offset_s: float) -> Finding:
    detail = f"the database's clock is {offset_s:+.1f} s from ours"
    if abs(offset_s) > CLOCK_TOLERANCE_S:
        return fail("database clock", detail, "synchronise both machines (NTP): times would not agree")
    return ok("database clock", detail)
