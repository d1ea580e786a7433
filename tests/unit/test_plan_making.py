"""One plan at a time, none too large, made in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from rules.core.cab.making import Wish, make
from rules.core.cab.model import Contents
from rules.core.carp.compiled import COMPILED
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.planner import Builder, FleetPlanner
from rules.core.fleet.request import Request
from rules.winter.fleet.asking import Who
from rules.winter.fleet.own_process import OwnProcess, is_compiled
from rules.winter.fleet.planning import in_thread
from rules.winter.fleet.ports import NotPlannedError, PlanBusyError
from tests.fakes.cab_desk import ADA, NOW, desk, ordered
from tests.fakes.cab_night import wish_of
from tests.fakes.fleet_towns import fleet_town


class Held:
    """Makes no plan before it is let."""

    def __init__(self) -> None:
        self.begun, self.go, self.made = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, wish: Wish, planner: FleetPlanner) -> Contents:
        self.begun.set()
        await self.go.wait()
        self.made += 1
        return await in_thread(wish, planner)


async def test_a_second_plan_is_refused_while_one_is_made_and_a_breakdown_waits_its_turn() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    held = Held()
    plans.planning._makes = held
    making = asyncio.create_task(
        plans.plan_tonight(Who("Ada", "duty officer", "page", "", "a-1"), NOW + 60.0)
    )
    await asyncio.wait_for(held.begun.wait(), 60.0)
    with pytest.raises(PlanBusyError, match=r"a plan is being made since \d\d:\d\d:\d\d.*ask again"):
        await plans.plan_tonight(ADA, NOW + 61.0)
    again = asyncio.create_task(plans.plan_tonight(Who("Ada", "duty officer", "page", "", "a-1"), NOW + 62.0))
    down = asyncio.create_task(plans.breakdown("g1", Who("Bob", "r", "page", "gearbox"), NOW + 63.0))
    while "g1" not in await plans.book.out():
        await asyncio.sleep(0)
    held.go.set()
    second, same, third = await making, await again, await down
    assert second == same
    assert third is not None
    assert third.version > second.version > first.version
    assert third.contents.out == {"g1": "gearbox"}
    # Nothing is held up after one that fails.
    assert (await plans.plan_tonight(ADA, NOW + 90.0)).version == third.version + 1


async def test_more_passes_than_a_plan_may_have_are_refused_with_both_figures() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    first = await plans.plan_tonight(ADA, NOW)
    most = sum(s.job is not None for t in first.contents.trips for s in t.steps) // 2
    made = 0

    async def makes(wish: Wish, planner: FleetPlanner) -> Contents:
        nonlocal made
        made += 1
        return await in_thread(wish, planner)

    plans.planning._makes, plans.planning._passes_most = makes, most
    with pytest.raises(NotPlannedError, match=rf"\d+ passes .* may have {most} \(winter.passes_most\)"):
        await plans.plan_tonight(ADA, NOW + 1.0)
    assert made == 0
    plans.planning._passes_most = 3 * most
    await plans.plan_tonight(ADA, NOW + 2.0)
    assert made == 1


@dataclass(frozen=True)
class Dies:
    """Ends the process that it is called in."""

    def __call__(self, request: Request) -> FleetPlan:
        os._exit(9)


async def test_the_process_that_plans_gives_the_same_plan_and_is_started_anew_where_it_has_ended() -> None:
    wish = wish_of(fleet_town(1))
    planner = OwnProcess()
    planner.start()
    try:
        ticks, making = 0, asyncio.create_task(planner(wish, Builder()))
        while not making.done():
            ticks += 1
            await asyncio.sleep(0.01)
        assert await making == make(wish, Builder())
        assert ticks > 1
        with pytest.raises(ValueError, match="nowhere to load salt"):
            await planner(replace(wish, barns=()), Builder())
        with pytest.raises(NotPlannedError, match="has ended"):
            await planner(wish, Dies())
        assert planner._process._child is None  # the next plan starts another
    finally:
        planner.close()


def test_the_process_is_started_ahead_only_where_loops_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_compiled() is COMPILED
    planner, started = OwnProcess(), []
    monkeypatch.setattr(planner._process, "start", lambda: started.append(1))
    for setting, expected in (("1", 0), ("0", 1)):
        monkeypatch.setenv("NUMBA_DISABLE_JIT", setting)
        planner.start()
        assert len(started) == expected * (find_spec("numba") is not None)


@dataclass(frozen=True)
class Hangs:
    """Never comes to an end, and never rests."""

    def __call__(self, request: Request) -> FleetPlan:
        while True:
            pass


async def test_a_plan_that_takes_too_long_is_ended_and_the_next_one_made() -> None:
    planner = OwnProcess(longest_s=120.0)
    planner.start()
    try:
        wish = wish_of(fleet_town(1))
        await planner(wish, Builder())  # it is ready now
        assert planner._process._child is not None
        hanging = planner._process._child[0]
        planner._process._longest_s = 0.2
        with pytest.raises(NotPlannedError, match=r"longer than 0.2 s .* fewer iterations"):
            await planner(wish, Hangs())
        assert not hanging.is_alive()
        planner._process._longest_s = 120.0
        assert await planner(wish, Builder()) == make(wish, Builder())
    finally:
        planner.close()


ASKS = """
import asyncio
from rules.winter.fleet.own_process import OwnProcess
from tests.fakes.cab_night import wish_of
from tests.fakes.fleet_towns import fleet_town
from tests.unit.test_plan_making import Builder, Hangs

async def main():
    planner = OwnProcess()
    await planner(wish_of(fleet_town(1)), Builder())
    asyncio.get_running_loop().call_later(0.5, lambda: print(planner._process._child[0].pid, flush=True))
    await planner(wish_of(fleet_town(1)), Hangs())

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_process_that_plans_ends_with_the_one_that_asks_whatever_it_is_at(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(ASKS)
    path = os.pathsep.join(p for p in sys.path if p)
    asks = subprocess.Popen(
        [sys.executable, "asks.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert asks.stdout is not None
        child = int(asks.stdout.readline())
        assert is_there(child)
    finally:
        asks.kill()
        asks.wait()
    until_s = time.monotonic() + 60.0
    while is_there(child) and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not is_there(child)


def is_there(pid: int) -> bool:
    """Whether a process is at work still; one that only waits to be counted out is not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in ("", "Z")
