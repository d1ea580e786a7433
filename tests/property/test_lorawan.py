"""Whatever the bytes: a value or an error of ours, and numbers that come out of any order as they went in."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contract.kind import discover
from ingest.bridge.receiving import arrival
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import Decoded, DecodeError
from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import EnvelopeError
from ingest.core.lorawan.field_map import MapError, read_map
from ingest.core.lorawan.native.catalogue import NATIVE, decode
from tests.fakes import lorawan as fake
from tests.unit.test_lorawan_numbering import Book, uplink

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
HEADS = st.sampled_from(
    [
        b"",
        b"\x01\x75",
        b"\x03\x67",
        b"\x04\x82",
        b"\xb4\x82",
        b"\x20\xce",
        b"\x80\x00\x01\x01",
        b"\x02\x00\x01\x00",
    ]
)


@pytest.mark.parametrize("name", sorted(NATIVE))
@given(head=HEADS, rest=st.binary(max_size=60), port=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_value_or_a_decode_error(name: str, head: bytes, rest: bytes, port: int) -> None:
    for at in (port, NATIVE[name].ports[0]):
        try:
            found = decode(name, head + rest, at, {})
        except DecodeError:
            continue
        for sample in found.samples:
            assert all(math.isfinite(value) for value in sample.fields.values())
            assert sample.fields


@given(
    body=st.binary(max_size=80) | JSON.map(lambda v: json.dumps(v).encode()),
    name=st.sampled_from(["", "up", "status", "ack"]),
)
@settings(max_examples=200, deadline=None)
def test_any_event_is_kept(body: bytes, name: str) -> None:
    for protocol in ("ttn_v3", "chirpstack_v4"):
        kept = arrival(1, protocol, name, body)
        assert kept.body == body
        assert kept.key


@given(
    where=st.sampled_from(["uplink_message", "end_device_ids", "received_at", "simulated"]),
    inner=st.sampled_from(
        [
            "f_cnt",
            "f_port",
            "frm_payload",
            "rx_metadata",
            "settings",
            "received_at",
            "dev_eui",
            "session_key_id",
        ]
    ),
    value=JSON,
)
@settings(max_examples=200, deadline=None)
def test_an_event_with_anything_in_a_field_is_an_event_or_an_envelope_error(
    where: str, inner: str, value: Any
) -> None:
    event = json.loads(fake.ttn_up())
    if isinstance(event.get(where, None), dict):
        event[where][inner] = value
    else:
        event[where] = value
    try:
        parse("ttn_v3", "", json.dumps(event).encode())
    except EnvelopeError as e:
        assert str(e)  # noqa: PT017


@given(
    spec=JSON
    | st.fixed_dictionaries(
        {"fields": st.dictionaries(st.sampled_from(["distance_mm", "fill_pct", "x"]), JSON, max_size=3)}
    )
)
@settings(max_examples=200, deadline=None)
def test_any_map_is_one_or_a_map_error(spec: Any) -> None:
    try:
        found = read_map(spec, discover()["bin"])
    except MapError:
        return
    assert found.rules


@given(
    decoded=st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON, max_size=3),
    unit=st.sampled_from(["mm", "cm", "in"]),
    scale=st.floats(-1e6, 1e6),
    each=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_any_value_through_a_map_is_a_finite_number_or_a_decode_error(
    decoded: Any, unit: str, scale: float, each: bool
) -> None:
    spec = {
        "fields": {
            "distance_mm": {"from": "a", "unit": unit, "scale": scale, "sentinel": [0]},
            "fill_pct": "b.0.value",
        }
    }
    if each:
        spec |= {"each": "c", "at": "a"}  # type: ignore[dict-item]
    try:
        found: Decoded = apply_map(read_map(spec, discover()["bin"]), decoded)
    except DecodeError:
        return
    for sample in found.samples:
        assert all(math.isfinite(value) for value in sample.fields.values())


@given(
    runs=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=4),
    lost=st.sets(st.integers(0, 20)),
    late=st.lists(st.integers(0, 20), max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_frames_have_different_numbers_and_the_same_again_when_they_come_late(
    runs: list[list[int]], lost: set[int], late: list[int]
) -> None:
    """Every run begins again at 0 in the same session, as after a reset: numbers stay apart, and are found again."""
    ups, minutes = [], 0.0
    for steps in runs:
        counter = 0
        for step in steps:
            minutes += 10
            ups.append(uplink(counter, minutes))
            counter += step
    heard = [up for place, up in enumerate(ups) if place not in lost or place == 0]
    book = Book()
    numbers = [book.take(up) for up in heard]
    assert len(set(numbers)) == len(numbers)
    for place in late:
        if place < len(heard):
            at = heard[place].at
            assert at is not None
            assert book.take(heard[place]) == numbers[place]
    assert all(at >= timedelta(0) for at in (run.last_at - run.first_at for run in book.runs))


@st.composite
def _resets_and_delays(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Frames (counter, minute) of a device that is reset now and then, the order in which they come, and which come twice."""
    frames, f_cnt, minute = [], draw(st.integers(0, 3)), 0
    for _ in range(draw(st.integers(2, 14))):
        minute += draw(st.integers(2, 6))
        f_cnt = (
            draw(st.integers(0, 3))
            if draw(st.booleans()) and draw(st.booleans())
            else f_cnt + draw(st.integers(1, 3))
        )
        frames.append((f_cnt, minute))
    order = draw(st.permutations(range(len(frames))))
    twice = draw(st.lists(st.integers(0, len(frames) - 1), max_size=4))
    return frames, list(order), twice


@given(_resets_and_delays())
@settings(max_examples=300, deadline=None)
def test_no_two_frames_have_one_number_however_a_device_is_reset_and_its_frames_are_delayed(
    drawn: tuple[list[tuple[int, int]], list[int], list[int]],
) -> None:
    frames, order, twice = drawn
    book = Book()
    numbers = {n: book.take(uplink(frames[n][0], frames[n][1])) for n in order}
    assert len(set(numbers.values())) == len(frames), numbers
    for n in twice:
        assert book.take(uplink(frames[n][0], frames[n][1] + 0.01)) == numbers[n], (n, numbers)
