"""Several processes of one service: restarted, stopped together, their pages as one."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram, generate_latest

from cityops.clock import SystemClock
from cityops.runtime import workers as module
from cityops.runtime.backoff import Backoff
from cityops.runtime.health import HealthServer
from cityops.runtime.worker_pages import WorkerPages
from cityops.runtime.workers import WorkerPlan, Workers

# Notes its start, and its orderly end.
PROGRAM = """
import os, pathlib, signal, sys, time
note = pathlib.Path(sys.argv[1])
def end(*_):
    (note / f"ended-{os.getpid()}").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(note / f"began-{os.getpid()}").touch()
time.sleep(float(sys.argv[2]))
sys.exit(3)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTART", Backoff(0.01, 0.02))


def plan(number: int, folder: Path, seconds: float) -> WorkerPlan:
    return WorkerPlan(number, [sys.executable, "-c", PROGRAM, str(folder), str(seconds)], dict(os.environ))


def noted(folder: Path, what: str) -> int:
    return len(list(folder.glob(f"{what}-*")))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_one_that_ends_is_started_again_and_the_others_are_left_alone(
    tmp_path: Path, quick: None
) -> None:
    restarted: list[int] = []
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plans = [plan(0, tmp_path / "a", 0.05), plan(1, tmp_path / "b", 600)]
    stop = asyncio.Event()
    service = Workers(plans, SystemClock(), 30.0, restarted.append, random.Random(1))
    task = asyncio.create_task(service.run(stop))
    await until(lambda: noted(tmp_path / "a", "began") >= 3 and noted(tmp_path / "b", "began") == 1)
    stop.set()
    async with asyncio.timeout(60):
        await task
    assert set(restarted) == {0}
    assert (noted(tmp_path / "b", "began"), noted(tmp_path / "b", "ended")) == (1, 1)


async def test_all_are_asked_to_stop_at_once(tmp_path: Path) -> None:
    stop = asyncio.Event()
    plans = [plan(n, tmp_path, 600) for n in range(3)]
    task = asyncio.create_task(Workers(plans, SystemClock(), 30.0).run(stop))
    await until(lambda: noted(tmp_path, "began") == 3)
    stop.set()
    async with asyncio.timeout(60):
        await task
    assert noted(tmp_path, "ended") == 3


async def test_pages_of_workers_are_one() -> None:
    servers, ready = [], {"broker": True}
    for number in range(2):
        server = HealthServer(0, lambda: ready)
        registry = server._registry
        Counter("x_things", "Things", ["kind"], registry=registry).labels("a").inc(number + 1)
        Gauge("x_held", "Held", registry=registry).set(number)
        Histogram("x_seconds", "Time", buckets=(1, 2), registry=registry).observe(1.5)
        servers.append(server)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(server.run(stop)) for server in servers]
    for server in servers:
        await server.bound.wait()
    pages = WorkerPages({0: servers[0].port, 1: servers[1].port, 2: 1}, "x_")
    assert pages.ready() == {"worker 0": False, "worker 1": False, "worker 2": False}
    tasks.append(asyncio.create_task(pages.run(stop)))
    await until(lambda: len(pages.ready()) == 3 and pages.ready().get("worker 1 broker") is True)
    assert pages.ready() == {"worker 0 broker": True, "worker 1 broker": True, "worker 2": False}
    wanted = (
        'x_things_total{kind="a",worker="0"} 1.0',
        'x_things_total{kind="a",worker="1"} 2.0',
        'x_held{worker="1"} 1.0',
        'x_seconds_bucket{le="2.0",worker="0"} 1.0',
    )
    await until(lambda: all(line in generate_latest(pages.registry).decode() for line in wanted))
    text = generate_latest(pages.registry).decode()
    assert text.count("# TYPE x_things_total counter") == 1
    stop.set()
    await asyncio.gather(*tasks)
