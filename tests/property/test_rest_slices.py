"""Pieces of a bulk export hold each reading once, however devices and spans lie; the day's limit counts as it says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ops_api.rest.core.day_limit import DayLimit
from ops_api.rest.core.slices import DEVICES_MOST, ROWS, WIDTH_MOST, Source, slices

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = st.floats(-400, 400).map(lambda days: T0 + timedelta(days=days))


@given(
    st.lists(st.tuples(st.integers(1, 86_400), DAYS), max_size=20),
    DAYS,
    st.floats(0.001, 800),
)
def test_each_reading_is_in_one_piece(
    devices: list[tuple[int, datetime]], since: datetime, days: float
) -> None:
    until = since + timedelta(days=days)
    sources = [Source(n, f"road-{n}", cadence, at) for n, (cadence, at) in enumerate(devices)]
    found = list(slices(sources, since, until))
    for source in sources:
        own = [(p.since, p.until) for p in found if source in p.sources]
        # Also what is of before the day that the registry says now: it may have been corrected.
        assert (own[0][0], own[-1][1]) == (since, until)
        assert all(a[1] == b[0] for a, b in pairwise(own))
    for piece in found:
        installed = min(s.installed_at for s in piece.sources) - timedelta(days=1)
        assert piece.since < piece.until
        assert piece.until - max(piece.since, installed) <= WIDTH_MOST
        expected = [
            max(0.0, (piece.until - max(piece.since, s.installed_at - timedelta(days=1))).total_seconds())
            // s.cadence_s
            for s in piece.sources
        ]
        assert sum(expected) <= ROWS or len(piece.sources) == 1
    order = [s.device_id for p in found for s in p.sources]
    assert len(found) > 1 or order == sorted(order)


def test_many_devices_with_few_readings_share_pieces() -> None:
    sources = [Source(n, f"road-{n}", 600, T0) for n in range(10_000)]
    assert len(list(slices(sources, T0, T0 + timedelta(hours=2)))) == 10_000 // DEVICES_MOST
    found = list(slices(sources, T0 - timedelta(days=9000), T0 + timedelta(hours=2)))
    assert len(found) == 79, "156 readings of each since the day before it was installed"
    assert [s.device_id for p in found for s in p.sources] == list(range(10_000))


def test_the_day_s_limit_is_of_each_and_begins_anew() -> None:
    limit, today = DayLimit(), date(2026, 1, 1)
    assert [limit.take("a", 2, today) for _ in range(3)] == [True, True, False]
    assert limit.take("b", 2, today)
    assert limit.take("a", 2, date(2026, 1, 2))
    assert not limit.take("c", 0, today)
