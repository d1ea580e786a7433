"""``cityops-agent read``: each configured sensor once."""

from __future__ import annotations

import argparse

from devices.agent.config import load_config
from devices.agent.reading_words import read_one
from devices.agent.sensor_build import build_sensors
from devices.contract.kind import discover
from devices.drivers.boards import Boards


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Print what each sensor gives or what is wrong with it; return 1 where one gave nothing."""
    config = load_config(options.config)
    kind = discover()[config.device.kind]
    gave = [read_one(sensor, kind) for sensor in build_sensors(config.sensors, kind, Boards(None))]
    return 0 if all(gave) else 1
