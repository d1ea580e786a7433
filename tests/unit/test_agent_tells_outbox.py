"""The server knows what a device still holds: a falling outbox is announced, a rising one is not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from devices.agent.agent import TELL_EVERY_S
from devices.agent.clock_state import Moment
from devices.agent.link import ServerLimits
from devices.contract.messages import Status
from tests.unit.test_agent_card import Frog

LIMITS = ServerLimits(receive_maximum=100, maximum_packet_bytes=1_000_000)


@pytest.fixture
def frog(tmp_path: Path) -> Frog:
    """A frog that comes back with ten readings in its outbox."""
    made = Frog(tmp_path / "outbox.db")
    made.agent.on_disconnected("cut")
    for _ in range(10):
        made.agent.sample(Moment(1, 1))
    made.agent.on_connected(LIMITS)
    made.agent.pump()
    return made


def told(frog: Frog) -> list[int]:
    topic = frog.agent.identity.topic("status")
    return [msgspec.json.decode(payload, type=Status).outbox for t, payload in frog.link.sent if t == topic]


def test_an_emptied_outbox_is_told_at_once_and_once(frog: Frog) -> None:
    assert told(frog) == [0, 10]
    frog.receipt(0, 9)
    for _ in range(3):
        frog.agent.pump()
    assert told(frog) == [0, 10, 0]


def test_a_falling_outbox_is_told_now_and_then(frog: Frog) -> None:
    for seq in range(5):
        frog.now_s += TELL_EVERY_S / 3
        frog.receipt(seq, seq)
        frog.agent.pump()
    assert told(frog) == [0, 10, 7]


def test_readings_that_come_and_go_are_not_told(frog: Frog) -> None:
    frog.receipt(0, 9)
    frog.agent.pump()
    for seq in range(10, 20):
        frog.now_s += TELL_EVERY_S
        frog.agent.sample(Moment(1, 1))
        frog.agent.pump()
        frog.receipt(seq, seq)
        frog.agent.pump()
    assert told(frog) == [0, 10, 0]


def statuses(frog: Frog) -> list[Status]:
    topic = frog.agent.identity.topic("status")
    return [msgspec.json.decode(payload, type=Status) for t, payload in frog.link.sent if t == topic]


def test_a_clock_that_was_set_is_told_at_once(frog: Frog) -> None:
    """It dates what was measured before, without waiting for the next reading."""
    frog.agent.turn(Moment(500, 500, 0))
    frog.agent.on_connected(LIMITS)
    for mono_ms, clk in ((1_000, 0), (2_000, 0), (3_000, 2), (4_000, 2)):
        frog.agent.turn(Moment(1_800_000_000_000 + mono_ms, mono_ms, clk))
        frog.agent.pump()
    born, last = statuses(frog)[-2:]
    assert (born.clk, born.wall_ms, born.mono_ms) == (0, 500, 500)
    assert (last.clk, last.wall_ms, last.mono_ms) == (2, 1_800_000_003_000, 3_000)


def test_trouble_with_the_card_and_its_end_are_told_at_once(frog: Frog) -> None:
    trouble = [""]
    frog.agent._trouble = lambda: trouble[0]
    told_before = len(statuses(frog))
    for said in ("", "disk is full", "disk is full", ""):
        trouble[0] = said
        frog.agent.pump()
    assert [s.trouble for s in statuses(frog)[told_before:]] == ["disk is full", ""]


def test_what_was_given_up_is_counted_in_what_is_told(frog: Frog) -> None:
    frog.box._db.execute("pragma query_only = 1")
    assert not frog.agent.sample(Moment(1, 1))
    assert frog.agent.status().lost == 1
