"""What a device loads: nothing that a Pi does not install, and no part of the agent that it does not have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from devices.agent.commands import COMMANDS

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "pi.lock"
NOT_CONFIGURED = (
    "devices.agent.frog",
    "devices.agent.home_assistant",
    "devices.agent.rotation",
    "devices.agent.update.part",
    "devices.page",
)
"""What the file of a plain device does not name."""
ALONE = """
import importlib, importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"msgspec", "paho", "devices", "cityops"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def locked() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE))


def test_every_command_and_the_rotation_need_only_the_two_libraries() -> None:
    names = [f"devices.agent.commands.{name}" for name in COMMANDS]
    names += [
        "devices.agent.service",
        "devices.agent.rotation",
        "devices.agent.rotate",
        "devices.agent.update.join",
    ]
    run(ALONE + "".join(f"importlib.import_module({name!r})\n" for name in names))


def test_a_plain_device_loads_no_part_that_it_does_not_have() -> None:
    loaded = run("import sys, devices.agent.service\nprint(*sys.modules)").split()
    assert not set(NOT_CONFIGURED) & set(loaded)


def test_the_mqtt_library_loads_no_http_before_somebody_asks_for_it() -> None:
    code = (
        "import sys, devices.agent.service\nprint(*sys.modules)\nimport urllib.request\n"
        "from urllib.request import Request\n"
        "print(Request('http://frog.example/').host, urllib.request.Request is Request, 'http.client' in sys.modules)"
    )
    loaded, said = run(code).splitlines()
    assert not {"http.client", "email.message"} & set(loaded.split())
    assert said == "frog.example True True"


def test_the_lock_has_all_that_updates_are_verified_with() -> None:
    assert {"msgspec", "paho-mqtt", "smbus2", "gpiozero", "cryptography", "cffi"} <= locked()
