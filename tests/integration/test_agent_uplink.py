"""The real agent over a real broker: receipts, restarts, losses."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.runtime.backoff import Backoff
from devices.agent.agent import Agent, Identity
from devices.agent.broker import BrokerAddress, Reconnect, Will
from devices.agent.clock_state import Moment
from devices.agent.paho_link import PahoLink
from devices.agent.publisher import Limits, Publisher
from devices.agent.resend import ResendPolicy
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.kind import discover
from tests.fakes.receipt_server import ReceiptServer

FROG = discover()["frog"]


class Thermometer:
    def __init__(self) -> None:
        self.temperature_c = 0.0

    def read(self) -> Mapping[str, float]:
        return {"temperature_c": self.temperature_c, "humidity_pct": 55.04}


class Device:
    """A frog box whose owner turns the crank."""

    def __init__(self, path: Path, broker: EmbeddedMosquitto, resend_s: float = 60.0) -> None:
        rng = random.Random(1)
        limits = Limits(
            interval_s=0.0,
            resend=ResendPolicy(floor_s=resend_s),
            refused=Backoff(first_s=0.05, cap_s=0.2),
        )
        self.box = SqliteOutbox(path)
        self.agent = Agent(
            Identity(device="frog-1", kind="frog", shard=3, firmware="1.2"),
            Sampler(FROG, [Thermometer()], 300.0, 0.0),
            self.box,
            Publisher(limits, rng),
            time.monotonic,
        )
        identity = self.agent.identity
        address = BrokerAddress(host=broker.host, port=broker.port, will_delay_s=1)
        reconnect = Reconnect(rng, Backoff(first_s=0.05, cap_s=0.3), first_within_s=0.0)
        will = Will(identity.topic("status"), identity.last_will())
        self.link = PahoLink(address, "frog-1", will, self.agent, reconnect)
        self.agent.start(self.link)
        self.mono_ms = 0

    def measure(self, count: int = 1) -> None:
        for _ in range(count):
            self.mono_ms += 300_000
            assert self.agent.sample(Moment(1_767_900_000_000 + self.mono_ms, self.mono_ms))
        self.agent.pump()

    def until(self, condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"still waiting after {timeout_s} s: {self.agent.counts}"
            self.link.service(0.02)
            self.agent.pump()


@contextmanager
def device(path: Path, broker: EmbeddedMosquitto, resend_s: float = 60.0) -> Iterator[Device]:
    made = Device(path, broker, resend_s)
    yield made
    made.agent.stop()


def test_a_receipt_empties_the_outbox(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with ReceiptServer(broker.host, broker.port) as server, device(tmp_path / "o.db", broker) as frog:
        frog.measure(3)
        frog.agent.diary("shower", Moment(1, 1))
        frog.until(lambda: frog.box.depth() == 0)
        assert server.sequences("frog-1") == [(frog.agent.boot, s) for s in range(4)]
        reading = server.held[("frog-1", frog.agent.boot, 0)]
        assert reading["temperature_c"] == 0.0, "0.0 °C is a value"
        assert reading["humidity_pct"] == 55.0
        assert reading["mono_ms"] == 300_000
        assert server.diary == [{"ts": 1, "boot": frog.agent.boot, "seq": 3, "activity": "shower"}]
        assert frog.agent.counts.resent == 0
        name, birth = server.statuses[0]
        assert (name, birth["online"], birth["firmware"], birth["outbox"]) == ("frog-1", True, "1.2", 4)


def test_nothing_is_deleted_without_a_receipt(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with ReceiptServer(broker.host, broker.port) as server:
        server.silent = True
        with device(tmp_path / "o.db", broker) as frog:
            first = frog.agent.boot
            frog.measure(5)
            frog.until(lambda: len(server.held) == 5)
            frog.until(lambda: frog.agent.counts.pubacked >= 1)
            assert frog.box.depth() == 5
        # The next start, a new boot, sends the old boot's readings first.
        server.silent = False
        with device(tmp_path / "o.db", broker) as frog:
            frog.measure()
            frog.until(lambda: frog.box.depth() == 0)
        assert server.sequences("frog-1") == [(first, s) for s in range(5)] + [(frog.agent.boot, 0)]
        assert server.conflicts == 0


def test_nobody_listening_is_not_delivery(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with device(tmp_path / "o.db", broker) as frog:
        frog.measure(2)
        frog.until(lambda: frog.agent.counts.refused[0x10] >= 2)
        assert frog.box.depth() == 2
        assert frog.agent.counts.pubacked == 0
        with ReceiptServer(broker.host, broker.port):
            frog.until(lambda: frog.box.depth() == 0)


def test_broker_killed_and_back(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with ReceiptServer(broker.host, broker.port) as server, device(tmp_path / "o.db", broker) as frog:
        frog.measure(2)
        frog.until(lambda: frog.box.depth() == 0)
        server.deaf = True
        frog.measure(3)
        frog.until(lambda: frog.agent.counts.pubacked >= 2 and server.lost >= 1)
        broker.kill()
        frog.until(lambda: not frog.link.connected)
        frog.measure(120)
        server.deaf = False
        broker.start()
        frog.until(lambda: frog.box.depth() == 0, timeout_s=30)
        assert server.sequences("frog-1") == [(frog.agent.boot, s) for s in range(125)]
        assert max(server.batches) == 50, "a backlog goes in arrays"
        assert frog.agent.counts.connects >= 2


def test_a_lost_reading_is_sent_again_after_the_timer(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with (
        ReceiptServer(broker.host, broker.port) as server,
        device(tmp_path / "o.db", broker, resend_s=0.4) as frog,
    ):
        server.deaf = True
        frog.measure(2)
        frog.until(lambda: server.lost >= 2)  # the birth message and the two readings
        server.deaf = False
        frog.until(lambda: frog.box.depth() == 0)
        assert frog.agent.counts.resent >= 2
        assert frog.agent.counts.connects == 1


def test_the_last_will_says_that_it_is_gone(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with ReceiptServer(broker.host, broker.port) as server, device(tmp_path / "o.db", broker) as frog:
        frog.until(lambda: len(server.statuses) == 1)
        session = frog.link._session
        assert session is not None
        session.abandon("power cut")
        frog.link._closed = True
        deadline = time.monotonic() + 10
        while len(server.statuses) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [s["online"] for _, s in server.statuses] == [True, False]
