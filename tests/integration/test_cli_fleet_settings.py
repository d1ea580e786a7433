"""``cityops fleet`` as people run it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityops.db.pool import connect
from devices.registry import Device, Registry
from ingest.registry_store import store_registry
from tests.fakes.command_line import cityops

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def run(dsn: str, *words: str) -> tuple[int, str]:
    done = cityops("fleet", *words, CITYOPS_DB__DSN=dsn, CITYOPS_OPERATOR="ann")
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return done.returncode, said


@pytest.fixture
async def town(db_dsn: str) -> str:
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = {"frog-1": "frog", "frog-2": "frog", "bin-1": "bin"}
    devices = tuple(Device(name=n, kind=k, shard=1, installed_at=installed) for n, k in kinds.items())
    async with await connect(db_dsn, application_name="test") as conn:
        await store_registry(conn, Registry(name="t", devices=devices))
    return db_dsn


async def test_look_set_and_take_back(town: str) -> None:
    assert run(town, "status") == (
        0,
        "No device needs anybody because of its settings.\nbin        1 as installed\nfrog       2 as installed\n",
    )
    code, text = run(town, "set", "frog-1", "cadence_s=120", "log.level=debug", "--note", "a look")
    assert code == 0
    assert "device frog-1: 1 device, 1 told something else" in text
    assert "cadence_s: not set → 120" in text
    assert "cadence_s could cut a device off" in text
    code, text = run(town, "set", "--kind", "frog", "cadence_s=60", "judge.cold_c=15")
    assert code == 1
    assert "not done: 2 devices; add --yes" in text
    assert run(town, "set", "--kind", "frog", "judge.cold_c=15", "--yes")[0] == 0
    code, text = run(town, "set", "--kind", "frog", "judge.cold_c=", "--dry-run")
    assert (code, "judge.cold_c: 15 → not set" in text) == (0, True)
    code, text = run(town, "history")
    assert [line.split()[1] for line in text.splitlines()] == ["2", "1"]
    assert "by ann: a look" in text
    assert run(town, "set", "frog-1", "cadence_s=90")[0] == 0
    code, text = run(town, "revert", "1")
    assert (code, "cadence_s: 90 → 120" in text) == (0, True)
    changes = json.loads(run(town, "history", "--json")[1])
    assert changes[0]["settings"] == {"cadence_s": 120, "log.level": "debug"}
    assert changes[0]["note"] == "as after change 1"
    code, text = run(town, "show", "frog-1")
    assert (code, "it has said nothing of its settings" in text) == (0, True)
    async with await connect(town, application_name="test") as conn:
        rows = await (
            await conn.execute("select action, object from audit_entry order by entry_id")
        ).fetchall()
    assert rows[0] == ("fleet set", "setting:device:frog-1")
    assert rows[-1] == ("fleet revert", "setting:device:frog-1")


def test_groups(town: str) -> None:
    assert run(town, "groups", "list") == (0, "there is no group\n")
    assert run(town, "groups", "make", "north", "--label", "The north")[0] == 0
    assert run(town, "groups", "put", "north", "frog-1", "bin-1") == (0, "2 more in north\n")
    assert run(town, "groups", "put", "north", "toad-1") == (
        1,
        "not done: device 'toad-1' is not registered\n",
    )
    code, text = run(town, "set", "--group", "north", "cadence_s=120", "--yes")
    assert (code, "2 devices (1 bin, 1 frog), 2 told something else" in text) == (0, True)
    assert run(town, "groups", "take", "north", "bin-1") == (0, "1 fewer in north\n")
    assert "The north" in run(town, "groups", "list")[1]
    assert run(town, "groups", "drop", "north") == (0, "group north is gone\n")
    assert run(town, "groups", "drop", "north")[0] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("set", "frog-1", "cadence_s=5"), 2, "cadence_s 5: must be a whole number from 10 to 86400 s"),
        (("set", "frog-1", "siren=1"), 2, "siren: there is no such setting"),
        (("set", "frog-1"), 2, "name one device"),
        (("set", "frog-1", "--all", "cadence_s=60"), 2, "name one device"),
        (("set", "frog-9", "cadence_s=60"), 1, "device 'frog-9' is not registered"),
        (("set", "bin-1", "eyes.enabled=false"), 1, "there is no such setting here"),
        (("set", "frog-1", "broker.ca=@/nowhere"), 2, "No such file"),
        (("show", "frog-9"), 2, "device 'frog-9' is not registered"),
        (("revert", "7"), 1, "change 7 does not exist"),
    ],
)
def test_what_cannot_be_is_said(town: str, words: tuple[str, ...], code: int, said: str) -> None:
    done = run(town, *words)
    assert (done[0], said in done[1]) == (code, True), done[1]


def test_the_command_moves_devices_to_another_broker(town: str, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(PEM)
    code, text = run(town, "set", "frog-1", "broker.host=b.example", f"broker.ca=@{ca}")
    assert code == 0
    assert "broker.ca, broker.host could cut a device off" in text


def test_settings_are_listed(tmp_path: Path) -> None:
    done = cityops("fleet", "settings", "--kind", "bin")
    assert "cadence_s" in done.stdout
    assert "eyes" not in done.stdout
    schema = json.loads(cityops("fleet", "settings", "--kind", "frog", "--schema").stdout)
    assert schema["properties"]["settings"]["properties"]["eyes.enabled"]["type"] == "boolean"
    page = tmp_path / "page.md"
    assert cityops("fleet", "settings", "--markdown", str(page)).returncode == 0
    assert page.read_text() == Path("docs/device-settings.md").read_text()
