"""``cityops-agent doctor``: what is wrong with this device, and what to do about it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec

from devices.agent.doctor import agent_state, machine
from devices.agent.doctor.finding import Finding, report
from devices.agent.doctor.launcher import launcher
from devices.agent.only_one import is_running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines for people")
    parser.add_argument(
        "--connect", action="store_true", help="log in also while the agent runs; it comes back"
    )
    parser.add_argument("--offline", action="store_true", help="leave the broker out")


def run(options: argparse.Namespace) -> int:
    """Print each finding with its fix; return 1 where something does not work."""
    findings = list(_findings(options))
    worst = 1 if any(f.level == "fail" for f in findings) else 0
    if options.json:
        text = msgspec.json.encode({"well": worst == 0, "findings": [asdict(f) for f in findings]}).decode()
    else:
        text = report(findings)
    sys.stdout.write(text + "\n")
    return worst


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    config, said = agent_state.configuration(options.config)
    yield said
    yield machine.clock(time.time(), synchronised=machine.TIMESYNC.exists())
    yield machine.memory()
    yield machine.unit(machine.show_unit())
    if config is None:
        return
    folder = Path(config.device.data_dir)
    yield from machine.card(folder)
    yield agent_state.outbox(folder, time.time())
    yield from machine.wear(folder if folder.is_dir() else Path("/"))
    yield from launcher(takes_updates=config.update is not None)
    yield from machine.rights(config)
    yield from agent_state.sensors(config)
    if not options.offline:
        from devices.agent.doctor.broker import broker

        yield from broker(config, connect=options.connect or not is_running(folder))
