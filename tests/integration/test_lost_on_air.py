"""Frames of LoRaWAN sensors that were lost on the air: counted, by device, and nothing waits for them."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from devices.contract.kind import discover
from ops_api.missing import Missing
from ops_api.queries import Db, OneConnection
from ops_api.queries.missing import find_missing, id_of
from tests.fakes.ledger_rows import NOW, Conn, held, register

pytestmark = pytest.mark.storage
KINDS = discover()
EUI, BOOT = "24e124136b502217", 1_790_000_000


async def sensor(pg: Conn, device_id: int, dev_eui: str = EUI, *, ended: bool = False) -> None:
    await pg.execute(
        "insert into lorawan_codec (name, version, language, body, kind, created_by)"
        " values ('ours', 1, 'native', 'dragino-ldds75', 'bin', 'gus') on conflict do nothing"
    )
    await pg.execute(
        "insert into lorawan_binding (dev_eui, device_id, codec_id, bound_by, unbound_by, unbound_at)"
        " select %s, %s, codec_id, 'gus', %s, case when %s::text is not null then now() end from lorawan_codec limit 1",
        (dev_eui, device_id, *(["gus"] * 2 if ended else [None] * 2)),
    )
    await pg.execute(
        "insert into lorawan_session values (%s, %s, 's', %s, %s, 1, 1000) on conflict do nothing",
        (dev_eui, BOOT, NOW - timedelta(days=1), NOW),
    )


async def set_aside(pg: Conn, f_cnt: int) -> None:
    await pg.execute(
        "with s as (insert into lorawan_source (name, protocol, transport, created_by) values ('hook', 'chirpstack_v4', 'mqtt', 'gus')"
        " on conflict (name) do update set name = excluded.name returning source_id)"
        " insert into lorawan_inbox (source_id, network_at, event_kind, idempotency_key, dev_eui, f_cnt, body, state, done_at, reason_code)"
        " select source_id, %s, 'uplink', %s, %s, %s, 'x', 'dead', now(), 'not_decoded' from s",
        (NOW - timedelta(hours=1), f"k{f_cnt}", EUI, f_cnt),
    )


async def find(dsn: str, device: str | None = None) -> Missing:
    async with await psycopg.AsyncConnection.connect(dsn, options="-c timezone=UTC") as conn:
        db = Db(OneConnection(conn))
        device_id = None if device is None else await id_of(db, device)
        found = await find_missing(db, KINDS, NOW, clock_at=NOW, device_id=device_id)
        assert found is not None
        return found


async def test_they_are_lost_and_not_missing(pg: Conn, db_dsn: str) -> None:
    device_id = await register(pg, "bin-1", "bin")
    await sensor(pg, device_id)
    await held(pg, device_id, BOOT, "{[1,100],[111,300],[341,1000]}")  # 10 and 40 frames were heard by nobody
    frog = await register(pg, "frog-1")
    await held(pg, frog, 5, "{[1,10],[13,20]}")
    assert await (await pg.execute("select device_id, missing from health.gap")).fetchall() == [(frog, 2)]
    rows = await (
        await pg.execute("select device_id, received, missing, gaps, lost from health.ledger order by 1")
    ).fetchall()
    assert rows == sorted([(device_id, 950, 0, 0, 50), (frog, 18, 2, 1, 0)])
    found = await find(db_dsn)
    by_kind = {k.kind: k for k in found.kinds}
    assert (found.missing, found.lost) == (2, 50)
    assert (by_kind["bin"].lost, by_kind["bin"].lost_devices, by_kind["bin"].gap_devices) == (50, 1, 0)
    assert by_kind["bin"].lost_share == 0.05
    [one] = (await find(db_dsn, "bin-1")).devices
    assert (one.missing, one.lost, one.lost_share, one.ranges) == (0, 50, 0.05, ())


async def test_what_was_set_aside_can_still_come_and_is_missing(pg: Conn) -> None:
    device_id = await register(pg, "bin-1", "bin")
    await sensor(pg, device_id)
    await held(pg, device_id, BOOT, "{[1,10],[21,30]}")
    await set_aside(pg, 15)
    await set_aside(pg, 25)  # is there by another way
    gaps = await (await pg.execute("select boot, first_seq, last_seq from health.gap")).fetchall()
    assert gaps == [(BOOT, 15, 15)]
    ledger = await (await pg.execute("select received, missing, gaps, lost from health.ledger")).fetchall()
    assert ledger == [(20, 1, 1, 9)]


async def test_frames_of_another_device_that_was_the_same_sensor_are_not_lost(pg: Conn) -> None:
    before, now = await register(pg, "bin-1", "bin"), await register(pg, "bin-2", "bin")
    await sensor(pg, before, ended=True)
    await sensor(pg, now)
    await held(pg, before, BOOT, "{[1,10],[31,40]}")
    await held(pg, now, BOOT, "{[12,30]}")
    lost = await (await pg.execute("select device_id, lost from health.lost_on_air")).fetchall()
    assert lost == [(before, 1)]


async def test_what_is_known_by_radio_is_told_of_one_device(pg: Conn) -> None:
    device_id = await register(pg, "bin-1", "bin")
    await sensor(pg, device_id)
    await held(pg, device_id, BOOT, "{[1,90],[101,200]}")
    await pg.execute(
        "with s as (insert into lorawan_source (name, protocol, transport, created_by) values ('hook', 'chirpstack_v4', 'mqtt', 'gus')"
        " returning source_id) insert into lorawan_device (dev_eui, source_id, first_seen_at, last_seen_at, uplinks, battery_pct,"
        " external_power, status_at) select %s, source_id, %s, %s, 190, 41, false, %s from s",
        (EUI, NOW, NOW, NOW),
    )
    told = "select dev_eui, uplinks, server_battery_pct, frames, lost from fleet_radio(%s)"
    assert await (await pg.execute(told, (device_id,))).fetchall() == [(EUI, 190, 41.0, 190, 10)]
    assert await (await pg.execute(told, (await register(pg, "frog-1"),))).fetchall() == []
    board = "select name, battery_pct, frames, lost from board.lorawan_sensor"
    assert await (await pg.execute(board)).fetchall() == [("bin-1", 41.0, 190, 10)]
    await pg.execute("update device set private = true where device_id = %s", (device_id,))
    assert await (await pg.execute(board)).fetchall() == []


@pytest.mark.parametrize(("lost", "stored", "look"), [(0, 40, True), (300, 41, False), (300, 33, True)])
async def test_loss_of_up_to_a_tenth_alone_sends_nobody(pg: Conn, lost: int, stored: int, look: bool) -> None:
    query = "select health.is_short(48, %s, 2700, %s)"
    assert await (await pg.execute(query, (stored, lost))).fetchone() == (look,)
