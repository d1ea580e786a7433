"""Several processes of one service: kept running, stopped together.

Each runs under the kernel's lifeline, so that none outlives us, however we end, and a
Ctrl-C in the terminal reaches only us.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cityops.clock import Clock
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop

log = structlog.get_logger(__name__)

LIFELINE = Path(__file__).parents[1] / "embedded" / "lifeline.py"
RESTART = Backoff(first_s=0.5, cap_s=30.0)
STEADY_S = 60.0
"""A process that ran for so long makes the next back-off start from the beginning."""

KILL_S = 2.0
"""Beyond the grace, until the lifeline itself is killed, and its program with it."""


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How one worker is started.

    Attributes:
        number: for people and labels.
        command: program and arguments.
        environment: all of it.
    """

    number: int
    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass
class Workers:
    """A ``cityops.runtime.supervisor.Service``.

    Attributes:
        plans: one for each process.
        clock: for the age of a process that ended.
        grace_s: from SIGTERM to SIGKILL [s].
        restarted: told the number of a worker that is started again.
    """

    plans: Sequence[WorkerPlan]
    clock: Clock
    grace_s: float
    restarted: Callable[[int], None] = lambda _: None
    rng: random.Random = field(default_factory=random.Random)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every worker running until ``stop``; then ask all at once to stop, and wait."""
        async with asyncio.TaskGroup() as group:
            for plan in self.plans:
                group.create_task(self._keep(plan, stop), name=f"worker {plan.number}")

    async def _keep(self, plan: WorkerPlan, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            began_s = self.clock.monotonic()
            code = await self._run_once(plan, stop)
            if stop.is_set():
                return
            failures = 0 if self.clock.monotonic() - began_s > STEADY_S else failures + 1
            delay_s = RESTART.delay(max(failures - 1, 0), self.rng)
            log.error("worker ended by itself", worker=plan.number, code=code, restart_s=round(delay_s, 2))
            if not await sleep_until_stop(stop, delay_s):
                self.restarted(plan.number)

    async def _run_once(self, plan: WorkerPlan, stop: asyncio.Event) -> int:
        """Run the process until it ends by itself, or ``stop`` ended it; return its exit code."""
        guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LIFELINE)),
            *("--grace", str(self.grace_s), "--cwd", str(Path.cwd()), "--", *plan.command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=dict(plan.environment),
            start_new_session=True,
        )
        ended, stopped = asyncio.ensure_future(guard.wait()), asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return await self._end(guard)
        finally:
            ended.cancel()
            stopped.cancel()
            if guard.returncode is None:
                guard.kill()

    async def _end(self, guard: asyncio.subprocess.Process) -> int:
        """Let go of the lifeline, where it still runs: it sends SIGTERM and waits for the grace."""
        assert guard.stdin is not None
        guard.stdin.close()
        try:
            async with asyncio.timeout(self.grace_s + KILL_S):
                return await guard.wait()
        except TimeoutError:
            guard.kill()
            return await guard.wait()
