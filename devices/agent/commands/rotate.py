"""``cityops-agent rotate``: make the device's next password or certificate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.config import load_config
from devices.agent.rotate import rotate_certificate, rotate_password, sender


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Rotate; the agent need not be stopped."""
    config = load_config(options.config)
    if config.server is None:
        raise ConfigurationError(f'{options.config}: no [server]; add url = "https://city.example"')
    name, broker = config.device.name, config.broker
    send = sender(name, config.server.url, config.server.ca)
    if broker.password_file is not None:
        rotate_password(send, name, Path(broker.password_file))
        said = "the server knows its next password; it is used from the next connection on"
    elif broker.tls_cert is not None and broker.tls_cert == broker.tls_key:
        rotate_certificate(send, name, Path(broker.tls_cert))
        said = "it has a new key and certificate; they are used from the next connection on"
    else:
        raise ConfigurationError(f"{options.config}: broker has no credential that was made by claim")
    sys.stdout.write(f"{name}: {said}\n")
    return 0
