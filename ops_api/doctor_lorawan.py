"""``cityops doctor``: LoRaWAN servers that are not connected or silent, sensors that are no device, events that were set aside."""

from __future__ import annotations

from typing import Any

import psycopg

from cityops.finding import Finding, ok, warn
from ops_api.web.words import plural

SOURCES = """
select name, transport, connection, last_seen_at is null or last_seen_at < now() - interval '1 day' as silent
  from lorawan_source where enabled order by name
"""
COUNTS = """
select (select count(*) from lorawan_inbox where state = 'dead' and reason_code not in ('unknown_sensor', 'simulated')),
       (select count(*) from lorawan_device h where not exists (
            select from lorawan_binding b where b.dev_eui = h.dev_eui and b.unbound_at is null))
"""


async def lorawan(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    """Return what is to be said of LoRaWAN; nothing where there is no server."""
    sources = await (await conn.execute(SOURCES)).fetchall()
    if not sources:
        return []
    found: list[Finding] = []
    for name, transport, connection, silent in sources:
        if transport == "mqtt" and connection != "connected":
            said = connection or "never connected: is an ingester running?"
            found.append(warn("LoRaWAN", f"{name}: {said}", "cityops lorawan sources; docs/lorawan.md"))
        elif silent:
            fix = "look at the server's integration, and at its gateways"
            found.append(warn("LoRaWAN", f"{name}: nothing has come for a day", fix))
    row = await (await conn.execute(COUNTS)).fetchone()
    assert row is not None
    dead, unknown = row
    if dead > 0:
        detail = f"{plural(dead, 'event was', 'events were')} set aside"
        found.append(
            warn("LoRaWAN events", detail, "cityops lorawan inbox says why; then cityops lorawan replay")
        )
    if unknown > 0:
        detail = f"{plural(unknown, 'sensor was', 'sensors were')} heard and {'is' if unknown == 1 else 'are'} no device"
        found.append(warn("LoRaWAN sensors", detail, "cityops lorawan unknown, then cityops lorawan bind"))
    return found or [ok("LoRaWAN", plural(len(sources), "server"))]
