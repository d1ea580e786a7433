from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contract.kind import Field, discover
from devices.contract.topics import parse
from ingest.core.batches import Gatherer, Limits
from ingest.core.binary_steps import on_binary_steps
from ingest.core.copy_layout import HEADER, TRAILER, CopyLayout
from ingest.core.ledger import (
    RECEIPT_RANGES,
    RangeSet,
    parse_multirange,
    receipt_ranges,
    reduce_keys,
    rows_not_stored,
)
from ingest.core.merge import batch_keys, select_fresh
from tests.fakes.examples import examples
from tests.fakes.ingest_setup import FROG, NOW_MS, NOW_US, channel_topic, decoder, reading, reading_topic

TOPICS = st.one_of(
    st.sampled_from(
        [
            reading_topic("frog-0"),
            reading_topic("road-0"),
            reading_topic("bin-0"),
            channel_topic("frog-0", "diary"),
            channel_topic("frog-0", "status"),
            channel_topic("frog-0", "reported"),
            "cityops/v1/00/frog/nobody/reading",
        ]
    ),
    st.text(max_size=60),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([0, 0.0, -0.0, 7, NOW_MS, 2**53, 2**62, 2**63, -127, 85, "2026-11-20T11:00:00Z"]),
)
NAMES = st.sampled_from(
    ["ts", "boot", "seq", "device", "mono_ms", "clk", "activity", "note", "online", "x", *FROG, "distance_mm"]
)
OBJECTS = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=9)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    st.recursive(st.one_of(SCALARS, OBJECTS), lambda inner: st.lists(inner, max_size=5), max_leaves=20).map(
        lambda value: msgspec.json.encode(value)
    ),
    OBJECTS.map(lambda value: str(value).replace("'", '"').replace("nan", "NaN").encode()),
    st.builds(reading, st.integers(0, 50)),
)


@given(st.lists(st.tuples(TOPICS, PAYLOADS), max_size=12))
@examples(150)
def test_no_bytes_raise_and_what_is_accepted_is_in_range(messages: list[tuple[str, bytes]]) -> None:
    batch = decoder().decode([t for t, _ in messages], [p for _, p in messages], NOW_US)
    for readings in batch.readings:
        for column, field in enumerate(readings.kind.fields):
            values = readings.values[:, column]
            present = values[~np.isnan(values)]
            assert ((present >= field.minimum) & (present <= field.maximum)).all()
            assert not np.isin(present, field.sentinels).any()
            assert not (field.required and len(present) < len(values))
        assert (readings.ts_us <= NOW_US + 300_000_000).all()
        assert (readings.seq >= 0).all()
    for letter in batch.dead_letters:
        assert letter.sentence.endswith(".")
        assert "\x00" not in letter.sentence
    keys = batch_keys(batch)
    fresh = select_fresh(batch, keys, [])
    assert fresh.duplicates + len(keys.order) == sum(map(len, batch.readings)) + len(batch.diary) + sum(
        d.has_key for d in batch.dead_letters
    )


@given(st.lists(st.tuples(TOPICS, PAYLOADS), min_size=1, max_size=8))
@examples(100)
def test_every_message_is_accounted_for(messages: list[tuple[str, bytes]]) -> None:
    for topic, payload in messages:
        batch = decoder().decode([topic], [payload], NOW_US)
        stored = bool(batch.readings or batch.diary or batch.statuses or batch.reported)
        silent = payload == b"[]" or payload.strip() == b"[]"
        parsed = parse(topic)
        cleared = parsed is not None and parsed.channel in {"status", "reported"} and payload == b""
        assert stored or batch.dead_letters or silent or cleared


RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda r: (r[0], r[0] + r[1])), max_size=20
)


@given(RANGES, RANGES)
@settings(deadline=None)
def test_a_range_set_is_a_set(added: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    ranges, model = RangeSet(added), {i for first, last in added for i in range(first, last + 1)}
    assert {i for first, last in ranges for i in range(first, last + 1)} == model
    listed = list(ranges)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(listed))
    assert all((i in ranges) == (i in model) for i in range(80))
    for first, last in asked:
        overlap = ranges.overlap(first, last)
        assert [i for a, b in overlap for i in range(a, b + 1)] == sorted(model & set(range(first, last + 1)))


@given(st.lists(st.integers(0, 200), max_size=60), st.lists(st.integers(0, 200), min_size=1, max_size=40))
@settings(deadline=None)
def test_a_receipt_names_the_whole_batch(held: list[int], batch: list[int]) -> None:
    ledger = RangeSet((seq, seq) for seq in [*held, *batch])
    keys = reduce_keys(
        np.ones(len(batch), dtype=np.int32), np.zeros(len(batch), dtype=np.int64), np.array(batch)
    )
    chosen = receipt_ranges(ledger, keys.run_first.tolist())
    assert all(seq in RangeSet(chosen) for seq in batch)
    assert list(chosen) == sorted(set(chosen) & set(ledger))
    assert len(chosen) <= max(RECEIPT_RANGES, len(set(batch)))
    assert len(chosen) >= min(RECEIPT_RANGES, len(ledger))


@given(RANGES)
@settings(deadline=None)
def test_postgres_text_reads_back(added: list[tuple[int, int]]) -> None:
    listed = list(RangeSet(added))
    text = "{" + ",".join(f"[{a},{b + 1})" for a, b in listed) + "}"
    assert parse_multirange(text) == listed


ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(-2, 2), st.integers(0, 20)), min_size=1, max_size=60)


@given(ROWS, st.sets(st.tuples(st.integers(1, 3), st.integers(-2, 2), st.integers(0, 20)), max_size=60))
@settings(deadline=None)
def test_the_ledger_lets_through_what_a_set_would(
    rows: list[tuple[int, int, int]], held: set[tuple[int, int, int]]
) -> None:
    device, boot, seq = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    keys = reduce_keys(device.astype(np.int32), boot, seq)
    overlaps = []
    for key in range(len(keys.device_id)):
        mine = RangeSet((s, s) for d, b, s in held if (d, b) == (keys.device_id[key], keys.boot[key]))
        of_key = np.flatnonzero(keys.run_key == key)
        found = [r for run in of_key for r in mine.overlap(int(keys.run_first[run]), int(keys.run_last[run]))]
        overlaps.append((key, found))
    new = keys.order[rows_not_stored(keys, overlaps)]
    assert {rows[i] for i in new} == set(rows) - held
    assert len(new) == len(set(rows) - held)
    assert all(rows.index(rows[i]) == i for i in new)


class Piece:
    def __init__(self, messages: int, size: int, at: float) -> None:
        self.messages, self.payload_bytes, self.arrived_s = messages, size, at

    def __len__(self) -> int:
        return self.messages


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 500)), max_size=40),
    st.integers(1, 100),
    st.integers(1, 1000),
)
@settings(deadline=None)
def test_the_batcher_conserves_and_keeps_order(
    sizes: list[tuple[int, int]], messages: int, payload_bytes: int
) -> None:
    gatherer: Gatherer[Any] = Gatherer(Limits(messages, payload_bytes, 0.2))
    pieces = [Piece(n, size, float(i)) for i, (n, size) in enumerate(sizes)]
    taken: list[Piece] = []
    for piece in pieces:
        gatherer.add(piece)
        while gatherer.full():
            part = gatherer.take()
            assert sum(map(len, part[:-1])) < messages
            assert sum(p.payload_bytes for p in part[:-1]) < payload_bytes
            taken += part
    while gatherer.messages:
        taken += gatherer.take()
    assert taken == pieces
    assert (gatherer.messages, gatherer.payload_bytes, gatherer.due_at()) == (0, 0, None)


@given(st.lists(st.tuples(st.floats(-30, 60), st.booleans(), st.booleans()), min_size=1, max_size=30))
@settings(deadline=None)
def test_copy_rows_have_the_length_that_their_nulls_say(cells: list[tuple[float, bool, bool]]) -> None:
    kind = discover()["frog"]
    payloads = []
    for seq, (value, wall, battery) in enumerate(cells):
        fields = {"temperature_c": min(value, 59.0), "humidity_pct": 50.0}
        fields |= {"wall_temperature_c": 1.0} if wall else {}
        fields |= {"battery_v": 3.0} if battery else {}
        payloads.append(reading(seq, fields))
    (readings,) = decoder().decode([reading_topic("frog-0")] * len(cells), payloads, NOW_US).readings
    data = CopyLayout(kind).encode(readings, NOW_US)
    assert data.startswith(HEADER)
    assert data.endswith(TRAILER)
    given_values = int((~np.isnan(readings.values)).sum())
    row_bytes = 2 + 4 * (len(kind.fields) + 6) + 8 + 4 + 8 + 8 + 2 + 8
    assert len(data) == len(HEADER) + len(TRAILER) + len(readings) * row_bytes + 4 * given_values


@given(st.sampled_from([(k, f.name) for k, kind in discover().items() for f in kind.fields]), st.data())
def test_a_stored_value_is_what_was_sent_by_rounding_to_the_resolution(
    named: tuple[str, str], data: st.DataObject
) -> None:
    field = discover()[named[0]].by_name[named[1]]
    steps = data.draw(
        st.integers(math.ceil(field.minimum / field.resolution), math.floor(field.maximum / field.resolution))
    )
    sent = round(steps * field.resolution, field.decimals)
    assert field.step is not None
    (stored,) = on_binary_steps(np.array([sent]), field).tolist()
    assert stored / field.step == math.floor(stored / field.step)
    if field.storage == "real":
        stored = float(np.float32(stored))
    assert round(stored, field.decimals) == sent
    assert field.resolution / 2 < field.step <= field.resolution


@given(st.sampled_from([f for kind in discover().values() for f in kind.fields]), st.data())
def test_a_value_with_finer_digits_than_declared_is_stored_as_it_was_sent(
    field: Field, data: st.DataObject
) -> None:
    if field.storage == "smallint":
        return  # codes: others are refused
    whole = data.draw(
        st.integers(math.ceil(field.minimum / field.resolution), math.floor(field.maximum / field.resolution))
    )
    part = data.draw(st.sampled_from([0.25, 0.5, 0.75]) | st.floats(0.001, 0.999))
    sent = (whole + part) * field.resolution
    (stored,) = on_binary_steps(np.array([sent]), field).tolist()
    if field.storage == "real":
        stored = float(np.float32(stored))
    assert stored == pytest.approx(sent, rel=3e-7, abs=1e-30)
    assert stored / field.step != math.floor(stored / field.step)


@pytest.mark.parametrize(("resolution", "sent"), [(0.05, 20.35), (0.2, 1.2), (0.25, 0.25), (5.0, 25.0)])
def test_a_resolution_that_is_no_power_of_ten_is_stored_as_sent(resolution: float, sent: float) -> None:
    frog = discover()["frog"].by_name["temperature_c"]
    field = replace(frog, resolution=resolution)
    assert field.step is None
    assert on_binary_steps(np.array([sent]), field).tolist() == [sent]
