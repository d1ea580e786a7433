"""``cityops doctor``: certificates of devices that were not renewed, and a broker that devices will not speak to."""

from __future__ import annotations

from typing import Any

import psycopg

from cityops.finding import Finding, warn
from cityops.settings import Settings
from devices.agent.broker import is_this_machine

SOON_DAYS = 21
"""A device renews 32 days before the end: by now it has failed for over a week."""
ENDING = """
select d.name, c.expires_at < now() as ended
  from device_credential c join device d using (device_id) left join device_state s using (device_id)
 where c.kind = 'x509' and c.state = 'current' and c.expires_at < now() + %s * interval '1 day'
   and d.retired_at is null and coalesce(s.state, 'active') = 'active'
 order by c.expires_at, d.name
"""
_NAMED = 5


async def certificates(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    """Return a warning where devices' certificates end soon or have ended; else nothing."""
    rows = await (await conn.execute(ENDING, (SOON_DAYS,))).fetchall()
    if not rows:
        return []
    ended = sum(1 for _, is_over in rows if is_over)
    names = ", ".join(name for name, _ in rows[:_NAMED]) + (", …" if len(rows) > _NAMED else "")
    ends, has, was = ("ends", "has", "was") if len(rows) == 1 else ("end", "have", "were")
    detail = (
        f"{len(rows)} {ends} within {SOON_DAYS} days or {has} ended ({ended}), and {was} not renewed: {names}"
    )
    fix = "on the device: cityops-agent doctor, then cityops-agent rotate; docs/provisioning.md"
    return [warn("device certificates", detail, fix)]


async def claims(settings: Settings) -> list[Finding]:
    """Return a warning where devices are told of a broker on another machine and of no authority: they refuse it."""
    told = settings.provisioning
    host = told.host or settings.mqtt.host
    if told.broker_ca is not None or is_this_machine(host):
        return []
    detail = f"devices that claim are told no authority for the broker {host}, and refuse it: their passwords would go in the clear"
    return [warn("claims", detail, "set CITYOPS_PROVISIONING__BROKER_CA; docs/provisioning.md")]
