"""A Parquet file of our own making: another library reads every value that went in."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as reading

from devices.contract.kind import discover
from ops_api.rest import parquet
from ops_api.rest.core.parquet_file import MAGIC, Named, ParquetFile, Type
from ops_api.rest.core.parquet_pages import Column
from ops_api.rest.core.thrift import I64, Byte, begun
from ops_api.rest.core.thrift import struct as written
from ops_api.rest.export_query import NO_CODE

numbers = st.none() | st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.25])
codes = st.none() | st.integers(-(2**15), 2**15 - 1)
rows = st.lists(
    st.tuples(st.sampled_from("äb"), st.integers(-(2**50), 2**50), numbers, codes), min_size=1, max_size=70
)


def column(values: list[Any], dtype: str) -> Column:
    there = np.array([v is not None for v in values])
    return Column(np.array([v for v in values if v is not None], dtype), there)


def group(file: ParquetFile, found: list[Any]) -> bytes:
    words = sorted({r[0] for r in found})
    names = Column(
        np.array([words.index(r[0]) for r in found], "<i4"), words=tuple(w.encode() for w in words)
    )
    return file.group(
        [
            names,
            Column(np.array([r[1] for r in found], "<i8")),
            column([r[2] for r in found], "<f8"),
            column([r[3] for r in found], "<i4"),
        ]
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, max_size=3))
def test_another_library_reads_what_was_written(groups: list[Any]) -> None:
    file = ParquetFile(
        [Named("w", Type.TEXT, optional=False), Named("t", Type.MOMENT, optional=False), Named("n", Type.NUMBER), Named("c", Type.SMALL)]
    )  # fmt: skip
    data = b"".join([MAGIC, *(group(file, g) for g in groups), *file.end()])
    found = reading.ParquetFile(io.BytesIO(data))
    table = found.read()
    table.validate(full=True)
    assert [str(f.type) for f in table.schema] == ["string", "timestamp[us, tz=UTC]", "double", "int16"]
    told = [tuple(r.values()) for r in table.set_column(1, "t", table["t"].cast("int64")).to_pylist()]
    assert told == [r for g in groups for r in g]
    for n, g in enumerate(groups):
        said, there = found.metadata.row_group(n), [r[2] for r in g if r[2] is not None]
        assert said.num_rows == len(g)
        assert said.column(2).statistics.null_count == len(g) - len(there)
        if there:
            assert (said.column(2).statistics.min, said.column(2).statistics.max) == (min(there), max(there))


def test_values_that_come_again_are_written_once() -> None:
    file = ParquetFile([Named("n", Type.NUMBER, optional=False)])
    few = np.tile(np.arange(16.0), 4096)
    data = file.group([Column(few)])
    assert len(data) < len(few) / 2  # four bits each, and packed
    assert len(file.group([Column(np.random.default_rng(1).random(65_536))])) > 6 * 65_536


def test_columns_of_different_lengths_are_refused() -> None:
    file = ParquetFile([Named("n", Type.NUMBER), Named("m", Type.NUMBER)])
    with pytest.raises(ValueError, match=r"columns: 2 of \[1, 2\] rows"):
        file.group([Column(np.zeros(1)), Column(np.zeros(2))])


def test_structures_are_as_thrift_s_compact_protocol_has_them() -> None:
    # A field's byte: step to its number in the high half, type in the low; numbers in zigzag.
    assert written({1: 1, 2: I64(-1), 20: True}) == bytes([0x15, 2, 0x16, 1, 0x01, 40, 0])
    assert written({3: Byte(16), 4: b"ab", 5: [1, 2], 6: {1: False}}) == bytes(
        [0x33, 16, 0x18, 2, 97, 98, 0x19, 0x25, 2, 4, 0x1C, 0x12, 0, 0]
    )
    many = written({1: [I64(300)] * 20})
    assert many[:5] == bytes([0x19, 0xF6, 20, 0xD8, 0x04])
    one: dict[int, object] = {1: [{1: 7}] * 20, 2: b"a"}
    assert begun({}, 1, 20) + written({1: 7}) * 20 + written({2: b"a"}, 1) == written(one)
    with pytest.raises(TypeError, match=r"1\.5 has no place"):
        written({1: 1.5})


def lot(first: bool, *columns: tuple[str, list[Any]]) -> bytes:
    head = b"PGCOPY\n\xff\r\n\0" + bytes(8) if first else b""
    values = [struct.pack(f">{len(v)}{code}", *v) for code, v in columns]
    return head + struct.pack(">h", len(values)) + b"".join(struct.pack(">i", len(v)) + v for v in values)


async def test_lots_of_the_database_become_groups_and_no_reading_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    kind = discover()["road"]
    file = parquet.ParquetPieces(kind)
    pieces, first = [file.begin()], datetime(2026, 1, 9, tzinfo=UTC)
    since_2000 = (first - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for n in range(12):
        fields: list[tuple[str, list[Any]]] = [
            ("i", [NO_CODE, 3]) if f.storage == "smallint" else ("d", [0.0, float("nan")])
            for f in kind.fields
        ]
        ranks = ("i", [1, 2] * 10)
        times = ("q", [since_2000 + 1_000_000 * n] * 20)
        tens = [(code, v * 10) for code, v in fields]
        names = [f"road-{n}", "road-x"]
        pieces.append(await file.add([lot(n == 0, ranks, times, ("i", [0] * 20), *tens)], names))
        pieces.append(await file.add([struct.pack(">h", -1)], names))  # a COPY's end
    pieces += await file.end()
    found = reading.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)] == [100, 100, 40]
    table = found.read()
    assert table["device"].to_pylist() == [name for n in range(12) for name in (f"road-{n}", "road-x") * 10]
    assert table["ts"].to_pylist()[::20] == [first + timedelta(seconds=n) for n in range(12)]
    for f in kind.fields:
        wanted = [None, 3] if f.storage == "smallint" else [0.0, None]
        assert table[f.name].to_pylist() == wanted * 120, f.name
