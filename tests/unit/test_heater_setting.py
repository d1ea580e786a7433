"""Drying as a setting of a real device: a chip that was installed without it can be told to, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.agent.config import load_config
from devices.agent.effects import Dryable, HeaterEffect
from devices.agent.sensor_build import build_sensors
from devices.contract.kind import discover
from devices.drivers.boards import Boards
from devices.drivers.lent_board import board_named

FILE = """
[device]
name = "frog-1"
kind = "frog"
data_dir = "/tmp/x"

[broker]
host = "127.0.0.1"

[[sensors]]
driver = "sht4x"
{more}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


@pytest.mark.parametrize(
    ("more", "installed"),
    [
        ("", {"heater.enabled": False, "heater.after_h": 12.0}),
        ("dry_after_h = 3", {"heater.enabled": True, "heater.after_h": 3.0}),
    ],
)
def test_what_is_installed_is_what_the_file_says(
    tmp_path: Path, more: str, installed: dict[str, object]
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(FILE.format(more=more))
    config = load_config(path)
    with board_named("fake:kitchen") as board:
        built = [b.sensor for b in build_sensors(config.sensors, discover()["frog"], Boards(board))]
        effect = HeaterEffect(built)
        assert effect.installed == installed
        (dryable,) = [s for s in built if isinstance(s, Dryable)]
        effect.apply({"heater.enabled": True, "heater.after_h": 24.0})
        assert dryable.dries_after_h == 24.0
        effect.apply({"heater.enabled": False, "heater.after_h": 24.0})
        assert dryable.dries_after_h is None
        assert "temperature_c" in built[0].read(), "it measures on"
