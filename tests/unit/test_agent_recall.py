"""What the outbox holds from before is taken in parts, between readings; nothing of it is sent twice or left."""

from __future__ import annotations

import random

import pytest

from devices.agent import sending
from devices.agent.agent import Agent, Identity
from devices.agent.clock_state import Moment
from devices.agent.entry import Entry
from devices.agent.link import ServerLimits
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.contract.kind import discover


class Room:
    def read(self) -> dict[str, float]:
        return {"temperature_c": 20.0, "humidity_pct": 50.0}


class Link:
    """Takes everything."""

    def __init__(self) -> None:
        self.connected = False
        self.sent: list[bytes] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        if not self.connected:
            return None
        if topic.endswith("/reading"):
            self.sent.append(payload)
        return len(self.sent) + 1

    def subscribe(self, topics: list[str]) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> tuple[Agent, Link]:
    monkeypatch.setattr(sending, "_RECALLED_AT_ONCE", 10)
    box = MemoryOutbox(1000)
    for seq in range(25):
        box.append(Entry(0, seq, "reading", 0, 0, 2, b'{"seq":%d}' % seq))
    kind = discover()["frog"]
    agent = Agent(
        Identity(device="frog-1", kind="frog", shard=0), Sampler(kind, [Room()], 300.0, 0.0), box,
        Publisher(Limits(), random.Random(1)), lambda: 1000.0, recalls_at_once=False,
    )  # fmt: skip
    link = Link()
    agent.start(link)
    return agent, link


def test_the_first_reading_does_not_wait_for_it(made: tuple[Agent, Link]) -> None:
    agent, _ = made
    assert agent.publisher.unreceipted == 0
    agent.step(Moment(1_800_000_000_000, 0))
    assert agent.counts.created == 1
    assert agent.publisher.unreceipted == 10
    assert agent.wake_in_s() == 0.0, "there is more"
    agent.pump()
    agent.pump()
    assert agent.publisher.unreceipted == 26, "with the reading of meanwhile, once"
    assert agent.wake_in_s() > 0.0
    agent.sample(Moment(1_800_000_300_000, 300_000))
    assert agent.publisher.unreceipted == 27


def test_a_connection_that_comes_first_has_it_all(made: tuple[Agent, Link]) -> None:
    agent, link = made
    agent.pump()
    link.connected = True
    agent.on_connected(ServerLimits(receive_maximum=20, maximum_packet_bytes=100_000))
    assert agent.status().outbox == 25
    assert b"".join(link.sent).count(b'"seq"') == 25
