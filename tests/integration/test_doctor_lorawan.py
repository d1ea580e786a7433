"""``cityops doctor`` of LoRaWAN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg

from ops_api.doctor_lorawan import lorawan
from tests.fakes import lorawan as fake


async def test_what_needs_a_look_is_said(pg: psycopg.AsyncConnection[Any]) -> None:
    assert await lorawan(pg) == []
    source = await fake.add_source(pg)
    [found] = await lorawan(pg)
    assert (found.level, "never connected" in found.detail) == ("warn", True)
    await pg.execute("update lorawan_source set connection = 'connected'")
    [found] = await lorawan(pg)
    assert "nothing has come for a day" in found.detail
    await pg.execute("update lorawan_source set last_seen_at = now()")
    assert [(f.level, f.detail) for f in await lorawan(pg)] == [("ok", "1 server")]
    await pg.execute(
        "insert into lorawan_inbox (source_id, event_kind, idempotency_key, body, state, reason_code, done_at)"
        " values (%s, 'uplink', 'k', '', 'dead', 'not_decoded', now())",
        (source.source_id,),
    )
    await pg.execute(
        "insert into lorawan_device (dev_eui, source_id, first_seen_at, last_seen_at) values (%s, %s, now(), now())",
        (fake.EUI, source.source_id),
    )
    assert [(f.name, f.detail) for f in await lorawan(pg)] == [
        ("LoRaWAN events", "1 event was set aside"),
        ("LoRaWAN sensors", "1 sensor was heard and is no device"),
    ]
    hook = replace(fake.CHIRP, name="hook", transport="webhook")
    await fake.add_source(pg, hook, bytes(32))
    assert any("hook: nothing has come" in f.detail for f in await lorawan(pg))
