"""Ids of observations hold a datastream and a quarter of a second, and a browser can hold them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_api.sensorthings.core import ids

MOMENTS = st.integers(0, 68 * 365 * 86_400_000_000).map(lambda us: ids.BEGIN + timedelta(microseconds=us))
STREAMS = st.integers(0, ids.DATASTREAMS - 1)


@given(stream=STREAMS, at=MOMENTS)
def test_an_id_leads_back_to_its_quarter_second(stream: int, at: datetime) -> None:
    number = ids.observation_id(stream, at)
    assert number < 2**53
    assert float(number) == number
    found = ids.parts(number)
    assert found is not None
    which, since, until = found
    assert which == stream
    assert since <= at < until
    assert until - since == timedelta(milliseconds=250)


@given(a=st.tuples(STREAMS, MOMENTS), b=st.tuples(STREAMS, MOMENTS))
def test_ids_are_in_order_of_datastream_and_then_time(
    a: tuple[int, datetime], b: tuple[int, datetime]
) -> None:
    first, second = sorted([a, b])
    assert ids.observation_id(*first) <= ids.observation_id(*second)
    if first[0] != second[0] or second[1] - first[1] >= ids.TICK:
        assert ids.observation_id(*first) < ids.observation_id(*second)


@pytest.mark.parametrize("number", [-1, 2**53, 10**30])
def test_a_number_that_is_no_id_leads_nowhere(number: int) -> None:
    assert ids.parts(number) is None


@pytest.mark.parametrize(
    ("stream", "at"),
    [
        (-1, datetime(2026, 1, 1, tzinfo=UTC)),
        (ids.DATASTREAMS, datetime(2026, 1, 1, tzinfo=UTC)),
        (1, datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (1, datetime(2069, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_an_id_cannot_say_is_refused(stream: int, at: datetime) -> None:
    with pytest.raises(ValueError, match="outside"):
        ids.observation_id(stream, at)
