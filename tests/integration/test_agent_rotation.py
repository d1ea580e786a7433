"""A device with a password and a certificate makes anew what the server knows of it: the agent's own parts at the real site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from cityops.db.migrate import upgrade
from devices.agent.__main__ import main as agent_command
from devices.agent.clock_state import Clk, Moment
from devices.agent.config import load_config
from devices.agent.rotation_build import make_rotations
from devices.contract.kind import discover
from devices.registry import Registry
from ops_api.wiring import reading_tables
from tests.fakes import website
from tests.fakes.provisioned import authority
from tests.fakes.website import Site, own_login

IN_A_YEAR_S = 370 * 86_400
"""When both the password and the certificate are old, and the certificate has not ended."""


class Line:
    """A connection."""

    connected = True

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        return True


@pytest.fixture
async def site(db_dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await upgrade(conn, reading_tables(discover()))
    ca = authority(tmp_path)
    settings = {"host": "127.0.0.1", "ca_cert": ca[0], "ca_key": ca[1], "broker_ca": ca[0]}
    login, town = await own_login(db_dsn), Registry(name="nowhere")
    async with website.running(
        db_dsn, town, datetime.now(UTC), login=login, provisioning=settings
    ) as started:
        yield started


async def claimed(site: Site, folder: Path, name: str, *more: str) -> Path:
    """Claim as a person does it; return the configuration."""
    manager = site.as_("devices")
    made = await manager.post("/api/v1/identities", json={"name": name, "kind": "frog"})
    assert made.status_code == 201, made.text
    code = (await manager.post(f"/api/v1/identities/{name}/label")).json()["code"]
    config = folder / name / "agent.toml"
    words = ["claim", f"{site.url}/claim#{code}", "--config", str(config)]
    words += ["--data-dir", str(folder / name / "data"), *more]
    assert await asyncio.to_thread(agent_command, words) == 0
    return config


async def with_both(site: Site, folder: Path, known: str) -> Path:
    """Return the folder of a device that has both, of which the server knows one; the other was made by hand."""
    mine = await claimed(site, folder, "frog-1", *(["--x509"] if known == "device.pem" else []))
    other = await claimed(site, folder, "frog-2", *(["--x509"] if known == "password" else []))
    name = "password" if known == "device.pem" else "device.pem"
    mine.with_name(name).write_text(other.with_name(name).read_text())
    own = str(mine.with_name(name))
    more = {
        "password": f'password_file = "{own}"\n',
        "device.pem": f'tls_cert = "{own}"\ntls_key = "{own}"\n',
    }[name]
    mine.write_text(mine.read_text().replace("[broker]\n", f"[broker]\n{more}"))
    return mine.parent


def is_new(folder: Path, name: str, before: str) -> bool:
    """Whether the device has a new one: a certificate in the place of the old, a password beside it."""
    waiting = folder / f"{name}.next"
    if name == "device.pem":
        return (folder / name).read_text() != before and not waiting.exists()
    return (folder / name).read_text() == before and waiting.exists()


@pytest.mark.parametrize("known", ["password", "device.pem"])
async def test_of_a_password_and_a_certificate_the_one_that_the_server_knows_is_made_anew(
    site: Site, tmp_path: Path, known: str
) -> None:
    folder = await with_both(site, tmp_path, known)
    config = load_config(folder / "agent.toml")
    assert config.server is not None
    before = {name: (folder / name).read_text() for name in ("password", "device.pem")}
    wall_ms = round((datetime.now(UTC).timestamp() + IN_A_YEAR_S) * 1000)
    parts = make_rotations(config, config.server)
    assert len(parts) == 2
    for part in parts:
        part.turn(Moment(wall_ms, 3_600_000, Clk.SYNCHRONISED), Line())
        await asyncio.to_thread(part.wait, 20)
    assert is_new(folder, known, before[known])
    other = ({"password", "device.pem"} - {known}).pop()
    assert (folder / other).read_text() == before[other]
    assert not (folder / "password.next").exists() or known == "password"
    acts = await site.sql(
        "select act from device_act join device_known using (device_id) where name = 'frog-1'"
    )
    assert [act for (act,) in acts].count("rotated") == 1


async def test_the_command_rotates_it_and_says_what_stays(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await with_both(site, tmp_path, "device.pem")
    before = (folder / "device.pem").read_text()
    words = ["rotate", "--config", str(folder / "agent.toml")]
    assert await asyncio.to_thread(agent_command, words) == 0
    assert is_new(folder, "device.pem", before)
    told = capsys.readouterr()
    assert "frog-1: it has a new key and certificate" in told.out
    assert "stays as it is" in told.err
