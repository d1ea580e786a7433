"""What is written as SenML is read as it was; whatever comes, reading gives records or a refusal."""

from __future__ import annotations

from typing import Any

import cbor2
from hypothesis import given
from hypothesis import strategies as st

from devices.contract.senml.cbor import read_cbor, write_cbor
from devices.contract.senml.json import read_json, write_json
from devices.contract.senml.labels import CBOR_LABELS, SenmlError
from devices.contract.senml.pack import pack
from devices.contract.senml.resolve import Record, resolve

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RECORDS = st.builds(
    Record,
    name=st.from_regex(r"\A(urn:dev:[a-z]{1,3}:)?[A-Za-z0-9][A-Za-z0-9\-:./_]{0,8}\Z"),
    time_s=st.floats(min_value=2**28, max_value=4e9),
    unit=st.sampled_from(["", "Cel", "%RH", "lon", "V"]),
    value=st.one_of(
        NUMBERS, st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.binary(max_size=20)
    ),
    sum=st.one_of(st.none(), NUMBERS),
    update_s=st.one_of(st.none(), st.floats(min_value=0, max_value=1e6)),
)


@given(st.lists(RECORDS, max_size=12), NUMBERS)
def test_both_ways(records: list[Record], now_s: float) -> None:
    wanted = tuple(sorted(records, key=lambda r: r.time_s))
    if not wanted:
        return
    assert resolve(read_json(write_json(pack(wanted))), now_s) == wanted
    assert resolve(read_cbor(write_cbor(pack(wanted))), now_s) == wanted


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda x: st.lists(x, max_size=3),
)
LABELS = st.sampled_from([*CBOR_LABELS, "x", "x_", ""]) | st.integers(-8, 11)


@given(
    st.binary(max_size=60) | st.lists(st.dictionaries(LABELS, ANY, max_size=5), max_size=4).map(cbor2.dumps)
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    readers: tuple[Any, ...] = (read_cbor, read_json)
    for read in readers:
        try:
            found = resolve(read(body), 1.5e9)
        except SenmlError:
            continue
        assert all(isinstance(record.time_s, float) and record.name for record in found)
