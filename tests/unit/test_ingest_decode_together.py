"""Decoding many messages at once says what decoding each of them alone says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.contract.kind import discover
from devices.contract.messages import MAX_PAYLOAD_BYTES
from ingest.core.batch import Batch
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from tests.fakes.ingest_setup import (
    BIN,
    FROG,
    NOW,
    NOW_MS,
    NOW_US,
    ROAD,
    known_devices,
    reading,
    reading_topic,
)

DIRECTORY = Directory(discover(), known_devices())
FIELDS = {"frog-0": FROG, "frog-1": FROG, "road-0": ROAD, "bin-0": BIN}
BAD = (
    b"",
    b"null",
    b"[]",
    b"[[]]",
    b"{",
    b"\xff",
    b'{"ts":1}',
    b"[" * 5000,
    b'{"ts":1e3,"seq":1}',
    b" " * (MAX_PAYLOAD_BYTES + 1),
)


@st.composite
def documents(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A reading: most are good, with what the contract leaves open drawn."""
    document: dict[str, Any] = {"ts": NOW_MS - 1000 * draw(st.integers(0, 10**6))}
    if draw(st.booleans()):
        document["ts"] = NOW.isoformat()
    extra = {
        "boot": st.integers(0, 2),
        "seq": st.integers(0, 10**6),
        "mono_ms": st.integers(0, 10**9),
        "clk": st.integers(2, 3),
        "device": st.sampled_from([name, name, "frog-1"]),
        "battery_v": st.sampled_from([3.0, None]),
        "radon_bq_m3": st.sampled_from([12.0, {"a": 1, "b:c": 'x":'}]),
        "note": st.sampled_from([":", '":', "plain"]),
    }
    for key in draw(st.lists(st.sampled_from(sorted(extra)), unique=True)):
        document[key] = draw(extra[key])
    fields: dict[str, Any] = dict(FIELDS[name])
    if draw(st.integers(0, 5)) == 0:
        fields[next(iter(fields))] = draw(st.sampled_from([None, -1e9, "warm"]))
    return document | fields


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(FIELDS)))
    topic = draw(st.sampled_from([reading_topic(name)] * 8 + [reading_topic(name).replace(name, "nobody")]))
    if draw(st.integers(0, 5)) == 0:
        return topic, draw(st.sampled_from(BAD))
    one = documents(name)
    return topic, msgspec.json.encode(draw(st.one_of(one, one, st.lists(one, max_size=4))))


@given(st.lists(messages(), max_size=12))
def test_a_batch_says_what_its_messages_say_alone(sent: list[tuple[str, bytes]]) -> None:
    together = decode(sent)
    alone = [decode([message]) for message in sent]
    for place, batch in enumerate(alone):
        assert rows(batch, 0) == rows(together, place)
    assert sorted(letters(together)) == sorted(letter for batch in alone for letter in letters(batch))
    assert together.unknown_devices == set().union(*(batch.unknown_devices for batch in alone))
    assert together.unknown_fields == sum((batch.unknown_fields for batch in alone), Counter[str]())


def decode(sent: list[tuple[str, bytes]]) -> Batch:
    return Decoder(DIRECTORY).decode([topic for topic, _ in sent], [payload for _, payload in sent], NOW_US)


def rows(batch: Batch, message: int) -> list[tuple[Any, ...]]:
    """What is accepted of a message, in order; NaN as None."""
    found: list[tuple[Any, ...]] = []
    for readings in batch.readings:
        mine = readings.take(np.flatnonzero(readings.message == message))
        keys = zip(
            mine.device_id.tolist(),
            mine.ts_us.tolist(),
            mine.boot.tolist(),
            mine.seq.tolist(),
            mine.mono_ms.tolist(),
            mine.clk.tolist(),
            mine.quality.tolist(),
            strict=True,
        )
        values = [[None if v != v else v for v in row] for row in mine.values.tolist()]
        found += [(readings.kind.name, *key, *value) for key, value in zip(keys, values, strict=True)]
    return found


def letters(batch: Batch) -> list[tuple[Any, ...]]:
    return [(d.topic, str(d.reason), d.payload, repr((d.device, d.boot, d.seq))) for d in batch.dead_letters]


def test_unknown_fields_are_not_made_up_for_by_another_message() -> None:
    """A device that counts without boots names one key less than it is filed with."""
    without_boot = msgspec.json.encode({"ts": NOW_MS - 1000, "seq": 1, **FROG})
    topic = reading_topic("frog-0")
    batch = decode([(topic, without_boot), (topic, reading(2)[:-1] + b',"radon_bq_m3":12}')])
    assert batch.unknown_fields == {"radon_bq_m3": 1}
    batch = decode([(topic, without_boot[:-1] + b',"radon_bq_m3":12}')])
    assert batch.unknown_fields == {"radon_bq_m3": 1}
