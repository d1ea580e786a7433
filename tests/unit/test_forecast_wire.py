"""Tables of whole numbers as PostgreSQL has them on the wire."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from rules.forecast_wire import COPY_BEGINS, COPY_ENDS, bigint, copy_row, from_array_send, real, to_array_send


def test_tables_come_back_as_they_went() -> None:
    whole = np.arange(-30, 30, dtype=np.int16).reshape(5, 3, 4)
    sent = to_array_send(whole)
    np.testing.assert_array_equal(from_array_send(sent), whole)
    assert len(sent[0]) == 28 + 12 * 6
    assert from_array_send([]).size == 0


def test_tables_of_another_shape_are_refused() -> None:
    small, large = (to_array_send(np.zeros((1, 2, n), dtype=np.int16)) for n in (2, 3))
    with pytest.raises(ValueError, match="different shapes"):
        from_array_send([*small, *large])


def test_rows_of_a_copy() -> None:
    row = copy_row((bigint(7), b"s1", None, real(0.5)))
    assert row == struct.pack(">hiqi2sii", 4, 8, 7, 2, b"s1", -1, 4) + struct.pack(">f", 0.5)
    assert COPY_BEGINS.startswith(b"PGCOPY\n")
    assert COPY_ENDS == b"\xff\xff"
