"""``cityops-agent update``: how updates stand on this device, whether a bundle would be taken, and back to the version before."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.config import load_config
from devices.agent.update.durable import Places, load, save
from devices.agent.update.files import RealFiles
from devices.agent.update.section import UpdateSection
from devices.agent.update.state import State, taken_back

DEFAULT_ROOT = Path("/var/lib/cityops-agent/update")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    root = os.environ.get("CITYOPS_UPDATE_ROOT", str(DEFAULT_ROOT))
    parser.add_argument(
        "act",
        nargs="?",
        default="status",
        choices=["status", "check", "rollback"],
        help="what to do (status)",
    )
    parser.add_argument("bundle", nargs="?", type=Path, help="with check: the file of a bundle")
    parser.add_argument("--root", type=Path, default=Path(root), help="where updates lie (%(default)s)")


def run(options: argparse.Namespace) -> int:
    """Do it; return the exit status."""
    files, places = RealFiles(), Places(options.root)
    if options.root.exists() and not os.access(options.root, os.R_OK | os.X_OK):
        raise ConfigurationError(f"{options.root} can't be read; run it with sudo")
    state = load(files, places)
    if options.act == "status":
        sys.stdout.write(_status(state))
        return 0
    if options.act == "check":
        return _check(options, places, state)
    back = taken_back(state)
    if back is state:
        raise ConfigurationError(
            "there is no version to go back to: the other slot holds none that proved itself"
        )
    save(files, places, back)
    sys.stdout.write(f"The next start is that of slot {back.current}: systemctl restart cityops-agent\n")
    return 0


def _status(state: State) -> str:
    running = state.running
    says = "as installed" if running is None else f"version {running.version}, serial {running.serial}"
    lines = [f"runs: slot {state.current}, {says}"]
    if state.trial is not None:
        lines.append(
            f"on trial: start {state.trial.starts} of {state.trial.limit}; falls back to {state.trial.fallback}"
        )
    elif state.offer is not None:
        offer = state.offer
        lines.append(f"{state.phase}: version {offer.version}, {state.held} of {offer.size} bytes")
    for name, slot in sorted(state.slots.items()):
        if name != state.current:
            proven = "proved itself" if slot.proven else "not proven"
            lines.append(f"slot {name}: version {slot.version}, serial {slot.serial}, {proven}")
    if state.last is not None:
        because = f": {state.last.reason}" if state.last.reason else ""
        lines.append(f"last update: {state.last.result.replace('_', ' ')}{because}")
    return "".join(f"{line}\n" for line in lines)


def _check(options: argparse.Namespace, places: Places, state: State) -> int:
    from devices.agent.update.stage import known_keys
    from devices.agent.update.verify import newer_keys, verify_bundle
    from devices.contract.update.container import read_head
    from devices.contract.update.manifest import BundleError, check_fits

    config = load_config(options.config)
    section = config.update or UpdateSection()
    if options.bundle is None:
        raise ConfigurationError("update check FILE: which bundle?")
    running = state.running
    try:
        with options.bundle.open("rb") as file:
            head = read_head(file)
        keys = known_keys(RealFiles(), places, Path(section.keys_file))
        newer = newer_keys(head.keys, keys) if head.keys is not None else None
        manifest = verify_bundle(head.manifest, newer or keys)
        check_fits(
            manifest,
            kind=config.device.kind,
            machine=platform.machine(),
            python=sys.version_info[:2],
            running=state.serial,
            floor=state.floor,
            back_to=() if running is None else running.rollback_to,
            now_s=time.time(),
        )
    except OSError as e:
        raise ConfigurationError(f"{options.bundle} can't be read: {e.strerror}") from e
    except BundleError as e:
        sys.stdout.write(f"would not be taken: {e}\n")
        return 1
    sys.stdout.write(f"would be taken: {manifest.name} {manifest.version}, serial {manifest.serial}\n")
    return 0
