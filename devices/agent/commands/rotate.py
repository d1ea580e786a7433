"""``cityops-agent rotate``: make the device's next password or certificate; both where it has both."""

from __future__ import annotations

import argparse
import sys

from cityops.errors import ConfigurationError
from devices.agent.config import load_config
from devices.agent.rotation_build import Way, ways

_SAID = {
    True: "the server knows its next password; it is used from the next connection on",
    False: "it has a new key and certificate; they are used from the next connection on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Rotate; the agent need not be stopped."""
    config = load_config(options.config)
    if config.server is None:
        raise ConfigurationError(f'{options.config}: no [server]; add url = "https://city.example"')
    found = ways(config, config.server)
    if not found:
        raise ConfigurationError(f"{options.config}: broker has no credential that was made by claim")
    refused = [e for way in found if (e := _refusal(config.device.name, way)) is not None]
    if len(refused) == len(found):
        raise refused[0]
    for e in refused:
        sys.stderr.write(f"the other credential stays as it is; was it made by claim? {e}\n")
    return 0


def _refusal(name: str, way: Way) -> ConfigurationError | None:
    """Rotate one credential and say so; return the error where the server does not take it, or it is none of claim's."""
    try:
        way.rotate()
    except ConfigurationError as e:
        return e
    sys.stdout.write(f"{name}: {_SAID[way.is_password]}\n")
    return None
