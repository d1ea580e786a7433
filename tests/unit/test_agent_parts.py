"""Parts of a device: they hear their channels, take turns and speak; measuring goes on beside them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from devices.agent.agent import Agent, Identity
from devices.agent.clock_state import Moment
from devices.agent.link import ServerLimits
from devices.agent.part import Voice
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.kind import discover

WHO = Identity(device="frog-1", kind="frog", shard=3, install="card-1")


class Room:
    def read(self) -> Mapping[str, float]:
        return {"temperature_c": 0.0, "humidity_pct": 55.0}


class Link:
    def __init__(self) -> None:
        self.connected = False
        self.sent: list[tuple[str, bytes]] = []
        self.subscribed: list[str] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        self.sent.append((topic, payload))
        return len(self.sent)

    def subscribe(self, topics: Sequence[str]) -> None:
        self.subscribed += topics

    def close(self) -> None: ...


class Echo:
    """Says back what it heard, at its next turn."""

    hears = ("desired",)

    def __init__(self) -> None:
        self.connections = 0
        self.heard_: list[tuple[str, bytes]] = []
        self.said: list[bool] = []

    def connected(self, voice: Voice) -> None:
        self.connections += 1

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        self.heard_.append((channel, payload))

    def turn(self, moment: Moment, voice: Voice) -> None:
        self.said += [voice.say("reported", payload) for _, payload in self.heard_]


def made(tmp_path: Path) -> tuple[Agent, Link, Echo]:
    sampler = Sampler(discover()["frog"], [Room()], 300.0, 0.0)
    agent = Agent(
        WHO, sampler, SqliteOutbox(tmp_path / "o.db"), Publisher(Limits(), random.Random(1)), lambda: 9.0
    )
    link, echo = Link(), Echo()
    agent.join(echo)
    agent.start(link)
    return agent, link, echo


def test_a_part_hears_its_channel_and_speaks_on_a_connection(tmp_path: Path) -> None:
    agent, link, echo = made(tmp_path)
    agent.on_message(WHO.topic("desired"), b"{}")
    agent.step(Moment(1_000, 500, 2))
    assert echo.said == [False], "there is no connection: nothing was said, and the part knows"
    link.connected = True
    agent.on_connected(ServerLimits())
    assert link.subscribed == [WHO.topic("receipt"), WHO.topic("desired")]
    assert echo.connections == 1
    agent.step(Moment(2_000, 1_500, 2))
    assert echo.said == [False, True]
    assert (WHO.topic("reported"), b"{}") in link.sent


def test_other_channels_reach_no_part(tmp_path: Path) -> None:
    agent, _, echo = made(tmp_path)
    agent.on_message(WHO.topic("firmware"), b"{}")
    agent.on_message("cityops/v1/03/frog/frog-2/desired", b"{}")
    assert echo.heard_ == []


def test_the_birth_message_names_the_card_and_both_clocks(tmp_path: Path) -> None:
    agent, link, _ = made(tmp_path)
    agent.step(Moment(1_800_000_000_123, 7_500, 0))
    link.connected = True
    agent.on_connected(ServerLimits())
    born = next(msgspec.json.decode(payload) for topic, payload in link.sent if topic.endswith("/status"))
    assert (born["install"], born["wall_ms"], born["mono_ms"]) == ("card-1", 1_800_000_000_123, 7_500)


def test_a_receipt_that_is_nested_too_deep_ends_nothing(tmp_path: Path) -> None:
    agent, _, _ = made(tmp_path)
    deep = b"[" * 200_000 + b"]" * 200_000
    agent.on_message(WHO.topic("receipt"), b'{"received": [], "more": ' + deep + b"}")
    assert agent.counts.bad_messages == 1
