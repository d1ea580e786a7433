"""``python -m devices.agent run --config FILE``: the agent as a process."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cityops.errors import CityopsError
from cityops.logs import configure
from cityops.settings import LogSettings
from devices.agent.config import load_config
from devices.agent.forget import forget
from devices.agent.service import DeviceService, make_sensors
from devices.agent.systemd import Notifier
from devices.drivers.base import SensorError

DEFAULT_CONFIG = Path("/etc/cityops-agent/agent.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="cityops-agent", description="The agent of a cityops device.")
    parser.add_argument(
        "command",
        choices=["run", "read", "check", "forget"],
        help="run; read the sensors once; check the file; forget the household (stop the agent first)",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument(
        "--first-within-s", type=float, default=60.0, help="spread of the first connection [s]"
    )
    options = parser.parse_args(arguments)
    configure(LogSettings())
    try:
        return _run(options.command, options.config, options.first_within_s)
    except CityopsError as e:
        sys.stderr.write(f"cityops-agent: {e}\n")
        return e.exit_code


def _run(command: str, path: Path, first_within_s: float) -> int:
    config = load_config(path)
    if command == "check":
        page = f", page on port {config.page.port}" if config.page is not None and config.page.enabled else ""
        sys.stdout.write(
            f"{path}: {config.device.name}, {config.device.kind}, shard {config.shard:02x}{page}\n"
        )
        return 0
    if command == "forget":
        sys.stdout.write(forget(Path(config.device.data_dir), round(time.time())) + "\n")
        return 0
    sensors = make_sensors(config)
    if command == "read":
        failed = 0
        for section, sensor in zip(config.sensors, sensors, strict=True):
            try:
                sys.stdout.write(f"{section}: {dict(sensor.read())}\n")
            except SensorError as e:
                failed += 1
                sys.stdout.write(f"{section}: {e}\n")
        return 1 if failed else 0
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: stopping.append(caught))
    service = DeviceService(config, sensors, notifier=Notifier(os.environ), first_within_s=first_within_s)
    service.run(lambda: bool(stopping))
    return 0


if __name__ == "__main__":
    sys.exit(main())
