"""``cityops-agent COMMAND --config FILE``; see :mod:`devices.agent.commands`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cityops.errors import CityopsError
from devices.agent.commands import COMMANDS
from devices.log import configure

DEFAULT_CONFIG = Path("/etc/cityops-agent/agent.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command, rest = _command(words)
    module = importlib.import_module(f"devices.agent.commands.{command}")
    parser = argparse.ArgumentParser(
        prog=f"cityops-agent {command}",
        description=(module.__doc__ or "").partition(": ")[2] or None,
        conflict_handler="resolve",  # a command may say what --config means to it
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the device's file (%(default)s)")
    module.add_arguments(parser)
    options = parser.parse_args(rest)
    try:
        configure(os.environ)
        return int(module.run(options))
    except CityopsError as e:
        sys.stderr.write(f"cityops-agent: {e}\n")
        return e.exit_code


def _command(words: list[str]) -> tuple[str, list[str]]:
    """Return the command and the other words; ends with the help where there is none."""
    listed = "\n".join(f"  {name:<10} {line}" for name, line in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="cityops-agent",
        description="The agent of a cityops device.",
        epilog=f"commands:\n{listed}\n\ncityops-agent COMMAND --help says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="cityops-agent COMMAND [--config FILE] ...",
    )
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND", help="one of those below")
    at = next((i for i, word in enumerate(words) if word in COMMANDS), None)
    if at is None:
        parser.parse_args(words[:1])  # the help, or what is wrong
        parser.error("which command?")
    return words[at], words[:at] + words[at + 1 :]


if __name__ == "__main__":
    sys.exit(main())
