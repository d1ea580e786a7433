"""From a label to a reading in the database and out again: the real site, broker, ingester and agent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.db.migrate import upgrade
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.mosquitto_files import Access, ServiceUser
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import run_services
from cityops.settings import DbSettings, IngestSettings, MqttSettings, Settings
from cityops.settings_provisioning import ProvisioningSettings
from devices.agent.__main__ import main as agent_command
from devices.agent.config import load_config
from devices.agent.service import DeviceService
from devices.contract.access import DEVICE_RIGHTS, INGEST_RIGHTS, PROVISIONING_RIGHTS
from devices.contract.kind import discover
from devices.registry import Registry
from ops_api.wiring import reading_tables
from ops_api.wiring_ingest import build_ingest
from tests.fakes import website
from tests.fakes.provisioned import Card
from tests.fakes.provisioned_broker import Speaker
from tests.fakes.website import Site, own_login

SOON_S = 20.0
"""Within which something comes about on a machine that is busy."""


class Warm:
    """A sensor."""

    def read(self) -> dict[str, float]:
        return {"temperature_c": 19.5, "humidity_pct": 55.0}


class Running:
    """A device's agent in a thread."""

    def __init__(self, config: Path) -> None:
        self._config = load_config(config)
        self._stopping, self._made = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._made.wait(10)

    def _run(self) -> None:
        # Its outbox is for the thread that opens it alone.
        self.service = DeviceService(self._config, [Warm()], first_within_s=0.0, synchronised=lambda: True)
        self._made.set()
        self.service.run(self._stopping.is_set)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)


class Town:
    """All that runs, and what is asked of it."""

    def __init__(self, site: Site, folder: Path, port: int) -> None:
        self.site, self.folder, self.port = site, folder, port
        self.devices: list[Running] = []

    async def label(self, name: str, *, new: bool = True) -> str:
        manager = self.site.as_("devices")
        if new:
            made = await manager.post(
                "/api/v1/identities", json={"name": name, "kind": "frog", "cadence_s": 1}
            )
            assert made.status_code == 201, made.text
        return str((await manager.post(f"/api/v1/identities/{name}/label")).json()["code"])

    async def act(self, name: str, what: str, **body: Any) -> None:
        answer = await self.site.as_("devices").post(f"/api/v1/identities/{name}/{what}", json=body)
        assert answer.status_code in (200, 204), answer.text

    async def claim(self, code: str, folder: str, *more: str) -> Path:
        config = self.folder / folder / "agent.toml"
        words = ["claim", f"{self.site.url}/claim#{code}", "--config", str(config)]
        words += ["--data-dir", str(self.folder / folder / "data"), *more]
        assert await asyncio.to_thread(agent_command, words) == 0
        return config

    def run(self, config: Path) -> Running:
        self.devices.append(Running(config))
        return self.devices[-1]

    async def readings(self, name: str) -> int:
        query = "select count(*) from frog_reading join device using (device_id) where name = %s"
        return int((await self.site.sql(query, name))[0][0])

    async def letters(self, name: str, reason: str) -> int:
        query = "select count(*) from dead_letter where device = %s and reason_code = %s"
        return int((await self.site.sql(query, name, reason))[0][0])

    async def state(self, name: str) -> str:
        found = (await self.site.as_("devices").get(f"/api/v1/identities/{name}")).json()
        return str(found["device"]["state"])


async def until(done: Callable[[], Any], what: str) -> float:
    """Wait for something that is asked; return how long it took [s]."""
    began_s = time.monotonic()
    while not await done():
        assert time.monotonic() - began_s < SOON_S, f"waited in vain: {what}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began_s


@asynccontextmanager
async def running(
    dsn: str, server_dir: Path, folder: Path, devices: dict[str, str] | None = None
) -> AsyncIterator[Town]:
    """Run all of it; with ``devices`` the broker has these logins and is told of no others."""
    data = server_dir / f"whole-{time.monotonic_ns()}"
    services = {
        "ingest": ServiceUser("ingest pw", INGEST_RIGHTS), "devices": ServiceUser("devices pw", PROVISIONING_RIGHTS),
    }  # fmt: skip
    access = Access(devices=devices or {}, device_rights=DEVICE_RIGHTS, services=services)
    with EmbeddedMosquitto(data, access=access, binary=find_mosquitto()) as broker:
        provisioning = {"host": "127.0.0.1", "port": broker.port, "password": "devices pw"}
        settings = Settings(
            db=DbSettings(dsn=dsn),
            mqtt=MqttSettings.model_validate(
                {
                    "host": broker.host,
                    "port": broker.service_port,
                    "username": "ingest",
                    "password": "ingest pw",
                }
            ),
            ingest=IngestSettings(batch_age_s=0.05),
            provisioning=ProvisioningSettings.model_validate(provisioning),
            data_dir=data if devices is None else data / "elsewhere",
        )
        stop = Stop()
        ingest = asyncio.create_task(run_services(build_ingest(settings), stop))
        town = Registry(name="nowhere")
        try:
            login = await own_login(dsn)
            async with website.running(
                dsn, town, datetime.now(UTC), login=login, provisioning=provisioning
            ) as site:
                made = Town(site, folder, broker.port)
                try:
                    yield made
                finally:
                    for device in made.devices:
                        await asyncio.to_thread(device.stop)
        finally:
            stop("the test is over")
            await asyncio.wait_for(ingest, 30)


@pytest.fixture
async def with_kinds(db_dsn: str) -> str:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await upgrade(conn, reading_tables(discover()))
    return db_dsn


@pytest.fixture
async def town(with_kinds: str, server_dir: Path, tmp_path: Path) -> AsyncIterator[Town]:
    async with running(with_kinds, server_dir, tmp_path) as made:
        yield made


async def test_from_a_label_to_a_reading_and_out_again(town: Town) -> None:
    config = await town.claim(await town.label("frog-1"), "one")
    device = town.run(config)
    took_s = await until(lambda: town.readings("frog-1"), "the first reading")

    # Its next password, while it runs: nothing is lost, and the new one is in the place of the old.
    path = config.with_name("password")
    before = path.read_text()
    assert await asyncio.to_thread(agent_command, ["rotate", "--config", str(config)]) == 0

    async def over() -> bool:
        return path.read_text() != before and not path.with_name("password.next").exists()

    rotated_s = await until(over, "the next password")
    stored = await town.readings("frog-1")

    async def more() -> bool:
        return await town.readings("frog-1") > stored

    await until(more, "readings with the next password")

    # Revoked: within seconds nothing more arrives, and the device keeps what it measures.
    await town.act("frog-1", "revoke", reason="stolen")
    began_s = time.monotonic()

    async def out() -> bool:
        return not device.service.agent.connected

    await until(out, "its end")
    out_s = time.monotonic() - began_s
    assert out_s < 5.0
    stored = await town.readings("frog-1")
    await asyncio.sleep(2.5)
    assert await town.readings("frog-1") == stored
    assert device.service.agent.publisher.unreceipted > 0

    # With a new label it comes in again, and what it kept is there.
    await asyncio.to_thread(device.stop)
    config = await town.claim(await town.label("frog-1", new=False), "one", "--again")
    town.run(config)
    await until(more, "readings after a new label")
    print(f"first reading {took_s:.1f} s, rotated {rotated_s:.1f} s, out {out_s:.2f} s")


async def test_a_copy_is_quarantined_and_what_it_says_is_kept(town: Town) -> None:
    config = await town.claim(await town.label("frog-2"), "two")
    copy = town.folder / "copy" / "agent.toml"
    copy.parent.mkdir()
    (copy.parent / "password").write_text(config.with_name("password").read_text())
    copy.write_text(config.read_text().replace("/two/", "/copy/"))
    first, second = town.run(config), None
    await until(lambda: town.readings("frog-2"), "the first reading")
    second = town.run(copy)  # each throws the other out, and both come back

    async def quarantined() -> bool:
        return await town.state("frog-2") == "quarantined"

    await until(quarantined, "the quarantine")
    installs = {first.service.agent.identity.install, second.service.agent.identity.install}
    shown = (await town.site.as_("devices").get("/api/v1/identities/frog-2")).json()
    assert {life["install"] for life in shown["lives"]} == installs
    assert "showed themselves in turn" in shown["device"]["reason"]

    async def neither() -> bool:
        return not (first.service.agent.connected or second.service.agent.connected)

    await until(neither, "both being out")
    stored = await town.readings("frog-2")
    await asyncio.to_thread(second.stop)
    mine = first.service.agent.identity.install
    await town.act("frog-2", "release", keep=mine)

    async def back() -> bool:
        return await town.readings("frog-2") > stored

    await until(back, "the right one coming back")
    town.run(copy)  # it tries again: found by its first word
    await until(quarantined, "the next quarantine")


async def test_a_new_card_and_power_cuts_are_no_copy(town: Town) -> None:
    config = await town.claim(await town.label("frog-3"), "three")
    for _ in range(3):  # power cuts
        device = town.run(config)
        stored = await town.readings("frog-3")

        async def more(stored: int = stored) -> bool:
            return await town.readings("frog-3") > stored

        await until(more, "a reading")
        await asyncio.to_thread(device.stop)
    card = await town.claim(await town.label("frog-3", new=False), "another card")
    stored = await town.readings("frog-3")
    town.run(card)
    await until(lambda: more(stored), "a reading of the new card")
    await asyncio.sleep(1.0)
    assert await town.state("frog-3") == "active"
    lives = (await town.site.as_("devices").get("/api/v1/identities/frog-3")).json()["lives"]
    assert len({life["install"] for life in lives}) == 2


async def test_what_a_refused_device_still_says_is_set_aside_at_once(
    with_kinds: str, server_dir: Path, tmp_path: Path
) -> None:
    """Where the broker is not told, the ingester refuses all the same."""
    async with running(with_kinds, server_dir, tmp_path, devices={"frog-4": "a password"}) as town:
        code = await town.label("frog-4")
        speaker = Speaker(town.port, "frog-4", "a password")
        try:

            def say(boot: int) -> None:
                now = int(time.time() * 1000)
                said = (
                    f'{{"ts": {now}, "boot": {boot}, "seq": 0, "temperature_c": 19.5, "humidity_pct": 55.0}}'
                )
                speaker.say(said.encode())

            say(1)
            await until(lambda: town.letters("frog-4", "revoked"), "a letter of who has not claimed")
            body = {"code": code, "install": Card().install, "verifier": Card().verifier}
            assert (await town.site.http.post("/api/v1/claims", json=body)).status_code == 201
            await asyncio.sleep(
                1.5
            )  # a device that is let in is known within a second; what it said before, it sends again
            for number, act in enumerate(("quarantine", "revoke")):
                reason = {"quarantine": "quarantined", "revoke": "revoked"}[act]
                stored, letters = await town.readings("frog-4"), await town.letters("frog-4", reason)
                say(10 + number)

                async def more(stored: int = stored) -> bool:
                    return await town.readings("frog-4") > stored

                await until(more, "a reading")
                await town.act("frog-4", act, reason="a test")
                await asyncio.sleep(1.5)  # it is told at once, and looks within a second
                say(20 + number)

                async def aside(reason: str = reason, letters: int = letters) -> bool:
                    return await town.letters("frog-4", reason) > letters

                await until(aside, reason)
                assert await town.readings("frog-4") == stored + 1
                if act == "quarantine":
                    await town.act("frog-4", "release")
                    await asyncio.sleep(1.5)
        finally:
            speaker.close()
