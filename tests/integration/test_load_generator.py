"""The load generator over a real broker: exact accounts, also through a broken broker."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.agent.broker import BrokerAddress
from firmware_sim.history import History, read_history
from firmware_sim.history_check import judge
from firmware_sim.load import LoadGenerator, LoadPlan, load_devices
from tests.fakes.receipt_server import ReceiptServer


def plan(broker: EmbeddedMosquitto, count: int, **more) -> LoadPlan:
    return LoadPlan(
        broker=BrokerAddress(host=broker.host, port=broker.port), devices=load_devices(count), **more
    )


def test_every_reading_is_accounted_for(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    with ReceiptServer(broker.host, broker.port) as server:
        load = LoadGenerator(plan(broker, 30, readings=3_001, connections=4), history)
        result = load.run(drain_s=30)
        load.close()
        history.close()
        assert result.counts.created == result.counts.pubacked == result.counts.receipted == 3_001
        assert (result.pending, result.counts.refused, result.counts.resent) == (0, 0, 0)
        assert len(server.held) == server.deliveries == 3_001
        for name, (created, pubacked, receipted) in result.per_device.items():
            assert created == pubacked == receipted == len(server.sequences(name))
        verdict = judge(read_history(tmp_path / "history"))
        assert verdict.created == verdict.pubacked == verdict.receipted == 3_001


def test_a_killed_broker_loses_nothing(broker: EmbeddedMosquitto) -> None:
    with ReceiptServer(broker.host, broker.port) as server:
        load = LoadGenerator(plan(broker, 10, readings=4_000, rate=2_000, connections=3, resend_s=2.0))

        def break_it() -> None:
            for _ in range(2):
                time.sleep(0.5)
                broker.kill()
                broker.start()

        breaker = threading.Thread(target=break_it)
        breaker.start()
        result = load.run(drain_s=40)
        breaker.join()
        load.close()
        assert result.pending == 0, result.counts
        assert result.counts.created == 4_000 == len(server.held)
        assert result.counts.resent > 0
        assert result.counts.connects >= 6
        assert server.conflicts == 0


def test_the_rate_is_kept(broker: EmbeddedMosquitto) -> None:
    with ReceiptServer(broker.host, broker.port):
        load = LoadGenerator(plan(broker, 5, readings=600, rate=400))
        result = load.run(drain_s=10)
        load.close()
    assert 1.4 <= result.seconds < 5


def test_nobody_listening_is_refused_not_lost(broker: EmbeddedMosquitto) -> None:
    load = LoadGenerator(plan(broker, 2, readings=10))
    stop_at = time.monotonic() + 1.0
    result = load.run(stop=lambda: time.monotonic() > stop_at)
    assert result.counts.refused >= 10
    assert result.pending == 10
    with ReceiptServer(broker.host, broker.port):
        assert load.run(drain_s=10).pending == 0
    load.close()
