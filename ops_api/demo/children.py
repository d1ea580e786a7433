"""The demo's services as child processes.

Each runs under the kernel's lifeline: Ctrl-C reaches only the demo, which then stops them
in order, and none outlives a demo that was killed with -9.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cityops.embedded.process import ServerProcess
from cityops.errors import TransientError

GRACE_S = 2.5
"""A service that has not drained by then is killed; what it held comes again."""


@dataclass
class Children:
    """The services that run, by name.

    Attributes:
        environment: what each gets on top of this process's environment.
        log_dir: one ``<name>.log`` each.
        grace_s: one that has not ended by itself so long after it was asked to is killed [s].
    """

    environment: Mapping[str, str]
    log_dir: Path
    grace_s: float = GRACE_S
    running: dict[str, ServerProcess] = field(default_factory=dict)

    def start(self, name: str, arguments: Sequence[str], withheld: Sequence[str] = ()) -> None:
        """Start ``cityops <arguments>`` under ``name``, without the settings that are ``withheld`` from it."""
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.running[name] = ServerProcess(
            [sys.executable, "-m", "ops_api", *arguments],
            account=None,
            log_file=self.log_path(name),
            stop_signal=signal.SIGTERM,
            grace_s=self.grace_s,
            env={**self.environment, **dict.fromkeys(withheld, "")},
        )

    def log_path(self, name: str) -> Path:
        """Return the log file of a service."""
        return self.log_dir / f"{name}.log"

    def check(self) -> None:
        """Raise TransientError where a service has ended by itself, with its last words."""
        for name, process in self.running.items():
            if not process.running:
                raise TransientError(
                    f"{name} has ended; {self.log_path(name)} ends with:\n{process.last_words()}"
                )

    def kill(self, name: str) -> None:
        """Kill a service with -9 and forget it: what a crash looks like."""
        self.running.pop(name).kill()

    def end(self, name: str) -> int:
        """Ask one service to stop, wait, and forget it; return its exit code."""
        return self.running.pop(name).stop()

    async def stop(self) -> None:
        """Ask all to stop at once, and wait."""
        await asyncio.gather(*(asyncio.to_thread(p.stop) for p in self.running.values()))
        self.running.clear()
