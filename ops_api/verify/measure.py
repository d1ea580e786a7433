"""One run over a chain: load, faults in their order, and what came of every reading."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from cityops.errors import TransientError
from cityops.runtime.stop import in_thread
from firmware_sim.history import History, read_history
from firmware_sim.history_check import Verdict, judge
from firmware_sim.load import LoadGenerator, LoadPlan, LoadResult
from ops_api.verify import rows
from ops_api.verify.chain import Chain
from ops_api.verify.faults import Planned
from ops_api.verify.inject import inject

Say = Callable[[str], None]
PROGRESS_S = 5.0
RESEND_S = 10.0
"""A device of the load sends again after so long; real agents wait a minute and more."""
CONNECT_S = 60.0
"""How long the first reading waits for all devices to be connected."""
AGAIN_S = 120.0
"""A chain that serves and stores nothing for so long does not work."""
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the devices do.

    Attributes:
        messages: readings to create; None goes on for ``seconds``.
        rate: readings a second over all devices.
        seconds: length of a run without a number of messages [s].
        faults: in their order.
        boot: boot number of the devices: another one for each run on the same chain.
        seed: of the load's own randomness.
        drain_s: how long the end waits for receipts [s].
    """

    messages: int | None
    rate: float
    seconds: float = 0.0
    faults: Sequence[Planned] = ()
    boot: int = 1
    seed: int = 1
    drain_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed.

    Attributes:
        verdict: of the checker.
        sent, resent: messages handed to the broker, all and those among them sent before.
        refused: messages that the broker did not take or that had no subscriber.
        connects: of devices, to the broker.
        settled: messages that the server received and settled.
        seconds: from the first reading to the last receipt [s].
        faults: what was done.
    """

    verdict: Verdict
    sent: int
    resent: int
    refused: int
    connects: int
    settled: rows.Settled
    seconds: float
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is lost or doubled, and every device has its receipts."""
        return self.verdict.passed and self.verdict.unreceipted == 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self) | {"passed": self.passed, "received_by_server": self.settled.received}


class Run:
    """A run under way."""

    def __init__(self, chain: Chain, load: Load, history: Path, say: Say) -> None:
        self._chain, self._load, self._path, self._say = chain, load, history, say
        history.unlink(missing_ok=True)
        self._history = History(history)
        plan = LoadPlan(
            broker=chain.device_address,
            devices=chain.devices,
            readings=load.messages,
            rate=load.rate,
            credentials=chain.stack.credentials,
            resend_s=RESEND_S,
            boot=load.boot,
        )
        self._generator = LoadGenerator(plan, self._history, load.seed)
        self._quit = threading.Event()
        self._began_s = time.monotonic()
        self._did: list[str] = []

    async def play(self) -> Outcome:
        """Make the load and the faults; return what came of it.

        Raises:
            TransientError: a part did not come back from a fault.
        """
        since = await asyncio.to_thread(rows.last_batch, self._chain.dsn)
        self._history.note(f"load {self._load}")
        progress = asyncio.create_task(self._tell_progress())
        playing = asyncio.create_task(in_thread(self._generate, self._quit.set))
        try:
            await self._faults(playing)
            self._generator.limit = None
            if self._load.messages is None:
                await self._until(1.0, playing)
                self._generator.finish()
            result = await playing
        finally:
            await _end(progress, playing)
        return await asyncio.to_thread(self._judge, result, since)

    def _generate(self) -> LoadResult:
        result = self._generator.run(self._quit.is_set, self._load.drain_s, CONNECT_S)
        self._generator.close()
        return result

    def _judge(self, result: LoadResult, since: int) -> Outcome:
        settled = rows.settled_since(self._chain.dsn, since)
        rows.tell_rows(self._chain.dsn, self._load.boot, self._history)
        self._history.close()
        counts = result.counts
        verdict = judge(read_history(self._path))
        return Outcome(
            verdict,
            counts.sent,
            counts.resent,
            counts.refused,
            counts.connects,
            settled,
            result.seconds,
            tuple(self._did),
        )

    # -- faults --------------------------------------------------------------------

    async def _faults(self, playing: asyncio.Task[LoadResult]) -> None:
        """Do the faults when their time has come; the load goes no further than the next ones'."""
        groups = [list(group) for _, group in groupby(self._load.faults, key=lambda planned: planned.at)]
        for number, group in enumerate(groups):
            self._hold_load(groups[number + 1 :])
            await self._until(group[0].at, playing)
            self._hold_load(groups[number + 2 :])
            await asyncio.gather(*map(self._inject, group))

    async def _inject(self, planned: Planned) -> None:
        self._history.note(f"{self._at()} {planned}")
        did = await inject(self._chain, planned)
        did = f"{did}, storing {await self._stored_again():.1f} s after that"
        self._did.append(did)
        self._history.note(f"{self._at()} {did}")
        self._say(f"{self._at()}  [yellow]{planned.name}[/]  {did}")

    async def _stored_again(self) -> float:
        """Wait for the next receipt; return how long that took [s].

        Raises:
            TransientError: there is none within ``AGAIN_S``.
        """
        began_s, before = time.monotonic(), self._generator.counts.receipted
        while self._generator.pending and self._generator.counts.receipted == before:
            if time.monotonic() - began_s > AGAIN_S:
                raise TransientError(f"nothing is stored again {AGAIN_S:g} s after the fault")
            await asyncio.sleep(_POLL_S)
        return time.monotonic() - began_s

    def _hold_load(self, ahead: Sequence[Sequence[Planned]]) -> None:
        """Let the load go up to the first faults ``ahead``: there is always something under way."""
        if self._load.messages is not None:
            self._generator.limit = int(ahead[0][0].at * self._load.messages) + 1 if ahead else None

    def _part_done(self) -> float:
        if self._load.messages is not None:
            return self._generator.counts.created / self._load.messages
        return (time.monotonic() - self._began_s) / self._load.seconds

    async def _until(self, part: float, playing: asyncio.Task[LoadResult]) -> None:
        while True:
            if self._part_done() >= part or playing.done():
                return
            await asyncio.sleep(_POLL_S)

    # -- progress ------------------------------------------------------------------

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            counts = self._generator.counts
            self._say(
                f"{self._at()}  published {counts.created:,}, receipts for {counts.receipted:,}, "
                f"sent again {counts.resent:,}"
            )

    def _at(self) -> str:
        return f"{time.monotonic() - self._began_s:6.1f} s"


async def _end(progress: asyncio.Task[None], playing: asyncio.Task[LoadResult]) -> None:
    """End both tasks, the thread included, whatever happened."""
    for task in (progress, playing):
        task.cancel()
    await asyncio.gather(progress, playing, return_exceptions=True)
