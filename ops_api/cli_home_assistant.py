"""``cityops home-assistant``: a home's frogs in the household's own Home Assistant."""

from __future__ import annotations

import secrets
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from devices.agent.broker import BrokerAddress

EXAMPLES = examples(
    "cityops home-assistant --site https://sensors.example.gov.uk --home k7m2-p9qx --broker mqtt://homeassistant.local",
    "cityops home-assistant --site http://127.0.0.1:8080 --home demo-damp-home --broker mqtt://127.0.0.1:1883 --once",
    "cityops home-assistant --site … --home … --broker … --remove   # takes the frogs away again",
)


def home_assistant(
    site: Annotated[str, typer.Option(help="Address of the council's site.")],
    home: Annotated[str, typer.Option(help="Code on your frog.")],
    broker: Annotated[
        str, typer.Option(help="Your own broker: mqtt://[user@]host[:port], mqtts:// with --ca.")
    ],
    token_file: Annotated[
        Path, typer.Option(help="Where the home's token is kept; made where it is missing.")
    ] = Path("home-assistant.token"),
    password_file: Annotated[Path | None, typer.Option(help="Password of your broker.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Who signed your broker's certificate.")] = None,
    prefix: Annotated[str, typer.Option(help="Discovery prefix of Home Assistant.")] = "homeassistant",
    once: Annotated[bool, typer.Option("--once", help="Publish what there is now, and end.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the frogs away again, and end.")] = False,
) -> None:
    """Show your frogs in your own Home Assistant: asks the council's site every half minute and publishes on your broker."""
    from devices.contract.home_assistant import is_prefix
    from ops_api.home_assistant_bridge import Bridge, carry, carry_once, messages, signed_in

    if not is_prefix(prefix):
        raise ConfigurationError(f"--prefix {prefix!r}: letters, digits, _ and -, with / between")
    mine = signed_in(site, home, token_file)
    bridge = Bridge(address_of(broker, password_file, ca), f"cityops-bridge-{secrets.token_hex(4)}", prefix)
    try:
        if once or remove:
            told = messages(mine, prefix, remove=remove)
            carry_once(bridge, told)
            typer.echo(f"{len(told)} messages published on {urllib.parse.urlsplit(broker).hostname}")
        else:
            carry(bridge, lambda: messages(mine, prefix), lambda: False)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
    finally:
        bridge.close()


def address_of(broker: str, password_file: Path | None, ca: Path | None) -> BrokerAddress:
    """Return where to connect.

    Raises:
        ConfigurationError: no such address, or a password within it, where others can read it.
    """
    from devices.agent.broker import BrokerAddress

    try:
        parts = urllib.parse.urlsplit(broker)
        port = parts.port
    except ValueError as e:
        raise ConfigurationError(f"--broker {broker!r}: {e}") from e
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ConfigurationError(f"--broker {broker!r}: mqtt://host:1883")
    if parts.password is not None:
        raise ConfigurationError("--broker: no password in an address, others see it; use --password-file")
    if (parts.scheme == "mqtts") != (ca is not None):
        raise ConfigurationError("--broker mqtts:// needs --ca, and --ca mqtts://")
    return BrokerAddress(
        host=parts.hostname,
        port=port or (8883 if parts.scheme == "mqtts" else 1883),
        username=urllib.parse.unquote(parts.username) if parts.username else None,
        password=None if password_file is None else _read(password_file),
        tls_ca=ca,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise ConfigurationError(f"--password-file {path} can't be read: {e.strerror}") from e
