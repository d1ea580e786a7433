"""The agent on a card that is full or has lost entries: it goes on with what it has."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from devices.agent.agent import Agent, Identity
from devices.agent.clock_state import Moment
from devices.agent.link import ServerLimits
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.kind import discover
from devices.contract.messages import BootReceipt, Receipt, encode


class Room:
    def read(self) -> Mapping[str, float]:
        return {"temperature_c": 0.0, "humidity_pct": 55.0}


class Link:
    connected = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        self.sent.append((topic, payload))
        return len(self.sent)

    def subscribe(self, topics: Sequence[str]) -> None: ...

    def close(self) -> None: ...


class Frog:
    """An agent with its card, already connected."""

    def __init__(self, path: Path) -> None:
        self.box, self.link, self.now_s = SqliteOutbox(path), Link(), 100.0
        sampler = Sampler(discover()["frog"], [Room()], 300.0, 0.0)
        publisher = Publisher(Limits(interval_s=0.0), random.Random(1))
        identity = Identity(device="frog-1", kind="frog", shard=3)
        self.agent = Agent(identity, sampler, self.box, publisher, lambda: self.now_s)
        self.agent.start(self.link)
        self.agent.on_connected(ServerLimits(receive_maximum=100, maximum_packet_bytes=1_000_000))

    def receipt(self, first: int, last: int) -> None:
        told = Receipt((BootReceipt(self.agent.boot, ((first, last),)),))
        self.agent.on_message(self.agent.identity.topic("receipt"), encode(told))


@pytest.fixture
def frog(tmp_path: Path) -> Frog:
    return Frog(tmp_path / "outbox.db")


def test_a_receipt_on_a_full_card_ends_nothing(frog: Frog) -> None:
    for _ in range(3):
        assert frog.agent.sample(Moment(1, 1))
    frog.agent.pump()
    frog.box._db.execute("pragma query_only = 1")  # refuses every write, as a full card does
    frog.receipt(0, 1)
    assert frog.agent.publisher.unreceipted == 1
    assert not frog.agent.sample(Moment(2, 2)), "a bare outbox keeps nothing; the agent's goes on in memory"
    assert frog.agent.counts.unstored == 1
    frog.box._db.execute("pragma query_only = 0")
    assert frog.agent.sample(Moment(3, 3))
    frog.receipt(2, 4)
    assert frog.box.pending() == [], "marked with the next entry that the card took"
    assert frog.box.depth() == 0


def test_entries_that_a_card_has_lost_are_forgotten(frog: Frog) -> None:
    frog.agent.on_disconnected("cut")
    for _ in range(70):
        frog.agent.sample(Moment(1, 1))
    frog.box._db.execute("delete from outbox where seq < 60")
    frog.agent.on_connected(ServerLimits(receive_maximum=100, maximum_packet_bytes=1_000_000))
    for _ in range(10):
        frog.now_s += 1.0
        frog.agent.pump()
    assert frog.agent.counts.given_up == 60
    assert frog.agent.publisher.unreceipted == 10
    assert frog.agent.counts.sent == 10
