"""``cityops-agent check``: is the configuration file right?"""

from __future__ import annotations

import argparse
import sys

from devices.agent.config import load_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Print what the file says; its faults are errors."""
    config = load_config(options.config)
    page = f", page on port {config.page.port}" if config.page is not None and config.page.enabled else ""
    said = f"{config.device.name}, {config.device.kind}, shard {config.shard:02x}{page}"
    sys.stdout.write(f"{options.config}: {said}\n")
    return 0
