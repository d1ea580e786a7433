"""Plans the rest of the day anew without anybody asking: a bin overflows, a lorry is out or far behind, a road is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import structlog

from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking
from rules.closing.watching import Watch
from rules.core.cab.roads import roads_sha256
from rules.core.closing.hours import Driven
from rules.core.crew.model import LorryProgress
from rules.core.network.network import Network
from rules.core.rounds.streets_driven import driven_of_round
from rules.rounds.following import DayNow
from rules.rounds.morning import NAME, ROLE, VIA, TownNow
from rules.rounds.ports import Decided, NoRoundsError, Rounds, RoundsMovedError
from rules.rounds.service import DEFAULT_ITERATIONS, Asked, RoundDesk

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
LOOK_EVERY_S = 30.0
PAGE = "/bins/rounds"
STRANDED = "stranded"
URGENT = "overflow"
"""Code of a must-go bin that can't wait for the next morning. A burning bin is no candidate."""
OUT_OF_THE_YARD = frozenset({"drives", "at_stop", "break", "off_plan", "silent"})


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a plan is made anew by itself.

    Attributes:
        behind_s: a lorry will be back so much later than planned [s].
        apart_s: at least so long after the plan before, whoever made it [s].
    """

    behind_s: float = 1800.0
    apart_s: float = 1200.0


def why_again(now: DayNow, decided: Decided | None, when: When) -> str:
    """Return why the rest of the day is to be planned anew, in words; empty: there is no reason.

    Args:
        now: the day.
        decided: the newest decision on bins.
        when: see there.
    """
    found: list[str] = []
    if bins := _new_overflows(now, decided):
        found.append(f"overflowing, and in no round: {', '.join(bins)}")
    if lorries := _gone(now):
        found.append(f"out of service with bins left: {', '.join(lorries)}")
    if lorries := _come_back(now):
        found.append(f"back in service: {', '.join(lorries)}")
    found += [f"{p.lorry_id} is {p.behind_s // 60} min behind" for p in _behind(now, when.behind_s)]
    return "; ".join(found)


def _new_overflows(now: DayNow, decided: Decided | None) -> list[str]:
    """Return bins that overflow since the plan was made, are in no round, and were neither emptied nor left by a crew."""
    if decided is None or decided.decision_id == now.rounds.decision_id:
        return []
    known = {c.bin_id for c in now.rounds.plan.made_from.candidates}
    planned = now.rounds.plan.lorry_of
    return [
        str(row["bin_id"])
        for row in decided.candidates
        if row.get("code") == URGENT
        and row["bin_id"] not in now.bins
        and row["bin_id"] not in planned
        # What the plan knew as a must and did not meet it would not meet now.
        and not (row["bin_id"] in known and now.candidates[row["bin_id"]].must)
    ]


def _gone(now: DayNow) -> list[str]:
    return [name for name in now.out if name in now.progress and _bins_left(now.progress[name])]


def _come_back(now: DayNow) -> list[str]:
    """Return lorries that the plan took for out of service."""
    return [one.lorry_id for one in now.rounds.plan.made_from.now if one.out and one.lorry_id not in now.out]


def _behind(now: DayNow, behind_s: float) -> list[LorryProgress]:
    return [
        p
        for p in now.progress.values()
        if p.phase in OUT_OF_THE_YARD
        and p.behind_s > behind_s
        and _bins_left(p)
        and p.lorry_id not in now.out
    ]


def _bins_left(p: LorryProgress) -> bool:
    return any(s.kind == "bin" and s.is_open for s in p.stops)


@dataclass(frozen=True)
class ClosedRoads:
    """Closures, who is told, and the town's roads with nothing closed."""

    watch: Watch
    roads: Callable[[], Awaitable[Network | None]]

    async def why(self, now: DayNow, now_s: float) -> str:
        """Return why closures ask for another plan of the day, in words; empty: they do not."""
        made_from, network = now.rounds.plan.made_from, await self.roads()
        if network is None or made_from.roads != await asyncio.to_thread(roads_sha256, network):
            return ""  # of other roads: nobody can say what it drives
        standing = await self.watch.standing(now_s, made_from.closed)
        if standing is None:
            return ""
        leaves_out = any(n.code == STRANDED for n in now.rounds.plan.not_collected)
        driven = list(_driven_ahead(network, now))
        return self.watch.why(now.rounds.day, driven, made_from.closed, leaves_out, standing, network, now_s)


def _driven_ahead(network: Network, now: DayNow) -> Iterator[Driven]:
    plan = now.rounds.plan
    for r in plan.rounds:
        p = now.progress.get(r.lorry_id)
        if p is not None and p.next is not None and p.lorry_id not in now.out:
            yield from driven_of_round(network, plan.day_s, r.stops[p.next :], max(0.0, p.behind_s))


class AgainInTheDay:
    """Looks every half minute until asked to stop, in the town's time.

    Args:
        desk: makes and keeps plans.
        town_now: see ``TownNow``.
        when: see there.
        iterations: of the search.
        every_s: seconds between looks.
        closed: roads that are closed for a time; None: nobody looks at them.
    """

    def __init__(
        self,
        desk: RoundDesk,
        town_now: TownNow,
        when: When,
        *,
        iterations: int = DEFAULT_ITERATIONS,
        every_s: float = LOOK_EVERY_S,
        closed: ClosedRoads | None = None,
    ) -> None:
        self._desk, self._town_now, self._when, self._closed = desk, town_now, when, closed
        self._iterations, self._every_s = iterations, every_s
        self._tried_s = float("-inf")
        self._told: tuple[str, str] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop``; the plan under way is finished first."""
        await keep_looking(self.look, stop, log, "rounds again", every_s=self._every_s, retry=RETRY)

    async def look(self) -> Rounds | None:
        """Plan anew where there is a reason and the plan before is old enough; return the plan where it is another.

        Raises:
            TransientError: the database does not answer; try again.
        """
        now_s = await self._town_now()
        numbers = await self._desk.book.numbers(str(self._desk.day(now_s)))
        if not numbers:
            return None
        if self._closed is not None and (concerned := await self._concerned(self._closed, now_s)) is not None:
            return await self._around(self._closed, *concerned, now_s)
        if 0.0 <= now_s - self._tried_s < self._when.apart_s:
            return None
        now = await self._desk.day_now(now_s)
        if now is None or 0.0 <= now_s - now.rounds.at_s < self._when.apart_s:
            return None
        why = why_again(now, await self._decided(now_s), self._when)
        return await self._again(now, now_s, why) if why else None

    async def _concerned(self, closed: ClosedRoads, now_s: float) -> tuple[DayNow, str] | None:
        """Return the day and why closures ask for another plan of it; its lorries are followed only where one can concern it."""
        newest = await self._desk.newest(now_s)
        if newest is None or await closed.watch.standing(now_s, newest.plan.made_from.closed) is None:
            return None
        now = await self._desk.day_now(now_s)
        why = "" if now is None else await closed.why(now, now_s)
        return (now, why) if now is not None and why else None

    async def _around(self, closed: ClosedRoads, now: DayNow, why: str, now_s: float) -> Rounds | None:
        """Plan around a closure at once, however young the plan is: a lorry is on its way there."""
        try:
            made = await self._desk.plan_today(self._asked(now_s, why, unless_same=False))
        except RoundsMovedError:
            closed.watch.again()
            return None
        except NoRoundsError as error:
            self._tell(now.rounds.day, str(error))
            said = f"Plan {now.rounds.version} leads through a closed road, and there is no other"
            await closed.watch.told(said, f"plan:day:{now.rounds.version}:not", f"{why}; {error}", PAGE)
            return None
        log.info("rounds again: planned around a closure", day=made.day, version=made.version, reason=why)
        said = f"Bin rounds were planned again: plan {made.version}"
        await closed.watch.told(said, f"plan:day:{made.version}", why, PAGE)
        return made

    def _asked(self, now_s: float, why: str, *, unless_same: bool) -> Asked:
        return Asked(
            by=NAME, role=ROLE, via=VIA, now_s=now_s, reason=why, iterations=self._iterations, unless_same=unless_same,
        )  # fmt: skip

    async def _decided(self, now_s: float) -> Decided | None:
        since_s = self._desk.midnight_s(self._desk.day(now_s) - timedelta(days=1))
        return await self._desk.town.decided(since_s, now_s + 1.0)

    async def _again(self, now: DayNow, now_s: float, why: str) -> Rounds | None:
        self._tried_s = now_s
        day = now.rounds.day
        try:
            made = await self._desk.plan_today(self._asked(now_s, why, unless_same=True))
        except RoundsMovedError:
            return None  # somebody was faster
        except NoRoundsError as error:
            self._tell(day, str(error))
            return None
        if made.version == now.rounds.version:
            log.info("rounds again: the plan stays", day=day, version=made.version, reason=why)
            return None
        log.info(
            "rounds again: planned", day=day, version=made.version, reason=why,
            at=f"{datetime.fromtimestamp(now_s, self._desk.zone):%H:%M}",
        )  # fmt: skip
        return made

    def _tell(self, day: str, why: str) -> None:
        if self._told != (day, why):
            self._told = day, why
            log.warning("rounds again: nothing is planned", day=day, reason=why)
