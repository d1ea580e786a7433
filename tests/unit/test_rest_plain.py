"""What is written without models reads as what models write."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ops_api.rest.plain import answer, objects
from ops_api.routers.schemas import LatestReading

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
VALUES = st.none() | st.floats() | st.integers(-(2**31), 2**31) | st.text(max_size=20) | st.booleans()


@given(st.lists(st.tuples(st.text(max_size=9), TIMES, st.integers(0, 7), VALUES), max_size=5))
def test_values_are_written_as_models_write_them(rows: list[tuple[Any, ...]]) -> None:
    columns = ("device", "ts", "quality", "x")
    models = [LatestReading(**dict(zip(columns, row, strict=True))) for row in rows]
    expected = json.loads(TypeAdapter(list[LatestReading]).dump_json(models))
    found = json.loads(bytes(answer(objects(columns, rows)).body))
    for one, other in zip(found, expected, strict=True):
        assert datetime.fromisoformat(one.pop("ts")) == datetime.fromisoformat(other.pop("ts"))
        assert one == other or (math.isclose(one.pop("x"), other.pop("x"), rel_tol=1e-15) and one == other)


def test_names_are_chosen_in_their_order_and_the_last_of_two_counts() -> None:
    columns, rows = ("a", "b", "a", "c"), [(1, 2, 3, 0.0)]
    assert answer(objects(columns, rows)).body == b'[{"a":3,"b":2,"c":0.0}]'
    assert answer(objects(columns, rows, ["c", "a"])).body == b'[{"c":0.0,"a":3}]'
    assert answer(objects(("a",), rows=[(float("nan"),), (None,)])).body == b'[{"a":null},{"a":null}]'
    assert answer(objects(columns, rows, ["b"])).body == b'[{"b":2}]'
    assert answer(objects((), [])).body == b"[]"
    with pytest.raises(KeyError):
        objects(columns, rows, ["d"])
