"""Settings of a frog's page, button and eyes: what is wrong is said with field, value and what is allowed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from devices.agent.__main__ import main
from devices.agent.config import load_config
from devices.agent.frog_config import EyesSection
from devices.agent.frog_parts import make_parts

CONFIG = """
[device]
name = "frog-77"
kind = "frog"
data_dir = "{folder}"

[broker]
host = "127.0.0.1"

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
{more}
"""


def written(folder: Path, more: str, text: str = CONFIG) -> Path:
    path = folder / "agent.toml"
    path.write_text(text.format(folder=folder, more=more))
    return path


def test_everything_has_a_default_and_nothing_is_there_unasked(tmp_path: Path) -> None:
    bare = load_config(written(tmp_path, ""))
    assert (bare.page, bare.button, bare.eyes) == (None, None, None)
    assert make_parts(bare, lambda: 0.0) is None
    page = load_config(written(tmp_path, "[page]")).page
    assert page is not None
    assert (page.port, page.pin()) == (8080, None)
    own = socket.gethostname().lower().partition(".")[0]
    assert page.hosts("frog-77") >= {"frog-77.local", "frog-77", "localhost", own, f"{own}.local"}


def test_the_off_switch(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "[page]\nenabled = false"))
    assert make_parts(config, lambda: 0.0) is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("[page]\nprot = 80", "prot"),
        ("[page]\nport = 0", r"page\.port 0: expected int >= 1"),
        ('[page]\nlisten = "eth0"', "'eth0' is no IP address"),
        ('[page]\nlisten = "203.0.113.5"', r"public address.*allow_public = true"),
        ('[page]\nlisten = "2001:db8::5"', "public address"),
        ('[page]\nnames = ["Frog!"]', r"page.names 'Frog!'"),
        ('[page]\ntime_zone = "Europe/Bristol"', "'Europe/Bristol' is not known"),
        ('[page]\npin_file = "/nowhere/pin"', "page.pin_file /nowhere/pin can't be read"),
        ("[button]\npin = 28", r"button\.pin 28: expected int <= 27"),
        ("[button]\npin = 3", "button.pin 3 belongs to I²C"),
        ("[eyes]\npin = 4", "eyes.pin 4 belongs to 1-wire"),
        ("[button]\npin = 17\n[eyes]\npin = 17", "is button.pin as well"),
        ("[eyes]\npin = 27\ndark_from = 24", r"eyes\.dark_from 24: expected int <= 23"),
    ],
)
def test_a_wrong_setting_is_explained(more: str, reason: str, tmp_path: Path) -> None:
    path = written(tmp_path, more)
    with pytest.raises(ConfigurationError, match=reason):
        load_config(path)
    assert main(["check", "--config", str(path)]) == 2


@pytest.mark.parametrize("listen", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.2", "127.0.0.1", "fd00::5"])
def test_home_addresses_are_fine(listen: str, tmp_path: Path) -> None:
    load_config(written(tmp_path, f'[page]\nlisten = "{listen}"'))


def test_the_world_only_when_told(tmp_path: Path) -> None:
    load_config(written(tmp_path, '[page]\nlisten = "203.0.113.5"\nallow_public = true'))


@pytest.mark.parametrize(
    ("pin", "right"), [("4711\n", True), ("123", False), ("12a4", False), ("1" * 13, False)]
)
def test_pins_are_digits(pin: str, right: bool, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(pin)
    path = written(tmp_path, f'[page]\npin_file = "{tmp_path / "pin"}"')
    if right:
        page = load_config(path).page
        assert page is not None
        assert page.pin() == "4711"
    else:
        with pytest.raises(ConfigurationError, match="4 to 12 digits"):
            load_config(path)


def test_only_frogs_speak(tmp_path: Path) -> None:
    text = CONFIG.replace('kind = "frog"', 'kind = "road"').replace(
        'rom = "28', 'field = "surface_temperature_c"\nrom = "28'
    )
    with pytest.raises(ConfigurationError, match=r"\[page\] is for frogs; device.kind is 'road'"):
        load_config(written(tmp_path, "[page]", text))


def test_hours_of_dark_eyes() -> None:
    night = EyesSection(pin=5)
    assert [h for h in range(24) if not night.dark_at(h)] == list(range(7, 22))
    assert [h for h in range(24) if EyesSection(pin=5, dark_from=13, dark_until=15).dark_at(h)] == [13, 14]
    assert not any(EyesSection(pin=5, dark_from=0, dark_until=0).dark_at(h) for h in range(24))
