"""A resident's own frog in a Home Assistant on a broker of its own: from the frog itself, and from the council's site."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.agent.config import load_config
from devices.agent.service import DeviceService
from ops_api.cli import app
from tests.fakes import seed_web
from tests.fakes.home_assistant import HomeAssistant
from tests.fakes.receipt_server import ReceiptServer
from tests.fakes.website import Site

CONFIG = """
[device]
name = "frog-77"
kind = "frog"
cadence_s = 1
data_dir = "{folder}"
[broker]
host = "{town.host}"
port = {town.port}
[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
[home_assistant]
host = "{home.host}"
port = {home.port}
name = "Bedroom"
"""
TEMPERATURE = "cityops_frog-77_temperature_c"


class Room:
    """Measures nought degrees; fails and gains a probe as told."""

    def __init__(self) -> None:
        self.more: dict[str, float] = {}

    def read(self) -> dict[str, float]:
        return {"temperature_c": 0.0, "humidity_pct": 50.0, **self.more}


@pytest.fixture
def household(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    """The household's own broker."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir=server_dir))
    folder.chmod(0o711)
    with EmbeddedMosquitto(folder) as started:
        yield started


class Running:
    """A frog's agent in a thread of its own, which its outbox asks for."""

    def __init__(self, path: Path, room: Room) -> None:
        self._path, self._room, self._stop = path, room, threading.Event()
        self.receipted = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        service = DeviceService(
            load_config(self._path), [self._room], synchronised=lambda: True, first_within_s=0.0
        )
        service.run(self._stop.is_set)
        self.receipted = service.agent.counts.receipted

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def frog(folder: Path, town: object, home: object, room: Room, more: str = "") -> Running:
    path = folder / "agent.toml"
    path.write_text(CONFIG.format(folder=folder / "data", town=town, home=home) + more)
    return Running(path, room)


def test_a_frog_shows_itself_and_again_after_a_restart(
    broker: EmbeddedMosquitto, household: EmbeddedMosquitto, tmp_path: Path
) -> None:
    room = Room()
    with ReceiptServer(broker.host, broker.port), HomeAssistant(household.host, household.port) as shown:
        running = frog(tmp_path, broker, household, room)
        try:
            shown.wait(lambda: TEMPERATURE in shown.entities and shown.shown(TEMPERATURE) == 0.0)
            assert shown.entities.keys() == {TEMPERATURE, "cityops_frog-77_humidity_pct"}
            room.more = {"wall_temperature_c": -1.5}
            shown.wait(lambda: "cityops_frog-77_wall_temperature_c" in shown.entities)
            shown.start_anew()
            shown.wait(
                lambda: shown.states.get("cityops/frog-77/state", {}).get("wall_temperature_c") == -1.5
            )
        finally:
            running.stop()
        shown.wait(lambda: shown.shown(TEMPERATURE) == "unavailable")
        assert running.receipted > 0, "the town has its readings too"
    with HomeAssistant(household.host, household.port) as later:
        later.wait(lambda: len(later.entities) == 3)
        assert later.states == {}, "no reading lies on the broker"
        # Switched off, it takes itself away.
        running = frog(tmp_path, broker, household, room, "enabled = false\n")
        try:
            later.wait(lambda: not later.entities)
        finally:
            running.stop()
    with HomeAssistant(household.host, household.port) as empty:
        time.sleep(0.3)
        assert empty.retained == set(), "nothing is left on the household's broker"


def test_a_broker_that_is_away_delays_no_reading(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    class Nowhere:
        host, port = "127.0.0.1", 1

    with ReceiptServer(broker.host, broker.port):
        running = frog(tmp_path, broker, Nowhere, Room())
        time.sleep(4)
        running.stop()
        assert running.receipted >= 3


def ran(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["home-assistant", *arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


async def test_the_site_tells_who_lives_there_and_nobody_else(
    site: Site, household: EmbeddedMosquitto, tmp_path: Path
) -> None:
    path = f"/api/v1/homes/{seed_web.DAMP_HOME}/home-assistant"
    assert (await site.http.get(path)).status_code == 404
    await site.join(seed_web.DRY_HOME)
    assert (await site.http.get(path)).status_code == 404
    await site.join(seed_web.DAMP_HOME)
    found = (await site.get(path))["messages"]
    mine = {
        r[0]
        for r in await site.sql(
            "select d.name from device d join home_device using (device_id) join home using (home_id) where code = %s",
            seed_web.DAMP_HOME,
        )
    }
    assert {m["topic"].split("/")[1] for m in found if m["topic"].startswith("cityops/")} == mine
    assert {m["retain"] for m in found if m["topic"].endswith("/state")} == {False}
    assert (await site.http.get(path, params={"prefix": "a/#"})).status_code == 422

    given = (
        "--site",
        site.url,
        "--home",
        seed_web.DAMP_HOME,
        "--broker",
        f"mqtt://{household.host}:{household.port}",
        "--token-file",
        str(tmp_path / "token"),
    )
    with HomeAssistant(household.host, household.port) as shown:
        assert f"{len(found)} messages" in await asyncio.to_thread(ran, *given, "--once")
        assert (tmp_path / "token").stat().st_mode & 0o077 == 0
        await asyncio.to_thread(shown.wait, lambda: len(shown.states) == len(mine))
        assert all(
            shown.shown(e) not in ("unavailable", "unknown")
            for e in shown.entities
            if e.endswith("temperature_c")
        )
        await asyncio.to_thread(ran, *given, "--remove")
        await asyncio.to_thread(shown.wait, lambda: not shown.entities)


async def test_an_old_reading_is_not_shown_as_of_now(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    await site.sql("update frog_reading set ts = ts - interval '2 days'")
    found = (await site.get(f"/api/v1/homes/{seed_web.DAMP_HOME}/home-assistant"))["messages"]
    assert not [m for m in found if m["topic"].endswith("/state")]
    assert {m["payload"] for m in found if m["topic"].endswith("/availability")} <= {"offline"}
