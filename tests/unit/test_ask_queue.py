"""Asks wait: in order, bounded, and one device cannot take the place of the others."""

from __future__ import annotations

from devices.contract.topics import topic
from ingest.fleet.ask_queue import AskQueue


def ask(device: str, kind: str = "frog", shard: int = 1) -> str:
    return topic(shard, kind, device, "ask")


async def test_who_asks_without_end_leaves_room_for_others():
    waiting = AskQueue(10, 2)
    # Whatever kind and shard its topics say: the broker looks at the name alone.
    taken = [waiting.put(ask("frog-1", "frog", shard), b"x") for shard in range(1, 9)]
    assert taken == [True, True, *[False] * 6]
    assert waiting.put(ask("frog-2"), b"y")
    assert [(await waiting.get())[1] for _ in range(3)] == [b"x", b"x", b"y"]
    assert waiting.put(ask("frog-1"), b"z")
    assert await waiting.get() == (ask("frog-1"), b"z")


async def test_all_together_are_bounded():
    waiting = AskQueue(3, 2)
    assert [waiting.put(ask(f"frog-{n}"), b"") for n in range(5)] == [True, True, True, False, False]
    assert not AskQueue(3, 2).put("elsewhere", b"")
