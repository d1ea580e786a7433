"""The duty officer of a simulated town: reads each proposal for a minute and confirms it, unless somebody else has answered.

He cancels what he has confirmed when the rules no longer ask for it before its lorry leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from rules.core.winter_orders.commands import OrderRefusedError
from rules.core.winter_orders.model import Cancel, Case, Confirm
from rules.winter.orders.ports import OrderDesk

log = structlog.get_logger(__name__)

POLL_S = 0.25
READS_FOR_S = 60.0
"""So long a proposal lies on the desk, in the town's time [s]."""
LOOK_BACK_S = 12 * 3600.0
NAME = "Sam (simulated)"


class SimulatedOfficer:
    """Confirms what is proposed, and takes it back with the rules.

    Args:
        desk: of the orders.
        now_s: returns the simulated time [s since 1970].
        reads_for_s: see ``READS_FOR_S``.
    """

    def __init__(
        self, desk: OrderDesk, now_s: Callable[[], float], *, reads_for_s: float = READS_FOR_S
    ) -> None:
        self._desk, self._now_s, self._reads_for_s = desk, now_s, reads_for_s
        self._seen: tuple[int, int] | None = None
        self._cases: list[Case] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``."""
        while not await sleep_until_stop(stop, POLL_S):
            with contextlib.suppress(TransientError):
                await self.step()

    async def step(self) -> int:
        """Answer what has lain on the desk long enough; return how many."""
        now_s, done = self._now_s(), 0
        await self._look(now_s)
        for case in tuple(self._cases):
            command = self._answer(case, now_s)
            if command is None:
                continue
            with contextlib.suppress(OrderRefusedError):
                await self._desk.act(command, now_s)
                done += 1
                log.info("officer answered", ref=case.ref, route=case.route_id, what=type(command).__name__)
            self._cases.remove(case)  # answered, or refused as it will be again while nothing is new
        return done

    async def _look(self, now_s: float) -> None:
        """Read the desk where something on it is new: reading a night of proposals takes as long as all else he does."""
        newest = await self._desk.newest()
        if newest != self._seen:
            self._cases = list(await self._desk.cases(now_s - LOOK_BACK_S, now_s + LOOK_BACK_S))
            self._seen = newest

    def _answer(self, case: Case, now_s: float) -> Confirm | Cancel | None:
        p, gone_s = case.proposal, case.not_needed_s
        if (
            p is None
            or p.treatment is None
            or now_s - (p.at_s if gone_s is None else gone_s) < self._reads_for_s
        ):
            return None
        if case.is_waiting:
            return Confirm(ref=case.ref, by=NAME, role="duty officer", via="simulation")
        if gone_s is None or case.acts[-1].by != NAME:
            return None
        return Cancel(
            ref=case.ref,
            by=NAME,
            role="duty officer",
            via="simulation",
            reason="The rules no longer ask for it.",
        )
