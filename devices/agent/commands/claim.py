"""``cityops-agent claim``: claim the device's name with the code on its label."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.asking import check_server, post
from devices.agent.claim import claim
from devices.agent.claim_config import Place
from devices.agent.hand_over import hand_over

DATA_DIR = Path("/var/lib/cityops-agent")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "label", nargs="?", default="", help="the code, or the address in the label's QR code"
    )
    parser.add_argument("--server", default="", help="the council's server, as https://city.example")
    parser.add_argument("--code", default="", help="the code on the label; asked for where it is not given")
    parser.add_argument("--x509", action="store_true", help="a key and a certificate instead of a password")
    parser.add_argument(
        "--ca", type=Path, help="PEM file of the authority that signed the server's certificate"
    )
    parser.add_argument(
        "--plain", action="store_true", help="allow a broker without TLS on another machine: for a bench"
    )
    parser.add_argument("--data-dir", type=Path, default=DATA_DIR, help="of the readings (%(default)s)")
    parser.add_argument(
        "--again",
        action="store_true",
        help="claim anew; its sensors and other sections stay, the file before is kept beside it",
    )


def run(options: argparse.Namespace) -> int:
    """Claim, and say who the device is."""
    address, _, code = options.label.rpartition("#")
    server = options.server or address
    if not server:
        raise ConfigurationError(
            "which server? Give --server https://city.example, or the address in the QR code"
        )
    server = check_server(server)
    config: Path = options.config.absolute()
    if config.exists() and not (options.again or _is_example(config)):
        raise ConfigurationError(f"{config} is there: this device has a name. To claim anew: --again")
    place = Place(
        config=config, data_dir=options.data_dir.absolute()
    )  # the agent may start in another folder
    code = options.code or code or _ask()
    install = _install(place)
    if config.exists():
        place = _set_aside(place)
    answer = claim(
        lambda path, body: post(server, path, body, ca=options.ca),
        place,
        install,
        code.removeprefix("cityops-claim:"),
        "x509" if options.x509 else "token",
        server,
        options.ca,
        plain=options.plain,
        say=_say,
    )
    sys.stdout.write(f"this is {answer.name}, a {answer.kind}; it connects to {answer.host}:{answer.port}\n")
    sys.stdout.write(f"written: {config}\n")
    if place.is_set_aside:
        sys.stdout.write(f"the file before: {place.before}\n")
    return 0


def _is_example(config: Path) -> bool:
    """Whether the file is the one that the installation put there, as it came."""
    try:
        return config.read_bytes() == config.with_name(f"{config.name}.example").read_bytes()
    except OSError:
        return False


def _install(place: Place) -> str:
    """Return the card's number, which is made with its outbox."""
    from devices.agent.outbox import OutboxError
    from devices.agent.sqlite_outbox import SqliteOutbox

    try:
        place.data_dir.mkdir(parents=True, exist_ok=True)
        outbox = SqliteOutbox(place.data_dir / "outbox.db")
    except (OSError, OutboxError) as e:
        raise ConfigurationError(f"--data-dir {place.data_dir}: {e}") from e
    try:
        return outbox.install_id
    finally:
        outbox.close()
        hand_over(place.data_dir, "outbox.db*")


def _set_aside(place: Place) -> Place:
    try:
        return place.set_aside()
    except OSError as e:
        raise ConfigurationError(
            f"{e.filename or place.before} can't be kept: {e.strerror}; run it as root"
        ) from e


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _ask() -> str:
    """Ask for the code, or take the first line that is sent in."""
    if sys.stdin.isatty():
        sys.stderr.write("Code on the label: ")
    return sys.stdin.readline().strip()
