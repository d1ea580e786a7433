"""Random kill -9 of a real agent process: readings that were lost or doubled, against what its outbox had taken.

Each life of the agent is a new process on the same card, against a real broker; it is killed at a random
moment, now and then while it starts. At the end one life goes on until everything has its receipt. A
reading counts as created when the outbox has taken it; no two have the time of the machine and both values in common.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.agent.keeper import Keeper
from bench.machine import machine
from bench.stack import broker, broker_label
from cityops.embedded.mosquitto import EmbeddedMosquitto

CONFIG = """
[device]
name = "frog-1"
kind = "frog"
data_dir = "{folder}/card"

[broker]
host = "{host}"
port = {port}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench agent_kills``."""
    parser.add_argument("--kills", type=int, default=1000, help="of the agent's process")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--cadence-s", type=float, default=0.03, help="between readings [s]")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures; ``correct`` where nothing was lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as folder:
        Path(folder).chmod(0o711)
        with broker(Path(folder)) as started:
            figures = kill(Path(folder), started, options.kills, options.seed, options.cadence_s)
    correct = figures["lost"] == figures["doubled"] == figures["conflicts"] == 0 and figures["created"] > 0
    conditions = {"kills": options.kills, "seed": options.seed, "cadence_s": options.cadence_s}
    return {
        "benchmark": "agent_kills",
        "machine": machine(broker=broker_label()),
        "conditions": conditions,
        "figures": figures,
        "correct": correct,
    }


def kill(
    folder: Path,
    server: EmbeddedMosquitto,
    kills: int,
    seed: int,
    cadence_s: float,
    between: Callable[[Path], None] = lambda config: None,
) -> dict[str, Any]:
    """Kill the agent ``kills`` times; return what became of its readings.

    ``between``: done with its configuration after each kill.
    """
    rng = random.Random(seed)
    config, history = folder / "agent.toml", folder / "history"
    config.write_text(CONFIG.format(folder=folder, host=server.host, port=server.port), encoding="utf-8")
    history.touch()
    began_s = time.monotonic()
    with Keeper(server.host, server.port) as keeper:
        for number in range(kills):
            _life(config, history, cadence_s, rng)
            between(config)
            if number % 50 == 49:
                sys.stderr.write(f"{number + 1} kills, {len(keeper.held)} readings\n")
        last = [*_command(config, 3600.0), "--history", str(history), "--until-empty"]
        subprocess.run(last, check=True)
        return _judge(history, keeper) | {"kills": kills, "seconds": round(time.monotonic() - began_s)}


def _command(config: Path, cadence_s: float) -> list[str]:
    return [sys.executable, "-m", "bench.agent.child", str(config), "--cadence-s", str(cadence_s)]


def _life(config: Path, history: Path, cadence_s: float, rng: random.Random) -> None:
    size = history.stat().st_size
    process = subprocess.Popen([*_command(config, cadence_s), "--history", str(history)])
    if rng.random() < 0.1:
        time.sleep(rng.uniform(0.0, 0.5))  # while it starts
    else:
        deadline_s = time.monotonic() + 30
        while history.stat().st_size == size and process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.3))
    if process.poll() is not None:
        raise RuntimeError(f"the agent ended by itself with {process.returncode}")
    process.kill()
    process.wait()


def _judge(history: Path, keeper: Keeper) -> dict[str, Any]:
    lines = [tuple(map(int, line.split())) for line in history.read_text(encoding="utf-8").splitlines()]
    created = {(boot, seq) for boot, seq, _ in lines}
    # Not by the time alone: a reading that came late is stamped with it, and the next may be due in the same millisecond.
    measured = [(r["mono_ms"], r["temperature_c"], r["humidity_pct"]) for r in keeper.held.values()]
    return {
        "created": len(created),
        "held": len(keeper.held),
        "lost": len(created - keeper.held.keys()),
        "doubled": len(measured) - len(set(measured)) + len(lines) - len(created),
        "conflicts": keeper.conflicts,
        "killed_between_commit_and_history": len(keeper.held.keys() - created),
        "deliveries": keeper.deliveries,
        "duplicates_refused": keeper.deliveries - len(keeper.held),
        "boots": len({boot for boot, _ in keeper.held}),
    }
