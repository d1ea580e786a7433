"""``cityops-agent forget``: take the household off the card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devices.agent.config import load_config
from devices.agent.forget import forget


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Forget, and say what is left."""
    config = load_config(options.config)
    sys.stdout.write(forget(Path(config.device.data_dir)) + "\n")
    return 0
