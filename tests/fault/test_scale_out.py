"""Workers added, killed, frozen, woken and drained while messages flow: each stored once, in order."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from tests.fakes.ingest_fleet import (
    Crowd,
    Worker,
    environment,
    holdings,
    register,
    stored,
    until,
    verdict,
)

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("quick_start")]

SHARDS = 8
EACH = 5
LEASE_S = 2.0
SOAK_S = float(os.environ.get("CITYOPS_TEST_SOAK_S", "600"))


@dataclass
class Fleet:
    """Workers of one list of shards, and a look at who holds what."""

    settings: dict[str, str]
    watch: psycopg.Connection[Any]
    workers: list[Worker] = field(default_factory=list)

    def add(self) -> Worker:
        worker = Worker(self.settings)
        self.workers.append(worker)
        return worker

    def shared(self, *counts: int) -> float:
        """Wait until so many shards are held by so many workers; return how long it took [s]."""
        took_s = until(lambda: holdings(self.watch) == sorted(counts), f"shards held as {counts}")
        print(f"shards held as {counts} after {took_s:.1f} s")
        return took_s

    def flows(self) -> None:
        """Wait until more is stored."""
        before = stored(self.watch)
        until(lambda: stored(self.watch) > before + 2 * SHARDS * EACH, "messages flow")


@contextmanager
def fleet(dsn: str, broker: EmbeddedMosquitto) -> Iterator[Fleet]:
    with psycopg.connect(dsn, autocommit=True) as watch:
        it = Fleet(environment(dsn, broker, SHARDS, LEASE_S), watch)
        try:
            yield it
        finally:
            for worker in it.workers:
                worker.end()


def all_is_stored_once_and_in_order(it: Fleet, sent: int) -> None:
    until(lambda: stored(it.watch) >= sent, f"{sent} stored")
    assert verdict(it.watch) == {"rows": sent, "distinct": sent, "out_of_order": 0, "dead_letters": 0}
    whole = f"{{[0,{sent // (SHARDS * EACH)})}}"
    gaps = it.watch.execute("select count(*) from device_sequence where received::text <> %s", [whole])
    assert gaps.fetchone() == (0,)


async def test_workers_come_freeze_die_and_go(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    devices = await register(pg, SHARDS, EACH)
    with fleet(db_dsn, broker) as it:
        first, second = it.add(), it.add()
        it.shared(4, 4)
        until(lambda: first.ready and second.ready, "a session for each shard")
        crowd = Crowd(broker, db_dsn, devices)
        it.flows()

        third = it.add()  # added
        it.shared(2, 3, 3)
        it.flows()
        second.send(signal.SIGKILL)  # dead
        it.shared(4, 4)
        it.flows()
        first.send(signal.SIGSTOP)  # frozen: its connections stay open
        it.shared(8)
        it.flows()
        first.send(signal.SIGCONT)  # awake again, among the others
        it.shared(4, 4)
        it.flows()
        third.send(signal.SIGTERM)  # drained
        it.shared(8)
        assert third.process.wait(60) == 0
        it.flows()

        all_is_stored_once_and_in_order(it, crowd.stop())
        first.send(signal.SIGTERM)
        assert first.process.wait(60) == 0
    assert holdings_after(db_dsn) == []


def holdings_after(dsn: str) -> list[int]:
    with psycopg.connect(dsn, autocommit=True) as watch:
        return holdings(watch)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 300)
async def test_any_of_it_at_random_for_long(
    broker: EmbeddedMosquitto, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    seed = int(os.environ.get("CITYOPS_TEST_SEED", str(random.randrange(1 << 30))))
    print(f"seed {seed}; CITYOPS_TEST_SEED={seed} repeats it")
    rng, devices = random.Random(seed), await register(pg, SHARDS, EACH)
    with fleet(db_dsn, broker) as it:
        worker = it.add()
        it.shared(SHARDS)
        until(lambda: worker.ready, "a session for each shard")
        crowd, end = Crowd(broker, db_dsn, devices), time.monotonic() + SOAK_S
        while time.monotonic() < end:
            running = [w for w in it.workers if w.process.poll() is None]
            act = rng.choice(["add", "kill", "freeze", "drain"])
            worker = rng.choice(running) if running else it.add()
            if len(running) < 2 or (act == "add" and len(running) < 4):
                it.add()
            elif act == "kill":
                worker.send(signal.SIGKILL)
            elif act == "drain":
                worker.send(signal.SIGTERM)
            elif act == "freeze":
                worker.send(signal.SIGSTOP)
                time.sleep(rng.uniform(0.1, 2.5) * LEASE_S)
                worker.send(signal.SIGCONT)
            time.sleep(rng.uniform(0.0, 2.0) * LEASE_S)
        it.add()
        all_is_stored_once_and_in_order(it, crowd.stop())
