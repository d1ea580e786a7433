"""A file with many faults is told all of them, with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from devices.agent.config import load_config

FILE = """
colour = "green"

[device]
name = "frog-1"
kind = "frog"
cadence_s = 0
data_dirr = "/var/lib/x"

[broker]
host = 5
port = 99999
pasword_file = "/x"

[[sensors]]
driver = "sht4"

[[sensors]]
driver = "ds18b20"
rom = "28"

[page]
port = "eighty"
"""


def told(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as e:
        load_config(path)
    return str(e.value).splitlines()


def test_all_faults_at_once(tmp_path: Path) -> None:
    first, *rest = told(tmp_path, FILE)
    assert first == f"{tmp_path / 'agent.toml'}: 10 things are wrong"
    assert [line.removeprefix("  - ") for line in rest] == [
        "colour is not known; there are broker, button, device, eyes, home_assistant, page, sensors, server, update",
        "device.cadence_s 0: expected int >= 1",
        "device.data_dirr is not known; did you mean data_dir?",
        "device.data_dir is missing",
        "broker.host 5: expected str, got int",
        "broker.port 99999: expected int <= 65535",
        "broker.pasword_file is not known; did you mean password_file?",
        "sensors[0].driver 'sht4' does not exist; did you mean sht4x?",
        "sensors[1].rom '28': expected str matching regex '^28-[0-9a-f]{12}$'",
        "page.port 'eighty': expected int, got str",
    ]


def test_what_types_can_not_say_is_told_together_too(tmp_path: Path) -> None:
    text = """
[device]
name = "Frog 1"
kind = "frog"
data_dir = "/var/lib/x"
[broker]
host = "b"
[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
field = "mood"
[page]
listen = "8.8.8.8"
time_zone = "Europe/Lundon"
[button]
pin = 2
"""
    lines = "\n".join(told(tmp_path, text))
    for word in (
        "6 things",
        "'Frog 1'",
        "broker.host 'b' is another machine and broker.tls_ca is missing",
        "'mood'",
        "8.8.8.8 is a public",
        "Europe/Lundon",
        "button.pin 2 belongs",
    ):
        assert word in lines


def test_what_types_can_not_say_does_not_wait_until_the_types_are_right(tmp_path: Path) -> None:
    text = """
[device]
name = "Frog 1"
kind = "frog"
data_dir = 5
[broker]
host = "b"
[[sensors]]
driver = "sht5x"
[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
field = "mood"
[[sensors]]
driver = "hcsr04"
trigger = 17
echo = 18
air_from = "air_temperature_c"
fields = { level_cm = "" }
[button]
pin = 17
[eyes]
pin = "left"
"""
    first, *rest = told(tmp_path, text)
    for fault, word in zip(
        rest,
        (
            "device.data_dir 5:",
            "sensors[0].driver 'sht5x' does not exist",
            "eyes.pin 'left':",
            "device.name 'Frog 1':",
            "broker.host 'b' is another machine",
            "sensors[1] (ds18b20).field 'mood'",
            "sensors[2] (hcsr04)",
            "sensors[2] (hcsr04).trigger 17 is button.pin already",
        ),
        strict=True,
    ):
        assert word in fault
    assert first.endswith("8 things are wrong")


@pytest.mark.parametrize(("kind", "faults"), [("", 1), ('kind = "snail"', 2), ('kind = "road"', 1)])
def test_a_kind_that_is_missing_or_wrong_brings_no_fault_that_is_none(
    tmp_path: Path, kind: str, faults: int
) -> None:
    text = f"""[device]
name = "frog-1"
data_dir = "/var/lib/x"
{kind}
[broker]
host = "127.0.0.1"
[page]
[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
field = "surface_temperature_c"
"""
    lines = told(tmp_path, text)
    assert len(lines) == (faults + 1 if faults > 1 else 1), lines


FROG = """[device]
name = "frog-1"
kind = "frog"
data_dir = "/var/lib/x"
[[sensors]]
driver = "sht4x"
[broker]
"""


@pytest.mark.parametrize(
    ("broker", "fault"),
    [
        ('host = "mqtt.council.example"', "the password would go in the clear"),
        ('host = "192.168.1.4"', "the password would go in the clear"),
        ('host = "localhost.example"', "the password would go in the clear"),
        ('host = "127.0.0.1"\ntls_cert = "a"\ntls_key = "a"', "tls_cert without broker.tls_ca"),
        ('host = "mqtt.council.example"\ntls_ca = "ca.pem"', ""),
        ('host = "192.168.1.4"\nplain = true', ""),
        ('host = "127.0.0.1"', ""),
        ('host = "::1"', ""),
    ],
)
def test_no_password_goes_in_the_clear_unless_somebody_says_so(
    tmp_path: Path, broker: str, fault: str
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(f"{FROG}{broker}\n")
    if not fault:
        assert load_config(path).broker.host in broker
        return
    assert fault in "\n".join(told(tmp_path, f"{FROG}{broker}\n"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("device = 5\n", "device 5 is no section; write [device]"),
        ("[[sensors]]\n", "sensors[0].driver is missing; there are"),
        ("sensors = 5\n", "sensors 5: expected array, got int"),
        ("", "broker is missing"),
    ],
)
def test_a_file_of_another_shape(tmp_path: Path, text: str, fault: str) -> None:
    assert fault in "\n".join(told(tmp_path, text))
