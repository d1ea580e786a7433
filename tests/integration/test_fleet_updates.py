"""A roll-out through the real fleet service: database, broker, ingester, and three devices, one of which can't run it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.ota import Release, make_release, scratch
from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import connect, open_pool
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import run_services
from cityops.settings import Settings, load_settings
from devices.agent.broker import BrokerAddress
from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.contract.update.manifest import Signed, read_keys
from devices.registry import Device, Registry
from firmware_sim.lab.update_device import LabTimes
from firmware_sim.lab.update_faults import Fault
from firmware_sim.lab.update_fleet import UpdateFleet, prepare_card
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_stages
from ingest.fleet.mqtt import FleetAddress, connected
from ingest.fleet.service import FleetParts, FleetService
from ingest.fleet.store import PgFleet
from ingest.fleet.turn import one_at_a_time
from ingest.fleet.updates.acts import Acts
from ingest.fleet.updates.ports import By, Start
from ingest.fleet.updates.shelf import Shelf
from ingest.registry_store import store_registry
from ops_api.wiring_fleet import joined
from ops_api.wiring_ingest import build_ingest

FAULTS: dict[str, Fault] = {"frog-1": "none", "frog-2": "no_sensor", "frog-3": "bad_chunk"}


def settings_of(dsn: str, broker: EmbeddedMosquitto) -> Settings:
    shards = ",".join(str(shard) for shard in sorted({shard_of(name) for name in FAULTS}))
    return load_settings(
        db={"dsn": dsn},
        mqtt={"host": broker.host, "port": broker.port},
        ingest={"shards": shards, "batch_age_s": 0.02},
    )


@pytest.fixture
async def pool(db_dsn: str, broker: EmbeddedMosquitto) -> AsyncIterator[Any]:
    """Connections of a town whose services run."""
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    devices = tuple(Device(name=n, kind="frog", shard=shard_of(n), installed_at=installed) for n in FAULTS)
    async with await connect(db_dsn, application_name="test") as conn:
        await store_registry(conn, Registry(name="t", devices=devices))
    settings, stop = settings_of(db_dsn, broker), Stop()
    opened = await open_pool(settings.db, application_name="test")
    asks, jobs = joined(opened, settings)
    service = FleetService(
        FleetParts(
            book=PgFleet(opened),
            connect=lambda: connected(FleetAddress(host=broker.host, port=broker.port)),
            turn=lambda: one_at_a_time(db_dsn),
            kinds=discover(),
            clock=SystemClock(),
            asks=asks,
            jobs=jobs,
            hints=lambda: listen(db_dsn, "cityops_fleet"),
            poll_s=0.3,
        )
    )
    task = asyncio.create_task(run_services({**build_ingest(settings), "fleet": service}, stop, 8.0))
    try:
        yield opened
    finally:
        stop("the test is over")
        await task
        await opened.close()


async def rows(pool: Any, query: str) -> list[tuple[Any, ...]]:
    async with pool.connection() as conn:
        found: list[tuple[Any, ...]] = await (await conn.execute(query)).fetchall()
        return found


async def until(pool: Any, query: str, wanted: object, seconds: float = 90.0) -> None:
    end_s = time.monotonic() + seconds
    while (found := (await rows(pool, query))[0][0]) != wanted:
        assert time.monotonic() < end_s, (found, await rows(pool, "select * from rollout_device"))
        await asyncio.sleep(0.2)


async def test_two_of_three_end_on_the_new_version_and_the_database_knows_why_not_the_third(
    pool: Any, broker: EmbeddedMosquitto
) -> None:
    release = make_release()
    shelf = Shelf(pool)
    await shelf.put_keys(read_keys(msgspec.json.decode(release.keys, type=Signed).text.encode()), "ada")
    await shelf.put(release.new, release.new_body, "ada")
    with scratch() as folder:
        fleet = fleet_of(release, folder, broker)
        ended = threading.Event()
        living = threading.Thread(target=lambda: fleet.run(ended.is_set, 150.0), daemon=True)
        living.start()
        await until(pool, "select count(*) from device_update", 3)
        start = Start(bundle_id=release.new.bundle_id, stages=parse_stages("100%"), limits=Limits(tries=1))
        await Acts(pool).start(start, By("gus", "cli"))
        await until(pool, "select state from rollout", "finished")
        ended.set()
        await asyncio.to_thread(living.join, 60)
        assert not living.is_alive()
        ending = fleet.ending(0.0)
        fleet.close()
    assert ending.bricked == []
    assert ending.running == {2: 2, 1: 1}
    assert ending.measuring == 3
    query = "select name, state, split_part(reason, ':', 1) from rollout_device join device using (device_id) order by 1"
    assert await rows(pool, query) == [
        ("frog-1", "confirmed", ""),
        ("frog-2", "failed", "sensors"),
        ("frog-3", "confirmed", ""),
    ]
    said = await rows(pool, "select name, serial from device_update join device using (device_id) order by 1")
    assert said == [("frog-1", 2), ("frog-2", 1), ("frog-3", 2)]
    told = await rows(pool, "select what, count(*) from rollout_event group by 1 order by 1")
    assert told == [("device", 3), ("finished", 1), ("started", 1)]


def fleet_of(release: Release, folder: Path, broker: EmbeddedMosquitto) -> UpdateFleet:
    old, card = folder / "old.bundle", folder / "card"
    old.write_bytes(release.old_body)
    prepare_card(card, old, release.old.bundle_id, release.keys)
    address = BrokerAddress(host=broker.host, port=broker.port)
    times = LabTimes(confirm_within_s=15.0)
    return UpdateFleet(folder, card, release.other_keys, FAULTS, address, 2, 1, times)
