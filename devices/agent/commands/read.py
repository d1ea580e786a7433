"""``cityops-agent read``: each configured sensor once."""

from __future__ import annotations

import argparse
import sys

from devices.agent.config import load_config
from devices.agent.service import make_sensors
from devices.drivers.base import SensorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Print what each sensor gives or what is wrong with it; return 1 where one gave nothing."""
    config = load_config(options.config)
    failed = 0
    for section, sensor in zip(config.sensors, make_sensors(config), strict=True):
        try:
            sys.stdout.write(f"{section}: {dict(sensor.read())}\n")
        except SensorError as e:
            failed += 1
            sys.stdout.write(f"{section}: {e}\n")
    return 1 if failed else 0
