"""``cityops-agent rotate``: make the device's next password or certificate."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from devices.agent.asking import post
from devices.agent.config import load_config
from devices.agent.rotate import rotate_certificate, rotate_password


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--ca", type=Path, help="PEM file of the authority that signed the server's certificate"
    )


def run(options: argparse.Namespace) -> int:
    """Rotate; the agent need not be stopped."""
    config = load_config(options.config)
    if config.server is None:
        raise ConfigurationError(f'{options.config}: no [server]; add url = "https://city.example"')
    server, name, broker = config.server.url, config.device.name, config.broker

    def send(path: str, body: Mapping[str, Any], password: str) -> dict[str, Any]:
        basic = base64.b64encode(f"{name}:{password}".encode()).decode()
        return post(server, path, body, ca=options.ca, authorization=f"Basic {basic}" if password else "")

    if broker.password_file is not None:
        rotate_password(send, name, Path(broker.password_file))
        sys.stdout.write(
            f"{name}: the server knows its next password; it is used from the next connection on\n"
        )
    elif broker.tls_cert is not None and broker.tls_cert == broker.tls_key:
        rotate_certificate(send, name, Path(broker.tls_cert))
        sys.stdout.write(f"{name}: it has a new key and certificate; restart the agent to use them\n")
    else:
        raise ConfigurationError(f"{options.config}: broker has no credential that was made by claim")
    return 0
