"""A Parquet file in pieces: every line is in it, and its row groups grow with it."""

from __future__ import annotations

import io

import pyarrow
import pytest
from pyarrow import parquet as reading

from devices.contract.kind import discover
from ops_api.rest import parquet
from ops_api.rest.export_query import columns


async def test_groups_grow_and_no_line_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1000)
    monkeypatch.setattr(parquet, "GROUP_MOST", 3000)
    monkeypatch.setattr(parquet, "GROWS", 4)
    kind = discover()["bin"]
    file, pieces = parquet.ParquetPieces(kind, columns(kind)), [parquet.MAGIC]
    empty = "," * (len(kind.fields) - 1)
    for n in range(1000):
        line = f"bin-{n % 7},2026-01-09T05:{n // 60:02}:{n % 60:02}Z,0,{n}.5{empty}\n"
        pieces.append(await file.add([line.encode()]))
    pieces.append(await file.end())
    found = reading.ParquetFile(io.BytesIO(b"".join(pieces)))
    sizes = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert found.read().column(kind.fields[0].name).to_pylist() == [n + 0.5 for n in range(1000)]
    assert sizes[0] * 1.8 < sizes[5] < sizes[9]
    assert max(sizes) < 3.2 * sizes[0]
    assert pyarrow.default_memory_pool().backend_name == "system"
