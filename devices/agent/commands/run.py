"""``cityops-agent run``: the agent as a process."""

from __future__ import annotations

import argparse
import os
import signal

from devices.agent.config import load_config
from devices.agent.service import DeviceService, make_sensors
from devices.agent.systemd import Notifier


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--first-within-s", type=float, default=60.0, help="spread of the first connection [s]"
    )


def run(options: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; return the exit status."""
    config = load_config(options.config)
    sensors = make_sensors(config)
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: stopping.append(caught))
    service = DeviceService(
        config, sensors, notifier=Notifier(os.environ), first_within_s=options.first_within_s
    )
    service.run(lambda: bool(stopping), signals=True)
    return 0
