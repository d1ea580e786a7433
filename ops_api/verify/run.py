"""``cityops verify durability``: a stack of its own, a load, faults, and the proof."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cityops.embedded.account import own_directory, server_account
from cityops.embedded.sole_use import sole_use
from cityops.errors import TransientError
from cityops.runtime.stop import Stop, unless_stopped
from cityops.settings import Settings
from ops_api.verify.chain import ChainOptions, start_chain
from ops_api.verify.faults import FAULTS, Planned, schedule
from ops_api.verify.measure import Load, Outcome, Run
from ops_api.verify.report import figures, table

Say = Callable[[str], None]
FOLDER = "verify"
INTERRUPTED = 130
FAULT_S = 3.0
"""At least so much of the load's own time lies between two faults [s]."""
SOAK_FAULT_S = 7.0
"""The same for a run by time [s], where that follows from its length."""
TOGETHER = 0.3
"""How probable it is in a run by time that a fault strikes together with another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for.

    Attributes:
        messages: readings to publish; None for a run of ``seconds``.
        faults: names.
        times: how often each; None for three times, or as often as a run of ``seconds`` allows.
        rate: readings a second at most.
        history: where to keep the history; None keeps it with the data.
        json: whether the result is printed as JSON, and nothing else to standard output.
    """

    messages: int | None
    faults: tuple[str, ...]
    times: int | None
    seed: int
    devices: int
    ingesters: int
    rate: float
    seconds: float = 0.0
    history: Path | None = None
    json: bool = False

    @property
    def schedule(self) -> list[Planned]:
        """The faults in their order."""
        if self.messages is not None:
            return schedule(self.faults, self.times or 3, self.seed)
        fitting = round(self.seconds / SOAK_FAULT_S / max(1, len(self.faults)))
        return schedule(self.faults, self.times or max(1, fitting), self.seed, TOGETHER)

    @property
    def command(self) -> str:
        """The command line that does the same."""
        words = ["cityops", "verify", "durability", "--faults", ",".join(self.faults) or "none"]
        words += ["--seed", str(self.seed), "--devices", str(self.devices)]
        words += [] if self.times is None else ["--times", str(self.times)]
        words += ["--rate", f"{self.rate:g}", "--ingesters", str(self.ingesters)]
        length = ["--messages", str(self.messages)] if self.messages is not None else []
        return shlex.join([*words, *(length or ["--seconds", f"{self.seconds:g}"])])


async def run_durability(plan: Plan, settings: Settings, say: Say, stop: Stop) -> int:
    """Do it; return 0 where nothing was lost or doubled, else 1."""
    async with AsyncExitStack() as cleanup:
        with own_folder(settings) as folder:
            history = plan.history or folder / "history"
            outcome = await unless_stopped(
                _measure(plan, settings, say, folder, history, cleanup), stop.event
            )
            await cleanup.aclose()
    if outcome is None:
        say("stopped; nothing is proven")
        return INTERRUPTED
    say("")
    for line in table(outcome):
        say(line)
    say(f"history: {history}   (judge it again: cityops verify history {shlex.quote(str(history))})")
    if plan.json:
        print(json.dumps({"command": plan.command, **figures(outcome)}, indent=2))
    return 0 if outcome.passed else 1


async def _measure(
    plan: Plan, settings: Settings, say: Say, folder: Path, history: Path, cleanup: AsyncExitStack
) -> Outcome:
    faults = [FAULTS[name] for name in plan.faults]
    options = ChainOptions(
        devices=plan.devices,
        ingesters=plan.ingesters,
        proxied=any(fault.proxied for fault in faults),
        small_disk=any(fault.small_disk for fault in faults),
    )
    say(f"seed {plan.seed}; the same again: {plan.command}")
    planned = plan.schedule
    chain = await start_chain(folder, options, settings)
    cleanup.push_async_callback(chain.stop)
    say(
        f"database, broker and {plan.ingesters} ingester run; {plan.devices} devices, {len(planned)} faults to come"
    )
    load = Load(
        messages=plan.messages,
        rate=_rate(plan, len(planned)),
        seconds=plan.seconds,
        faults=planned,
        seed=plan.seed,
    )
    return await Run(chain, load, history, say).play()


def _rate(plan: Plan, faults: int) -> float:
    """Return the readings a second at which the faults find load between them."""
    if plan.messages is None or faults == 0:
        return plan.rate
    return min(plan.rate, plan.messages / (faults * FAULT_S))


@contextmanager
def own_folder(settings: Settings) -> Iterator[Path]:
    """Give the folder of these runs, closed to a second one meanwhile."""
    folder = settings.data_dir.absolute() / FOLDER
    try:
        own_directory(folder, server_account(folder), 0o711)
    except OSError as e:
        raise TransientError(f"{folder}: {e.strerror}; choose another folder with --data-dir") from e
    with sole_use(folder):
        yield folder
