"""``cityops-agent doctor`` on a device with something wrong: it names the step and the fix."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_files import Access, ServiceUser
from devices.agent.__main__ import main
from devices.agent.config import load_config
from devices.agent.doctor import machine
from devices.agent.doctor.agent_state import outbox
from devices.agent.doctor.broker import broker as look
from devices.agent.doctor.finding import Finding
from devices.agent.entry import Entry
from devices.agent.only_one import OnlyOne, is_running
from devices.agent.service import OUTBOX_FILE
from devices.agent.settings_build import SETTINGS_FILE
from devices.agent.settings_card import FileCard
from devices.agent.settling import Memory, Slot, Trial
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.access import DEVICE_RIGHTS
from devices.contract.settings.check import digest_of
from tests.fakes.certificates import make

TEXT = """
[device]
name = "frog-1"
kind = "frog"
data_dir = "{folder}/data"

[broker]
host = "{host}"
port = {port}
plain = true
{more}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


def config_file(folder: Path, host: str = "127.0.0.1", port: int = 1, more: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(TEXT.format(folder=folder, host=host, port=port, more=more))
    (folder / "data").mkdir(exist_ok=True)
    return path


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {f.name: f for f in findings}


@pytest.fixture
def guarded(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    access = Access({"frog-1": "right", "frog-2": "other"}, DEVICE_RIGHTS, {"ingest": ServiceUser("pw", ())})
    with EmbeddedMosquitto(server_dir, access=access) as started:
        yield started


def found(tmp_path: Path, broker: EmbeddedMosquitto, password: str) -> list[Finding]:
    (tmp_path / "password").write_text(password)
    more = f'password_file = "{tmp_path / "password"}"'
    config = load_config(config_file(tmp_path, broker.host, broker.port, more))
    return list(look(config, connect=True))


def test_the_way_to_the_broker_is_free(guarded: EmbeddedMosquitto, tmp_path: Path) -> None:
    said = by_name(found(tmp_path, guarded, "right"))
    assert {f.level for f in said.values()} == {"ok"}
    assert said["topics"].detail == "may subscribe to its channel receipt"
    assert "accepted as frog-1" in said["login"].detail


def test_a_wrong_password_is_named(guarded: EmbeddedMosquitto, tmp_path: Path) -> None:
    said = by_name(found(tmp_path, guarded, "wrong"))
    assert said["login"].level == "fail"
    assert "Not authorized" in said["login"].detail or "password" in said["login"].detail
    assert "revoked" in said["login"].fix
    assert "wrong" not in str(said)


def test_rights_that_lack_are_named(server_dir: Path, tmp_path: Path) -> None:
    access = Access({"frog-1": "right"}, ["write elsewhere/%u"], {"ingest": ServiceUser("pw", ())})
    with EmbeddedMosquitto(server_dir, access=access) as broker:
        said = [f for f in found(tmp_path, broker, "right") if f.name == "topics"]
    assert said[0].level == "fail"
    assert "publish on its channel ask" in said[0].detail
    assert "docs/access.md" in said[0].fix


def test_without_a_network_it_says_so_and_ends(tmp_path: Path) -> None:
    config = load_config(config_file(tmp_path, "no-such-host.invalid"))
    assert [(f.name, f.level) for f in look(config, connect=True)] == [("broker", "ok"), ("name", "fail")]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        config = load_config(config_file(tmp_path, port=taken.getsockname()[1]))
        assert [(f.name, f.level) for f in look(config, connect=True)][-1] == ("tcp", "fail")


@pytest.mark.parametrize(("days", "level"), [(400, "ok"), (10, "warn"), (-0.01, "fail")])
def test_certificates_that_end_are_told_in_time_and_without_a_network(
    days: float, level: str, tmp_path: Path
) -> None:
    make(tmp_path / "ca.pem", tmp_path / "key.pem", days)
    more = f'tls_ca = "{tmp_path / "ca.pem"}"'
    said = by_name(
        list(look(load_config(config_file(tmp_path, "no-such-host.invalid", 1, more)), connect=True))
    )
    assert said["authority"].level == level


def test_a_broker_without_tls_on_its_port_is_told(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    make(tmp_path / "ca.pem", tmp_path / "key.pem", 100)
    more = f'tls_ca = "{tmp_path / "ca.pem"}"'
    said = by_name(
        list(look(load_config(config_file(tmp_path, broker.host, broker.port, more)), connect=True))
    )
    assert said["tls"].level == "fail"
    assert "8883" in said["tls"].fix
    assert "login" not in said


def test_an_agent_that_runs_is_not_put_off(tmp_path: Path, broker: EmbeddedMosquitto) -> None:
    config = load_config(config_file(tmp_path, broker.host, broker.port))
    assert not is_running(tmp_path / "data")
    held = OnlyOne(tmp_path / "data")
    assert is_running(tmp_path / "data")
    said = by_name(list(look(config, connect=False)))
    assert "not tried" in said["login"].detail
    held.close()
    assert not is_running(tmp_path / "data")


def settled(folder: Path, settings: dict[str, str | int], *, on_trial: bool = False) -> None:
    slot = Slot(7, dict(settings))
    memory = Memory(trial=Trial(slot, must_confirm=True)) if on_trial else Memory(good=slot)
    FileCard(folder / "data" / SETTINGS_FILE).write(memory)


@pytest.mark.parametrize("on_trial", [False, True])
def test_the_broker_that_the_fleets_settings_set_is_the_one_looked_at(
    tmp_path: Path, broker: EmbeddedMosquitto, on_trial: bool
) -> None:
    config = load_config(config_file(tmp_path, "old.invalid", 1883))
    settled(tmp_path, {"broker.host": broker.host, "broker.port": broker.port}, on_trial=on_trial)
    said = by_name(list(look(config, connect=True)))
    assert said["login"].level == "ok", said
    where = said["broker"].detail
    assert where.startswith(f"{broker.host}:{broker.port}, as the fleet's settings say (version 7")
    assert where.endswith("the file: old.invalid:1883")
    assert ("yet to be confirmed" in where) is on_trial


def test_a_broker_of_the_settings_that_is_wrong_is_found_though_that_of_the_file_is_right(
    tmp_path: Path, broker: EmbeddedMosquitto
) -> None:
    config = load_config(config_file(tmp_path, broker.host, broker.port))
    assert "as the device's file says" in by_name(list(look(config, connect=False)))["broker"].detail
    settled(tmp_path, {"broker.host": "new.invalid"})
    assert [(f.name, f.level) for f in look(config, connect=True)] == [("broker", "ok"), ("name", "fail")]


def test_the_authority_of_the_settings_is_the_one_looked_at(tmp_path: Path) -> None:
    config = load_config(config_file(tmp_path, "no-such-host.invalid"))
    make(tmp_path / "ca.pem", tmp_path / "key.pem", 10)
    pem = (tmp_path / "ca.pem").read_text()
    (tmp_path / "data" / f"broker-ca-{digest_of(pem)}.pem").write_text(pem)
    settled(tmp_path, {"broker.ca": pem})
    said = by_name(list(look(config, connect=True)))
    assert said["authority"].level == "warn"
    assert digest_of(pem) in said["authority"].detail


def test_settings_that_can_not_be_read_are_told_and_left_as_they_are(tmp_path: Path) -> None:
    config = load_config(config_file(tmp_path, "no-such-host.invalid"))
    settled(tmp_path, {"broker.host": "new.invalid"})
    path = tmp_path / "data" / SETTINGS_FILE
    path.write_bytes(path.read_bytes()[:-3])
    said = by_name(list(look(config, connect=True)))
    assert (said["broker"].level, "is damaged" in said["broker"].detail) == ("warn", True)
    assert path.exists(), "the agent sets it aside, not the doctor"


def test_the_whole_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config_file(tmp_path)
    assert main(["doctor", "--config", str(path), "--offline"]) == 1, "the probe does not answer"
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("fail") and "28-0316a2798fff" in line for line in lines)
    assert any(line.strip().startswith("→ ") for line in lines)
    assert "failed" in lines[-1]
    assert main(["doctor", "--config", str(path), "--offline", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is False
    names = {f["name"] for f in told["findings"]}
    assert {"config", "clock", "memory", "systemd", "card", "outbox", "sensor", "1-wire"} <= names
    assert all(f["fix"] for f in told["findings"] if f["level"] != "ok")


def test_a_wrong_file_is_the_first_line_and_the_machine_is_looked_at_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config_file(tmp_path)
    path.write_text(path.read_text().replace("host", "hosst"))
    assert main(["doctor", "--config", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("fail")
    assert "did you mean host?" in out
    assert "memory" in out


def test_what_waits_in_the_outbox_is_told_with_its_age(tmp_path: Path) -> None:
    assert outbox(tmp_path, 0.0).level == "warn"
    box = SqliteOutbox(tmp_path / OUTBOX_FILE)
    boot = box.start_boot()
    for seq in range(4):
        box.append(Entry(boot, seq, "reading", 1_800_000_000_000, 1, 2, b"{}"))
    now_s = 1_800_000_000.0
    assert outbox(tmp_path, now_s + 60).level == "ok"
    old = outbox(tmp_path, now_s + 3 * 86_400)
    assert (old.level, "4 without a receipt, the oldest for 3.0 days" in old.detail) == ("warn", True)
    box.close()
    (tmp_path / OUTBOX_FILE).write_bytes(b"no database" * 999)
    assert outbox(tmp_path, now_s).level == "fail"


def test_the_clock_and_the_unit() -> None:
    assert machine.clock(1.0, synchronised=True).level == "ok"
    assert machine.clock(1.0, synchronised=False).level == "fail"
    assert machine.clock(1_800_000_000.0, synchronised=False).level == "warn"
    active = "LoadState=loaded\nActiveState=active\nNRestarts={}\nWatchdogUSec={}\n"
    assert machine.unit(active.format(0, "2min")).level == "ok"
    assert machine.unit(active.format(3, "2min")).level == "warn"
    assert machine.unit(active.format(0, "0")).level == "warn"
    assert machine.unit("LoadState=loaded\nActiveState=failed\n").level == "fail"
    assert machine.unit("LoadState=not-found\n").level == "warn"
    assert machine.unit(None).level == "warn"


def test_buses_pins_memory_and_wear(tmp_path: Path) -> None:
    text = TEXT.format(folder=tmp_path, host="h", port=1, more="").replace(
        '"ds18b20"\nrom = "28-0316a2798fff"', '"sht4x"'
    )
    path = tmp_path / "agent.toml"
    path.write_text(text + "[button]\npin = 17\n")
    config = load_config(path)
    assert [(f.name, f.level) for f in machine.rights(config, tmp_path)] == [
        ("i2c", "fail"),
        ("gpio", "fail"),
    ]
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "i2c-1").touch()
    (tmp_path / "dev" / "gpiochip0").touch()
    assert [f.level for f in machine.rights(config, tmp_path)] == ["ok", "ok"]
    (tmp_path / "meminfo").write_text("MemTotal: 500000 kB\nMemAvailable: 30000 kB\n")
    assert machine.memory(tmp_path / "meminfo").level == "warn"
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "swaps").write_text("Filename Type Size Used Priority\n/var/swap file 102396 0 -2\n")
    assert ["swap on the card" in f.detail for f in machine.wear(tmp_path, tmp_path)] == [True]
    assert machine.memory(tmp_path / "none").level == "warn"


def test_a_card_that_is_gone_or_was_broken(tmp_path: Path) -> None:
    assert [f.level for f in machine.card(tmp_path / "none")] == ["fail"]
    (tmp_path / "outbox.db.broken").touch()
    levels = [f.level for f in machine.card(tmp_path)]
    assert levels[-1] == "warn"
