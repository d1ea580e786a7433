"""How wide chunks are for how many devices."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.contract.kind import discover
from ingest.core.chunk_width import DEFAULT_WIDTH, MEMORY_SHARE, WIDTHS, bytes_per_reading, chunk_widths
from ops_api.cli_db import width

KINDS = discover()
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GB = 2.0**30


def daily(devices: int, cadence_s: int = 300) -> float:
    return devices * 86_400 / cadence_s


def test_a_town_has_wide_chunks_a_country_narrow_ones() -> None:
    kinds = list(KINDS.values())
    assert chunk_widths(kinds, {"frog": daily(300)}, 4 * GB)["frog"] == 30 * DAY
    assert chunk_widths(kinds, {"frog": daily(10_000)}, 4 * GB)["frog"] == 2 * DAY
    assert chunk_widths(kinds, {"frog": daily(100_000)}, 4 * GB)["frog"] == 4 * HOUR
    assert chunk_widths(kinds, {"frog": daily(28_000_000)}, 4 * GB)["frog"] == HOUR
    assert chunk_widths(kinds, {"frog": daily(100_000)}, 64 * GB)["frog"] == 3 * DAY


def test_without_devices_the_default() -> None:
    assert set(chunk_widths(KINDS.values(), {}, 4 * GB).values()) == {DEFAULT_WIDTH}


def test_what_a_small_kind_does_not_need_is_the_large_ones() -> None:
    alone = chunk_widths(KINDS.values(), {"frog": daily(50_000)}, 4 * GB)
    beside = chunk_widths(KINDS.values(), {"frog": daily(50_000), "bin": daily(100, 1800)}, 4 * GB)
    assert beside["frog"] == alone["frog"]
    assert beside["bin"] == 30 * DAY


@given(
    st.dictionaries(st.sampled_from(sorted(KINDS)), st.floats(0, 1e11)),
    st.floats(2.0**27, 2.0**42),
)
def test_newest_chunks_fit_the_share_of_memory(rates: dict[str, float], memory: float) -> None:
    widths = chunk_widths(KINDS.values(), rates, memory)
    assert set(widths) == set(KINDS)
    assert set(widths.values()) <= set(WIDTHS)
    wider = sum(
        bytes_per_reading(KINDS[name]) * rate * (widths[name] / DAY)
        for name, rate in rates.items()
        if widths[name] > WIDTHS[0]
    )
    assert wider <= MEMORY_SHARE * memory * 1.0001


def test_a_width_in_words() -> None:
    assert [width(w) for w in (HOUR, 12 * HOUR, DAY, 10 * DAY, 36 * HOUR)] == [
        "1 hour",
        "12 hours",
        "1 day",
        "10 days",
        "36 hours",
    ]
